"""Whose turn it is at a host, and which hosts are dead: what all readers must agree on to be polite.

One turn is one reader's right to send requests to one host, one at a time. Readers of other processes, machines and
workspaces see the same turns where the store is shared (`enrichment.stored_hosts`); `MemoryHosts` serves one process.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from integrations.lexicon.domains import host_of, registrable_domain

# After the first failure a host is left alone for this long, then twice as long, at most a day. The first pause is
# short because the fault may have been on our side of the wire.
FAILED_FOR_SECONDS = 900
MOST_FAILED_SECONDS = 86_400
# A turn outlives any one request (the deadline plus a crawl delay) and is held on to at each. The turn of a reader that
# died is waited for so long.
TURN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a host is left alone, and until when (`time.time()` seconds)."""

    reason: str
    failed_at: float
    until: float

    @property
    def is_over(self) -> bool:
        return self.until <= time.time()


class Hosts(Protocol):
    """Turns and failures by host (`turn_of`). Times are `time.time()` seconds; a turn should last `turn_seconds`."""

    turn_seconds: float

    async def take(self, host: str, holder: str, seconds: float) -> float | None:
        """Take the turn at `host` for so long, or hold on to it; None while another reader has it.

        Returns when the next request may go: a crawl delay outlives the turn in which it was asked for.
        """

    async def give_back(self, host: str, holder: str, free_at: float) -> None:
        """End the turn; nobody asks the host anything before `free_at`. Does nothing where the turn was lost."""

    async def failure(self, host: str) -> Failure | None:
        """Return how `host` failed when it was last asked, also where that is over; None where it answered."""

    async def failed(self, host: str, reason: str) -> None:
        """Leave `host` alone for a while."""

    async def answered(self, host: str) -> None:
        """Forget that `host` ever failed."""


def turn_of(url: str) -> str:
    """Return the host by which turns are counted: the registrable domain, so that www is no second door."""
    host = host_of(url)
    return registrable_domain(host)[:253]


def pause_after(failures: int) -> float:
    """Return the seconds to leave a host alone after its failure number `failures`."""
    return float(min(FAILED_FOR_SECONDS * 2 ** min(failures - 1, 10), MOST_FAILED_SECONDS))


@dataclass(slots=True)
class _Host:
    holder: str = ""
    held_until: float = 0.0
    free_at: float = 0.0
    failures: int = 0
    failure: Failure | None = None


class MemoryHosts:
    """Turns of one process."""

    turn_seconds = TURN_SECONDS

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    async def take(self, host: str, holder: str, seconds: float) -> float | None:
        known = self._hosts.setdefault(host, _Host())
        if known.holder not in ("", holder) and known.held_until > time.time():
            return None
        known.holder, known.held_until = holder, time.time() + seconds
        return known.free_at

    async def give_back(self, host: str, holder: str, free_at: float) -> None:
        known = self._hosts.get(host)
        if known is None or known.holder != holder:
            return
        if known.failure is None and free_at <= time.time():
            del self._hosts[host]  # nothing to remember: a reader of many sites must not grow
        else:
            known.holder, known.free_at = "", free_at

    async def failure(self, host: str) -> Failure | None:
        known = self._hosts.get(host)
        return known.failure if known else None

    async def failed(self, host: str, reason: str) -> None:
        known = self._hosts.setdefault(host, _Host())
        known.failures += 1
        known.failure = Failure(reason, time.time(), time.time() + pause_after(known.failures))

    async def answered(self, host: str) -> None:
        if host in self._hosts:
            self._hosts[host].failures, self._hosts[host].failure = 0, None
