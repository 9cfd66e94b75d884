"""Trying a language model out: one tiny call, whose price is known before and told after.

Whose money it is comes from above: a `Meter`, as with every call.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import connections
from integrations.chain import open_chain_of
from integrations.connections import Access
from integrations.errors import BudgetRefused, ProviderError
from integrations.gateway import Gateway, Meter
from integrations.models import ProviderCall

SYSTEM = "Answer with one word."
USER = "Say: ready."
MAX_TOKENS = 16
RUN_REF = "trial"
# What one trial may cost with all its retries, and how many a workspace may make in an hour.
MOST_MICROUSD = 10_000
MOST_AN_HOUR = 30
WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial went. `problem` is '' where the model answered."""

    model: str
    seconds: float
    cost_microusd: int
    problem: str = ""


def price_of(access: Access) -> int | None:
    """Return what a trial of a model costs at most, in micro-dollars; `None` where its price is not known."""
    characters = len(SYSTEM) + len(USER)
    return access.open().worst_case_microusd(input_characters=characters, max_tokens=MAX_TOKENS)


def refusal(access: Access, workspace_id: int) -> str:
    """Return why a model is not tried out now, and what to do; '' where it can be."""
    price = price_of(access)
    if price is None:
        return _("The price of this model is not known, so it is not asked. Choose another one.")
    if price > MOST_MICROUSD:
        return _("A test may cost a cent at most, and this model costs more.")
    if _too_many(workspace_id):
        return _("That was tried often enough for now. Try again in an hour.")
    return ""


async def try_out(access: Access, meter: Meter, workspace_id: int) -> Trial:
    """Ask a model something tiny, with the money of `meter`, and tell how it went, also where that was refused.

    A key that was put aside is believed in again first: somebody wants to know.
    """
    reference = uuid.uuid4().hex
    gateway = Gateway(meter, workspace_id=workspace_id, run_ref=RUN_REF, candidate_ref=reference)
    began, problem = time.monotonic(), ""
    async with open_chain_of([access]) as chain:
        await chain.tiers[0].health.clear()
        model = chain.through(gateway, wait_seconds=WAIT_SECONDS)
        try:
            await model.complete(system=SYSTEM, user=USER, max_tokens=MAX_TOKENS)
        except (ProviderError, BudgetRefused) as error:
            problem = str(error)
    seconds = time.monotonic() - began
    if not problem:
        await sync_to_async(connections.believe)(access)
    return Trial(access.name, seconds, await sync_to_async(_cost)(workspace_id, reference), problem)


def _too_many(workspace_id: int) -> bool:
    since = timezone.now() - timedelta(hours=1)
    made = ProviderCall.objects.filter(workspace_id=workspace_id, run_ref=RUN_REF, created_at__gte=since)
    return made.count() >= MOST_AN_HOUR


def _cost(workspace_id: int, reference: str) -> int:
    made = ProviderCall.objects.filter(workspace_id=workspace_id, run_ref=RUN_REF, candidate_ref=reference)
    return made.aggregate(total=Sum("cost_microusd"))["total"] or 0
