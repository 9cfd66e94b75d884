"""The one way to call a paid service: permission, hold, call, settle, journal.

Before a call the gateway asks the run's meter to set the worst-case price aside; without that nothing is sent.
The answer is journaled in the same transaction that settles the hold, under a key made of what
was asked and for whom: work that is repeated after a crash gets the journaled answer and pays nothing.
A crash between sending and answering leaves the hold as it is, because nobody knows whether the call was billed; so
does an answer that breaks off half-way, or that nobody reads to its end.
"""

import hashlib
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.failpoints import failpoint
from integrations.errors import PriceUnknown, ProviderError, Unavailable
from integrations.models import ProviderCall
from integrations.storable import Json, storable, storable_text

logger = structlog.get_logger(__name__)

# No single call costs a million dollars.
MOST_PLAUSIBLE_MICROUSD = 10**12


class Meter(Protocol):
    """The money of one run, in micro-dollars. Raises `BudgetRefused` instead of giving a hold."""

    def reserve(self, amount: int, *, provider: str, operation: str) -> int | None: ...

    def settle(self, hold: int, actual: int) -> None: ...

    def release(self, hold: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call returned, in JSON, and what it cost. `tokens` are those in and out.

    `answer` is made storable here, once: no service can say what would undo its own settlement, and who asked is given
    now what the journal gives later.
    """

    answer: Json
    cost_microusd: int | None
    tokens: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answer", storable(self.answer))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom, and of which `model` if it is one. Without a known price (`None`) the call is refused."""

    provider: str
    operation: str
    asked: Mapping[str, Json]
    worst_case_microusd: int | None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Streamed:
    """The whole of an answer that came in pieces, in JSON."""

    answer: Json


class Gateway:
    """Calls services on behalf of one run, or of one candidate of it.

    `generation` counts how often the candidate was begun anew: a question of now is not answered from before.
    """

    def __init__(
        self, meter: Meter, *, workspace_id: int, run_ref: str, candidate_ref: str = "", generation: int = 0
    ) -> None:
        self.meter = meter
        self.workspace_id = workspace_id
        self.run_ref = run_ref
        self.candidate_ref = candidate_ref
        self.generation = generation

    def on_behalf_of(self, candidate_ref: str, *, generation: int = 0, meter: Meter | None = None) -> "Gateway":
        """Return a gateway for one candidate; `meter` is one that knows whose money it is, where there is one."""
        return Gateway(
            meter or self.meter,
            workspace_id=self.workspace_id,
            run_ref=self.run_ref,
            candidate_ref=candidate_ref,
            generation=generation,
        )

    async def permit(self, provider: str, operation: str) -> None:
        """Raise `RunStopped` unless the run may still call; for calls that cost nothing."""
        await sync_to_async(self.meter.reserve)(0, provider=provider, operation=operation)

    async def call(self, question: Question, send: Callable[[], Awaitable[Answered]], *, is_new: bool = False) -> Json:
        """Return the answer to `question`, from the journal where it was answered before.

        `is_new` says that the caller has looked there (`remembered`). Raises ProviderError as the provider did, or
        BudgetRefused, in which case nothing was sent.
        """
        key = self._key(question)
        journaled = {} if is_new else await sync_to_async(self._journaled)([key])
        if key in journaled:
            return journaled[key]
        hold = await self._hold(question)
        failpoint("gateway.held")
        began = time.monotonic()
        try:
            answered = await send()
        except ProviderError as error:
            await sync_to_async(self._failed)(question, key, hold, error, _milliseconds(began))
            raise
        await sync_to_async(self._answered)(question, key, hold, answered, _milliseconds(began))
        return answered.answer

    async def stream(
        self, question: Question, send: Callable[[], AsyncGenerator[str | Answered]], *, is_new: bool = False
    ) -> AsyncGenerator[str | Streamed]:
        """Yield the answer to `question` in the pieces that `send` yields, and at the end the whole of it.

        `send` yields what it has to say piece by piece and last an `Answered`. An answer from the journal comes whole,
        without pieces. Raises as `call` does; what is cut off, by the service or because the caller stops reading,
        keeps its hold.
        """
        key = self._key(question)
        journaled = {} if is_new else await sync_to_async(self._journaled)([key])
        if key in journaled:
            yield Streamed(journaled[key])
            return
        hold = await self._hold(question)
        began = time.monotonic()
        answered = None
        try:
            async with aclosing(send()) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Answered):
                        answered = piece
                    else:
                        yield piece
            if answered is None:
                raise Unavailable(_("The answer broke off."), provider=question.provider, may_be_billed=True)
        except ProviderError as error:
            await sync_to_async(self._failed)(question, key, hold, error, _milliseconds(began))
            raise
        await sync_to_async(self._answered)(question, key, hold, answered, _milliseconds(began))
        yield Streamed(answered.answer)

    async def remembered(self, questions: Sequence[Question]) -> tuple[int, Json] | None:
        """Return the place and the answer of the first of `questions` that the journal can answer."""
        keys = [self._key(question) for question in questions]
        journaled = await sync_to_async(self._journaled)(keys)
        return next(((place, journaled[key]) for place, key in enumerate(keys) if key in journaled), None)

    async def _hold(self, question: Question) -> int | None:
        """Set the worst case aside. Raises BudgetRefused."""
        if question.worst_case_microusd is None:
            what = f"{question.provider}/{question.model}" if question.model else question.provider
            raise PriceUnknown(
                _(
                    "No price is known for %(what)s, so it is not asked. Choose another one, or ask whoever runs this "
                    "installation for a version that knows the price."
                )
                % {"what": what}
            )
        return await sync_to_async(self.meter.reserve)(
            question.worst_case_microusd, provider=question.provider, operation=question.operation
        )

    def _key(self, question: Question) -> str:
        asked: list[Json] = [self.run_ref, self.candidate_ref, question.provider, question.operation, question.asked]
        if self.generation:
            asked.append(self.generation)
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def _journaled(self, keys: Sequence[str]) -> dict[str, Json]:
        """Return the answers that were given before, by key."""
        answered = ProviderCall.objects.filter(
            workspace_id=self.workspace_id, key__in=keys, status=ProviderCall.Status.ANSWERED
        )
        return dict(answered.values_list("key", "answer"))

    def _answered(self, question: Question, key: str, hold: int | None, answered: Answered, took: int) -> None:
        failpoint("gateway.answered")
        cost = _plausible(answered.cost_microusd, question)
        facts = {
            "hold_id": hold,
            "cost_microusd": cost,
            "input_tokens": answered.tokens[0],
            "output_tokens": answered.tokens[1],
            "duration_ms": took,
        }
        try:
            self._settled(hold, question, key, status=ProviderCall.Status.ANSWERED, answer=answered.answer, **facts)
        except IntegrityError:
            # Another worker has asked the same meanwhile and its answer is the one that is kept; both were billed.
            twice = _("The same was asked twice at the same time.")
            self._settled(hold, question, key, status=ProviderCall.Status.FAILED, error=twice, **facts)

    def _settled(self, hold: int | None, question: Question, key: str, **columns: Any) -> None:
        with transaction.atomic():
            if hold is not None:
                self.meter.settle(hold, columns["cost_microusd"])
            failpoint("gateway.settled")
            self._log(question, key, **columns)

    def _failed(self, question: Question, key: str, hold: int | None, error: ProviderError, took: int) -> None:
        """Log the failure; give the hold back only where the service surely did not bill."""
        surely_unbilled = not (isinstance(error, Unavailable) and error.may_be_billed)
        with transaction.atomic():
            if hold is not None and surely_unbilled:
                self.meter.release(hold)
            failpoint("gateway.refused")
            self._log(
                question,
                key,
                status=ProviderCall.Status.FAILED,
                error=storable_text(error.message)[:500],
                hold_id=hold,
                duration_ms=took,
            )
        logger.warning("provider.failed", provider=question.provider, operation=question.operation, error=error.message)

    def _log(self, question: Question, key: str, **columns: Any) -> None:
        ProviderCall.objects.create(
            workspace_id=self.workspace_id,
            run_ref=self.run_ref,
            candidate_ref=self.candidate_ref,
            key=key,
            provider=question.provider,
            operation=question.operation,
            model=question.model,
            **columns,
        )


def _plausible(cost: int | None, question: Question) -> int:
    """Return what a call is charged at: a service that does not say, or says nonsense, is charged at the hold."""
    if cost is not None and 0 <= cost <= MOST_PLAUSIBLE_MICROUSD:
        return cost
    if cost is not None:
        # Not as it is: of thousands of digits Python writes none.
        told = max(-MOST_PLAUSIBLE_MICROUSD, min(cost, MOST_PLAUSIBLE_MICROUSD))
        logger.error("provider.cost_is_nonsense", provider=question.provider, operation=question.operation, cost=told)
    return question.worst_case_microusd or 0


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
