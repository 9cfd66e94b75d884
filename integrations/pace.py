"""How fast a key may be used: requests and tokens a minute and calls at once, counted by all workers together.

A call asks for its place before it is sent and is told when it may begin. Counted is in any window of a minute, as
vendors do, and not as so many a second: as long as the minute's worth is there, nobody waits. Places are given in the
order in which they are asked for, also those in the future, so that a caller knows beforehand how long it would wait
and can go elsewhere. Tokens are set aside at an estimate and corrected by what the vendor says was used.
"""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from integrations.errors import Unavailable
from integrations.shared import Document, Shared

WINDOW_SECONDS = 60.0
# A place in the window is kept to this share of it. Coarser would be shorter to store, and slower by as much.
_PARTS = 60
# Longer than any call takes: the place of a worker that died is free again after this.
LONGEST_CALL_SECONDS = 150.0
# What a caller is told who would have to wait for somebody else's call to end: about what one takes.
TYPICAL_CALL_SECONDS = 5.0


class AtLimit(Unavailable):
    """Our own pace does not allow the call within the time that its caller waits. Nothing was sent, nothing failed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key allows in any `window` (seconds), and how many calls at once; 0 stands for no limit."""

    requests: int = 0
    tokens: int = 0
    at_once: int = 0
    window: float = WINDOW_SECONDS


@dataclass(frozen=True, slots=True)
class Place:
    """The right to begin one call in `wait` seconds."""

    id: str
    wait: float


@dataclass(frozen=True, slots=True)
class NoPlace:
    """None was given: the wait would be `wait` seconds; with `is_full` a guess, because others' calls have to end."""

    wait: float
    is_full: bool = False


class Pace:
    """The pace of one key. `key_ref` names it without telling it."""

    def __init__(self, shared: Shared, key_ref: str, limits: Limits) -> None:
        self.limits = limits
        self._shared = shared
        self._name = f"pace:{key_ref}"

    async def ask(self, tokens: int, *, within: float, after: float = 0.0) -> Place | NoPlace:
        """Take a place that begins within so many seconds, and not before `after`; or tell why there is none."""
        limits, place_id = self.limits, uuid.uuid4().hex

        def take(document: Document, now: float) -> Place | NoPlace:
            _forget(document, now, limits)
            if limits.at_once and len(document["flight"]) >= limits.at_once:
                return NoPlace(max(TYPICAL_CALL_SECONDS, after), is_full=True)
            wanted = min(tokens, limits.tokens) if limits.tokens else tokens
            begins_at = _earliest(document, now + after, wanted, limits)
            if begins_at - now > within:
                return NoPlace(begins_at - now)
            _count(document, begins_at, 1, wanted, limits)
            document["flight"][place_id] = [begins_at + LONGEST_CALL_SECONDS, begins_at, wanted]
            return Place(place_id, max(begins_at - now, 0.0))

        try:
            return await self._shared.change(self._name, take)
        except asyncio.CancelledError:
            # Nobody is there to take it, but it may have been given.
            await self.give_back(place_id)
            raise

    async def end(self, place_id: str, *, used: int | None = None) -> None:
        """Free the place of a call that is over; `used` are the tokens that the vendor counted, where it told."""
        await self._free(place_id, requests=0, used=used)

    async def give_back(self, place_id: str) -> None:
        """Undo the taking of a place whose call was never sent."""
        await self._free(place_id, requests=-1, used=0)

    async def _free(self, place_id: str, *, requests: int, used: int | None) -> None:
        limits = self.limits

        def free(document: Document, now: float) -> None:
            _forget(document, now, limits)
            found = document["flight"].pop(place_id, None)
            if found is not None and used is not None:
                _until, begins_at, tokens = found
                _count(document, begins_at, requests, used - tokens, limits)

        await self._shared.change(self._name, free)


# The document: "parts" has [begins_at, requests, tokens] for each part of the window in which calls begin, in order;
# "flight" has for each call that is not over when it is given up, when it begins, and its tokens.


def _forget(document: Document, now: float, limits: Limits) -> None:
    """Drop what counts no more, and make the document whole."""
    parts = document.get("parts", [])
    document["parts"] = [part for part in parts if _counts_until(part, limits) > now]
    flight = document.get("flight", {})
    document["flight"] = {place: values for place, values in flight.items() if values[0] > now}


def _earliest(document: Document, at: float, tokens: int, limits: Limits) -> float:
    """Return when a call may begin: not before `at`, nor before those who asked earlier."""
    parts: list[list[Any]] = document["parts"]
    if parts:
        at = max(at, parts[-1][0])
    for part in [*parts, None]:
        counted = [one for one in parts if _counts_until(one, limits) > at]
        requests, used = sum(one[1] for one in counted), sum(one[2] for one in counted)
        fits = not limits.requests or requests < limits.requests
        if fits and (not limits.tokens or used + tokens <= limits.tokens):
            return at
        assert part is not None, "an empty window takes any call"
        at = max(at, _counts_until(part, limits))
    return at


def _count(document: Document, begins_at: float, requests: int, tokens: int, limits: Limits) -> None:
    """Add to what begins in a part of the window; what it had is dropped already where it counts no more."""
    width = limits.window / _PARTS
    part_at = begins_at // width * width
    parts: list[list[Any]] = document["parts"]
    for part in parts:
        if part[0] == part_at:
            part[1], part[2] = max(part[1] + requests, 0), max(part[2] + tokens, 0)
            return
    if requests > 0:
        parts.append([part_at, requests, tokens])
        parts.sort()


def _counts_until(part: list[Any], limits: Limits) -> float:
    """Return when the last call that began in this part leaves the window."""
    return float(part[0]) + limits.window / _PARTS + limits.window
