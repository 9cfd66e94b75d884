"""Serves the sandbox on loopback, as a process of its own or in a thread of another one."""

import ipaddress
import socket
import threading
from types import TracebackType

import uvicorn

from integrations.sandbox.hosts import Sandbox

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765
_START_SECONDS = 10.0

app = Sandbox()


class NotLoopback(ValueError):
    """The sandbox was asked to listen where other machines could reach it."""


class SandboxServer:
    """The sandbox in a thread: `with SandboxServer(port=0) as sandbox: sandbox.base_url`.

    With port 0 the system chooses a free one. Each server has a state of its own, so that flaky hosts fail anew.
    Raises `NotLoopback` for an address that is not loopback and `OSError` where the port is taken.
    """

    def __init__(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, slowness: float = 1.0) -> None:
        self._slowness = slowness
        self.host = require_loopback(host)
        self._wanted_port = port
        self._socket: socket.socket | None = None
        self._server: _Announcing | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port in use; 0 or the wanted one before the start."""
        return int(self._socket.getsockname()[1]) if self._socket else self._wanted_port

    @property
    def base_url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def start(self) -> None:
        """Listen, and return when the first request would be answered."""
        self._socket = _listen(self.host, self._wanted_port)
        self._server = _Announcing(config(Sandbox(slowness=self._slowness)))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        if not self._server.is_up.wait(_START_SECONDS):
            self.stop()
            raise OSError(f"The sandbox did not start on {self.base_url} within {_START_SECONDS:.0f} seconds.")

    def stop(self) -> None:
        """Stop listening; requests under way are cut off after a second."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(_START_SECONDS)
        if self._socket:
            self._socket.close()
        self._socket = self._server = self._thread = None

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _Announcing(uvicorn.Server):
    """uvicorn, telling the thread that waits for it when it listens."""

    def __init__(self, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


def serve(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> None:
    """Serve until the process is told to stop. Raises `NotLoopback`, and `OSError` where the port is taken."""
    listener = _listen(require_loopback(host), port)
    uvicorn.Server(config(app)).run(sockets=[listener])


def config(application: Sandbox) -> uvicorn.Config:
    """Return how uvicorn runs the sandbox: silent, and quick to stop."""
    return uvicorn.Config(
        application, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=1
    )


def require_loopback(host: str) -> str:
    """Return `host` as a literal loopback address, or raise `NotLoopback`."""
    literal = DEFAULT_HOST if host == "localhost" else host
    try:
        if ipaddress.ip_address(literal).is_loopback:
            return literal
    except ValueError:
        pass
    raise NotLoopback(f"The sandbox listens on loopback only, for example 127.0.0.1, and not on {host!r}.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"The sandbox cannot listen on {host}:{port}: {error.strerror}.") from error
    return listener
