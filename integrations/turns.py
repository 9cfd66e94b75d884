"""Whose turn it is: a question's way from model to model until one answers."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

import structlog
from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from integrations import connections
from integrations.connections import Access
from integrations.errors import (
    BudgetRefused,
    CredentialsRejected,
    PriceUnknown,
    ProviderError,
    QuotaExhausted,
    Unavailable,
)
from integrations.health import Health, Standing
from integrations.pace import AtLimit, NoPlace, Pace, Place
from integrations.providers.chat_completions import ChatCompletions

logger = structlog.get_logger(__name__)

# The next model is asked only where it can begin sooner by more than this.
PATIENCE_SECONDS = 1.0
MOST_RETRIES = 2
FIRST_RETRY_SECONDS = 0.5
# How often somebody looks who waits for others' calls to end.
LOOK_AGAIN_SECONDS = 0.2

_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Tier:
    """One language model of a chain, and what all workers know of its key."""

    access: Access
    model: ChatCompletions
    pace: Pace
    health: Health

    @property
    def slug(self) -> str:
        return self.access.slug

    @property
    def name(self) -> str:
        """`provider/model`, as it stands with what it answered."""
        return self.access.name

    @property
    def is_priced(self) -> bool:
        """False where nobody knows what a call costs: none is made."""
        return self.model.worst_case_microusd(input_characters=0, max_tokens=0) is not None


@dataclass(slots=True)
class Turn:
    """One call to one model. `async with` it: how it ends is told to all workers. `used` are the tokens it took.

    `standing` is how it stood with the key when the place was given.
    """

    tier: Tier
    place: Place
    standing: Standing
    used: int | None = None

    async def may_begin(self) -> bool:
        """Return whether the call may be sent: the place may be one of later, and a broken key is tried by one."""
        if self.standing.state == "ready" and self.place.wait <= PATIENCE_SECONDS:
            return True
        return await self.tier.health.begin()

    async def __aenter__(self) -> "Turn":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tier = self.tier
        if isinstance(error, BudgetRefused):  # nothing was sent
            await tier.pace.give_back(self.place.id)
        else:
            await tier.pace.end(self.place.id, used=self.used)
        if isinstance(error, ProviderError):
            await tier.health.failed(error)
        elif error is None:
            if self.standing.has_failed:
                await tier.health.went_well()
        else:
            await tier.health.gave_up()


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long a model would have to be waited for, from the time that its vendor asked to be left alone for."""

    tier: Tier
    standing: Standing
    seconds: float
    after: float
    is_full: bool


