"""How much of the network one page may use, over all the connections that it opens."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one page may use: bytes in both directions, connections in all and at a time, seconds from the start."""

    max_bytes: int = 20_000_000
    max_connections: int = 300
    max_open: int = 64
    seconds: float = 120.0


class Allowance:
    """What is left of `Bounds` to one page. `problem` is '' or the sentence that says what it used up."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.ends_at = asyncio.get_running_loop().time() + bounds.seconds
        self.bytes_used = 0
        self.connections = 0
        self.open_now = 0
        self.problem = ""
        # A page that names a thousand hosts waits for its own lookups and not the other pages for it.
        self.lookups = asyncio.Semaphore(8)

    def admit(self) -> bool:
        """Count one more connection, unless there have been too many; `leave` ends it."""
        if self.connections >= self.bounds.max_connections:
            self.problem = self.problem or f"The page opens more than {self.bounds.max_connections} connections."
        if self.problem or self.open_now >= self.bounds.max_open:
            return False
        self.connections += 1
        self.open_now += 1
        return True

    def leave(self) -> None:
        """Count one connection less that is open."""
        self.open_now -= 1

    def take(self, wanted: int) -> int:
        """Return how many of `wanted` bytes may pass. The first that may not sets `problem`."""
        granted = min(wanted, self.bounds.max_bytes - self.bytes_used)
        self.bytes_used += granted
        if granted < wanted:
            self.problem = self.problem or f"The page loads more than {self.bounds.max_bytes / 1_000_000:g} MB."
        return granted
