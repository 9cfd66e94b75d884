"""The one way to call a paid service: permission, hold, call, settle, journal.

Before a call the gateway asks the run's meter to set the worst-case price aside; without that nothing is sent.
The answer is journaled in the same transaction that settles the hold, under a key made of what
was asked and for whom: work that is repeated after a crash gets the journaled answer and pays nothing.
A crash between sending and answering leaves the hold as it is, because nobody knows whether the call was billed.
"""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from asgiref.sync import sync_to_async
from django.db import transaction

from integrations.errors import PriceUnknown, ProviderError, Unavailable
from integrations.models import ProviderCall

logger = structlog.get_logger(__name__)

Json = Any  # what json can carry


class Meter(Protocol):
    """The money of one run, in micro-dollars. Raises `BudgetRefused` instead of giving a hold."""

    def reserve(self, amount: int, *, provider: str, operation: str) -> int | None: ...

    def settle(self, hold: int, actual: int) -> None: ...

    def release(self, hold: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call returned, in JSON, and what it cost. `tokens` are those in and out."""

    answer: Json
    cost_microusd: int | None
    tokens: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom. `worst_case_microusd` is `None` where no price is known: then the call is refused."""

    provider: str
    operation: str
    asked: Mapping[str, Json]
    worst_case_microusd: int | None


class Gateway:
    """Calls services on behalf of one run, or of one candidate of it."""

    def __init__(self, meter: Meter, *, workspace_id: int, run_ref: str, candidate_ref: str = "") -> None:
        self.meter = meter
        self.workspace_id = workspace_id
        self.run_ref = run_ref
        self.candidate_ref = candidate_ref

    def on_behalf_of(self, candidate_ref: str) -> "Gateway":
        return Gateway(self.meter, workspace_id=self.workspace_id, run_ref=self.run_ref, candidate_ref=candidate_ref)

    async def permit(self, provider: str, operation: str) -> None:
        """Raise `RunStopped` unless the run may still call; for calls that cost nothing."""
        await sync_to_async(self.meter.reserve)(0, provider=provider, operation=operation)

    async def call(self, question: Question, send: Callable[[], Awaitable[Answered]]) -> Json:
        """Return the answer to `question`, from the journal where it was answered before.

        Raises ProviderError as the provider did, or BudgetRefused, in which case nothing was sent.
        """
        if question.worst_case_microusd is None:
            raise PriceUnknown(f"No price is known for {question.provider} {question.operation}.")
        key = self._key(question)
        journaled = await sync_to_async(self._journaled)(key)
        if journaled is not None:
            return journaled.answer
        hold = await sync_to_async(self.meter.reserve)(
            question.worst_case_microusd, provider=question.provider, operation=question.operation
        )
        began = time.monotonic()
        try:
            answered = await send()
        except ProviderError as error:
            await sync_to_async(self._failed)(question, key, hold, error, _milliseconds(began))
            raise
        await sync_to_async(self._answered)(question, key, hold, answered, _milliseconds(began))
        return answered.answer

    def _key(self, question: Question) -> str:
        asked = [self.run_ref, self.candidate_ref, question.provider, question.operation, question.asked]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def _journaled(self, key: str) -> ProviderCall | None:
        return ProviderCall.objects.filter(
            workspace_id=self.workspace_id, key=key, status=ProviderCall.Status.ANSWERED
        ).first()

    def _answered(self, question: Question, key: str, hold: int | None, answered: Answered, took: int) -> None:
        # A service that does not say what it used is charged at the hold: never free.
        worst = question.worst_case_microusd or 0
        cost = worst if answered.cost_microusd is None else answered.cost_microusd
        with transaction.atomic():
            if hold is not None:
                self.meter.settle(hold, cost)
            self._log(
                question,
                key,
                status=ProviderCall.Status.ANSWERED,
                answer=answered.answer,
                hold_id=hold,
                cost_microusd=cost,
                input_tokens=answered.tokens[0],
                output_tokens=answered.tokens[1],
                duration_ms=took,
            )

    def _failed(self, question: Question, key: str, hold: int | None, error: ProviderError, took: int) -> None:
        """Log the failure; give the hold back only where the service surely did not bill."""
        surely_unbilled = not (isinstance(error, Unavailable) and error.may_be_billed)
        with transaction.atomic():
            if hold is not None and surely_unbilled:
                self.meter.release(hold)
            self._log(
                question,
                key,
                status=ProviderCall.Status.FAILED,
                error=error.message[:500],
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
            **columns,
        )


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
