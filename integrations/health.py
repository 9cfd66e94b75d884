"""Whether a key can be used now, as all workers know it together: put aside, resting, or behind its breaker.

A key that is used up is put aside until it resets, one that the vendor rejects for a while; neither touches other keys
of the same provider. A vendor that says "try again in 7 seconds" is left alone for so long. After so many failures in a
row the breaker opens: nobody calls until its pause is over, then one caller tries, and by how that goes it closes, or
opens for longer.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.shared import Document, Shared

State: TypeAlias = Literal["ready", "resting", "used up", "rejected", "broken", "being tried"]

FAILURES_TO_OPEN = 5
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0
# Who tries a broken key has this long before somebody else may.
TRIAL_SECONDS = 120.0
# A vendor that does not say when a used-up key resets is asked again after this: somebody may have topped it up.
UNKNOWN_RESET_SECONDS = 1_800.0
REJECTED_SECONDS = 3_600.0

_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a key: until when, in `wait` seconds from now, and in the vendor's words why.

    `has_failed` is True where failures are remembered that an answer would make good.
    """

    state: State
    wait: float = 0.0
    why: str = ""
    until: datetime | None = None
    has_failed: bool = False


READY = Standing("ready")


class Health:
    """The health of one key. `key_ref` names it without telling it."""

    def __init__(self, shared: Shared, key_ref: str) -> None:
        self._shared = shared
        self._name = f"health:{key_ref}"

    async def look(self) -> Standing:
        """Return how it stands, for those who only want to know."""
        return _standing(*await self._shared.read(self._name))

    async def begin(self) -> bool:
        """Say that a call is about to be sent; False where somebody else is trying a broken key already."""
        standing = await self.look()
        if standing.state != "broken" or standing.wait:
            return standing.state in ("ready", "resting")
        return await self._shared.change(self._name, _take_trial)

    async def went_well(self) -> None:
        """Close the breaker: the key answers. What was put aside stays so, for this call may have begun before."""
        await self._shared.change(self._name, _close)

    async def gave_up(self) -> None:
        """Say that a call was neither answered nor refused, so that somebody else may try."""
        document, _now = await self._shared.read(self._name)
        if "trial_until" in document:
            await self._shared.change(self._name, lambda document, now: document.pop("trial_until", None))

    async def failed(self, error: ProviderError) -> None:
        """Draw the conclusion from an error. One that is about our request alone says that the key works."""
        if isinstance(error, RequestRejected):
            await self.went_well()
            return
        await self._shared.change(self._name, lambda document, now: _note(document, now, error))

    async def clear(self) -> None:
        """Believe in the key again: somebody has said so."""
        await self._shared.change(self._name, lambda document, now: document.clear())


# The document: "failures" in a row, how often the breaker "opened" since the last answer, and until when (seconds since
# 1970) it is "open_until", on "trial_until", put aside ("aside_until", "is_rejected", "why") or resting ("rest_until").


def _standing(document: Document, now: float) -> Standing:
    if (until := document.get("aside_until", 0.0)) > now:
        return _until("rejected" if document.get("is_rejected") else "used up", until, now, document)
    if document.get("failures", 0) >= FAILURES_TO_OPEN:
        if (until := document.get("trial_until", 0.0)) > now:
            return _until("being tried", until, now, document)
        return _until("broken", max(document["open_until"], document.get("rest_until", 0.0)), now, document)
    if (until := document.get("rest_until", 0.0)) > now:
        return _until("resting", until, now, document)
    return Standing("ready", has_failed="failures" in document)


def _until(state: State, until: float, now: float, document: Document) -> Standing:
    why = document.get("why", "")
    when = datetime.fromtimestamp(until, UTC)
    return Standing(state, max(until - now, 0.0), why, when, has_failed="failures" in document)


def _take_trial(document: Document, now: float) -> bool:
    standing = _standing(document, now)
    if standing.state == "broken" and not standing.wait:
        document["trial_until"] = now + TRIAL_SECONDS
        return True
    return standing.state in ("ready", "resting")


def _close(document: Document, now: float) -> None:
    for name in ("failures", "opened", "open_until", "trial_until"):
        document.pop(name, None)


def _note(document: Document, now: float, error: ProviderError) -> None:
    document["why"] = error.message[:300]
    if isinstance(error, QuotaExhausted):
        resets_at = error.resets_at.timestamp() if error.resets_at else now + UNKNOWN_RESET_SECONDS
        document |= {"aside_until": resets_at, "is_rejected": False}
    elif isinstance(error, CredentialsRejected):
        document |= {"aside_until": now + REJECTED_SECONDS, "is_rejected": True}
    elif isinstance(error, Unavailable) and error.retry_after:
        document.pop("trial_until", None)
        document["rest_until"] = max(document.get("rest_until", 0.0), now + error.retry_after)
    else:
        _fail(document, now)


def _fail(document: Document, now: float) -> None:
    """Count a failure; calls that were under way when the breaker opened do not open it again."""
    was_on_trial = document.pop("trial_until", 0.0) > 0
    document["failures"] = document.get("failures", 0) + 1
    opens = document["failures"] == FAILURES_TO_OPEN or was_on_trial
    if opens:
        document["opened"] = document.get("opened", 0) + 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (document["opened"] - 1), LONGEST_PAUSE_SECONDS)
        document["open_until"] = now + pause * _CHANCE.uniform(0.8, 1.2)
