"""From a name to its addresses by the system's own resolver, which has no time limit that a caller could set.

A lookup is given up at a deadline, but its thread cannot be: it waits until the system tires (10 to 30 seconds for a
name server that is silent). So there are many threads, they are started as they are needed, and none of them
keeps the process from ending. Nothing is remembered: every connection asks anew, and is judged by that answer.
"""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any

from integrations.egress.errors import LookupFailed, NotResolved

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
GetAddrInfo = Callable[..., Sequence[tuple[Any, ...]]]

LOOKUP_SECONDS = 5.0
# Forty sites at a time that are all silent keep about 160 threads waiting; an idle one costs some 20 kB.
_MAX_THREADS = 256
# The name server's trouble, not the name's: it may know the name the next time.
_PASSING = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL})

_Answer = asyncio.Future[list[str]]


class Lookups:
    """Threads that look names up, so that the slow ones do not hold up the others."""

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo, max_threads: int = _MAX_THREADS) -> None:
        self._getaddrinfo = getaddrinfo
        self._max_threads = max_threads
        self._asked: queue.SimpleQueue[tuple[str, int, _Answer]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._open = 0  # lookups that are waiting or under way, abandoned ones too

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host`, without repeats; an address is its own. Raises `NotResolved`."""
        with contextlib.suppress(ValueError):
            return [str(ip_address(host))]
        answer: _Answer = asyncio.get_running_loop().create_future()
        with self._lock:
            self._open += 1
            needs_thread = self._threads < min(self._open, self._max_threads)
            self._threads += needs_thread
        self._asked.put((host, port, answer))
        if needs_thread:
            threading.Thread(target=self._serve, name="lookup", daemon=True).start()
        return await answer

    def _serve(self) -> None:
        while True:
            host, port, answer = self._asked.get()
            if not answer.cancelled():
                self._look_up(host, port, answer)
            with self._lock:
                self._open -= 1

    def _look_up(self, host: str, port: int, answer: _Answer) -> None:
        try:
            found = self._getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            _tell(answer, _explained(host, error))
        else:
            _tell(answer, list(dict.fromkeys(str(one[4][0]) for one in found)))


_lookups = Lookups()


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` by the system's resolver, without repeats. Raises `NotResolved`.

    Takes as long as the system likes: `looked_up` sets the deadline, for this and for any other resolver.
    """
    return await _lookups.addresses(host, port)


async def looked_up(resolver: Resolver, host: str, port: int, seconds: float = LOOKUP_SECONDS) -> list[str]:
    """Return what `resolver` answers within `seconds`, at least one address. Raises `NotResolved`."""
    try:
        async with asyncio.timeout(seconds):
            addresses = list(await resolver(host, port))
    except TimeoutError as error:
        raise LookupFailed(f"The name server for {host} did not answer in time.") from error
    if not addresses:
        raise NotResolved(f"The name {host} does not exist.")
    return addresses


def _explained(host: str, error: Exception) -> NotResolved:
    if isinstance(error, socket.gaierror) and error.errno in _PASSING:
        failed: NotResolved = LookupFailed(f"The name server for {host} did not answer.")
    else:
        failed = NotResolved(f"The name {host} does not exist.")
    failed.__cause__ = error
    return failed


def _tell(answer: _Answer, outcome: list[str] | NotResolved) -> None:
    """Hand `outcome` to the loop that waits for it, if it still runs and still waits."""

    def settle() -> None:
        if answer.done():
            return
        if isinstance(outcome, NotResolved):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits any more
        answer.get_loop().call_soon_threadsafe(settle)