class Way:
    """One question's way down a chain. `notes` gets for each model that is passed over why it was."""

    def __init__(
        self, tiers: Sequence[Tier], line: asyncio.Lock, *, tokens: int, wait_seconds: float, notes: dict[str, str]
    ) -> None:
        self._left = list(tiers)
        self._line = line
        self._tokens = tokens
        self._notes = notes
        self._ends_at = asyncio.get_running_loop().time() + wait_seconds
        self._tries: Counter[str] = Counter()
        self._errors: list[ProviderError | PriceUnknown] = []

    async def next(self) -> Turn:
        """Wait for a turn at the most preferred model that does not keep us waiting longer than the others do.

        Raises AtLimit where that is too long, and where nobody is left Unavailable if waiting may help, else the last
        error.
        """
        while True:
            turn = await self._place()
            try:
                await asyncio.sleep(turn.place.wait)
                may_begin = await turn.may_begin()
            except asyncio.CancelledError:
                await turn.tier.pace.give_back(turn.place.id)
                raise
            if may_begin:
                return turn
            await turn.tier.pace.give_back(turn.place.id)

    async def failed(self, turn: Turn, error: ProviderError | PriceUnknown) -> None:
        """Decide what becomes of a model whose turn went wrong: it is asked once more, or passed over."""
        tier = turn.tier
        if isinstance(error, CredentialsRejected):
            await sync_to_async(connections.reject)(tier.access, error.message)
        if isinstance(error, Unavailable) and self._tries[tier.name] < MOST_RETRIES and self._seconds_left() > 0:
            self._tries[tier.name] += 1
            logger.info("chain.tries_again", model=tier.name, why=str(error), retry_after=error.retry_after)
            if not error.retry_after:  # else the key rests, for everybody
                pause = FIRST_RETRY_SECONDS * 2 ** (self._tries[tier.name] - 1)
                await asyncio.sleep(pause * _CHANCE.uniform(0.5, 1.0))
            return
        self._pass_over(tier, error)

    async def _place(self) -> Turn:
        """Return a turn that may begin after its place's wait."""
        found = await self._look()
        if found is not None:
            return found
        try:
            await asyncio.wait_for(self._line.acquire(), max(self._seconds_left(), 0))
        except TimeoutError:
            raise self._at_limit(LOOK_AGAIN_SECONDS) from None
        try:
            while True:
                if (found := await self._look()) is not None:
                    return found
                await asyncio.sleep(LOOK_AGAIN_SECONDS * _CHANCE.uniform(0.5, 1.0))
        finally:
            self._line.release()

    async def _look(self) -> Turn | None:
        """Return a turn, or `None` where somebody else's call has to end first. Raises where waiting is no use."""
        waits: list[_Wait] = []
        for tier in list(self._left):
            standing = await tier.health.look()
            if (error := _refusal(tier, standing)) is not None:
                self._pass_over(tier, error)
                continue
            after = standing.wait if standing.state == "resting" else 0.0
            found = await tier.pace.ask(self._tokens, within=PATIENCE_SECONDS, after=after)
            if isinstance(found, Place):
                self._note_waits(waits)
                return Turn(tier, found, standing)
            waits.append(_Wait(tier, standing, found.wait, after, found.is_full))
        if not waits:
            raise self._last_error()
        return await self._wait_at(min(waits, key=lambda wait: wait.seconds), waits)

    async def _wait_at(self, shortest: _Wait, waits: Sequence[_Wait]) -> Turn | None:
        tier = shortest.tier
        if shortest.seconds > self._seconds_left():
            self._note_waits(waits)
            raise self._at_limit(shortest.seconds)
        if shortest.is_full:
            return None
        found = await tier.pace.ask(self._tokens, within=self._seconds_left(), after=shortest.after)
        if isinstance(found, NoPlace):
            return None  # somebody came between
        preferred = waits[: [wait.tier for wait in waits].index(tier)]
        self._note_waits(preferred)
        return Turn(tier, found, shortest.standing)

    def _note_waits(self, waits: Sequence[_Wait]) -> None:
        for wait in waits:
            self._note(wait.tier, _at_its_limit(wait.seconds))

    def _pass_over(self, tier: Tier, error: ProviderError | PriceUnknown) -> None:
        self._left.remove(tier)
        self._errors.append(error)
        self._note(tier, str(error))

    def _note(self, tier: Tier, why: str) -> None:
        logger.info("chain.passed_over", model=tier.name, why=why)
        self._notes.setdefault(tier.name, why)

    def _seconds_left(self) -> float:
        return self._ends_at - asyncio.get_running_loop().time()

    def _at_limit(self, seconds: float) -> AtLimit:
        return AtLimit(_at_its_limit(seconds), retry_after=seconds)

    def _last_error(self) -> ProviderError | PriceUnknown:
        """Return the error that leaves the most hope: that of who can be asked again soonest, else the last."""
        if not self._errors:
            return Unavailable(_("No language model is set up."))
        waiting = [error for error in self._errors if isinstance(error, Unavailable)]
        return min(waiting, key=lambda error: error.retry_after or 0.0) if waiting else self._errors[-1]


def _refusal(tier: Tier, standing: Standing) -> ProviderError | None:
    """Return why a key cannot be used now; `None` where it can, or can be tried."""
    if standing.state in ("used up", "rejected"):
        if standing.state == "rejected":
            return CredentialsRejected(standing.why, provider=tier.slug)
        assert standing.until is not None
        values = {"why": standing.why, "until": clock_time(standing.until)}
        message = _("%(why)s It is put aside until %(until)s.") % values
        return QuotaExhausted(message, provider=tier.slug, resets_at=standing.until)
    if standing.state in ("broken", "being tried") and standing.wait > 0:
        message = _("%(name)s has failed several times in a row and is left alone for %(seconds)d seconds.") % {
            "name": tier.access.provider.name,
            "seconds": round(standing.wait),
        }
        return Unavailable(message, provider=tier.slug, retry_after=standing.wait)
    return None


def _at_its_limit(seconds: float) -> str:
    return _("It is at its limit of calls for another %d seconds.") % max(round(seconds), 1)


def clock_time(moment: datetime) -> str:
    """Return a time of today as 14:00 UTC, another with its day."""
    local = timezone.localtime(moment)
    return date_format(local, "H:i e" if local.date() == timezone.localdate() else "j M, H:i e")
