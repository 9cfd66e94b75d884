"""Other machines: network namespaces of Linux, each with one cable to this one that can be pulled and put back.

What they reach here are relays to services on our loopback, at the address of their own cable's end.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from tests.harness.processes import ROOT, SETUP


def are_possible() -> bool:
    """Return whether this machine lets us make network namespaces."""
    if os.geteuid() or shutil.which("ip") is None:
        return False
    name = f"magnet{os.getpid()}try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "del", name)
    return made


@dataclass
class Machine:
    """One machine; `here` is our address as it sees us. `with Machine(1, {15432: 5432}) as machine:`

    `ports` are what it may reach: a port at `here`, and the one on our loopback behind it.
    """

    number: int
    ports: dict[int, int]
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def name(self) -> str:
        return f"magnet{os.getpid() % 10_000}m{self.number}"

    @property
    def here(self) -> str:
        return f"10.213.{self.number}.1"

    def __enter__(self) -> "Machine":
        _ip("netns", "add", self.name)
        self._stack.callback(_ip, "netns", "del", self.name)
        _ip("link", "add", f"mh{self.number}", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("addr", "add", f"{self.here}/24", "dev", f"mh{self.number}")
        _ip("link", "set", f"mh{self.number}", "up")
        for change in (
            ("addr", "add", f"10.213.{self.number}.2/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", self.name, *change)
        self._stack.enter_context(Relay(self.here, self.ports))
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def start_python(self, code: str, *args: str, **environment: str) -> subprocess.Popen[str]:
        """Run `code`, with Django set up, on this machine."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, "-c", SETUP + code, *args],
            cwd=ROOT,
            env=os.environ | {"DEBUG": "true", "SECRET_KEY": "test"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pull_cable(self) -> None:
        _ip("link", "set", f"mh{self.number}", "down")

    def put_cable_back(self) -> None:
        _ip("link", "set", f"mh{self.number}", "up")


def _ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True, capture_output=True)


class Relay:
    """Passes connections to an address of ours on to services on our loopback."""

    def __init__(self, address: str, ports: dict[int, int]) -> None:
        self._address, self._ports = address, ports
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Relay":
        self._thread.start()
        for port, behind in self._ports.items():
            asyncio.run_coroutine_threadsafe(self._listen(port, behind), self._loop).result(10)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self, port: int, behind: int) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", behind)
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

        await asyncio.start_server(connected, self._address, port)

    @staticmethod
    async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    @staticmethod
    async def _end() -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
