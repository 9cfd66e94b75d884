"""Holds of calls whose fate nobody knows: the worker died, or the answer was lost, after the call was sent.

Such a hold stays set aside. Only here is it closed: after RECONCILE_AFTER_HOURS it is counted as spent, whole, or an
operator who knows from the vendor's bill that the call was not billed gives it back.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import User
from billing import ledger
from billing.amounts import dollars
from billing.models import Hold

logger = structlog.get_logger(__name__)

# No call is under way for so long: a task of the queue ends after 15 minutes, a stage and an answer in the chat sooner.
LONGEST_CALL = timedelta(minutes=20)


class StillLive(Exception):
    """The call may still be under way."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many holds were counted as spent, and how much that is."""

    count: int
    microusd: int


def of_unknown_fate() -> QuerySet[Hold]:
    """Return holds whose call cannot be under way any more and was neither settled nor given back."""
    return Hold.objects.filter(status=Hold.Status.HELD, created_at__lt=timezone.now() - LONGEST_CALL)


def reconcile() -> Reconciled:
    """Count what has waited long enough as spent. Done by several processes at once, each hold is counted once."""
    waited = max(timedelta(hours=settings.RECONCILE_AFTER_HOURS), LONGEST_CALL)
    due = of_unknown_fate().filter(created_at__lt=timezone.now() - waited).order_by("pk")
    note = "Nobody knows whether it was billed; counted as spent."
    done = [amount for pk, amount in due.values_list("pk", "amount_microusd") if ledger.write_off(pk, note=note)]
    if done:
        logger.warning("ledger.reconciled", holds=len(done), microusd=sum(done))
    return Reconciled(len(done), sum(done))


def may_be_given_back(hold: Hold) -> bool:
    """Return whether nobody knows, as the hold says, if its call was billed."""
    is_old = hold.created_at < timezone.now() - LONGEST_CALL
    return hold.status == Hold.Status.SPENT_UNKNOWN or (hold.status == Hold.Status.HELD and is_old)


def give_back(hold: Hold, *, reason: str, by: User | None = None) -> bool:
    """Give a hold of unknown fate back, because the vendor's bill does not show the call.

    False where nothing is of unknown fate any more: that was done before, or the call was answered after all. Raises
    StillLive for a young hold, RefundRefused where a part was refunded, ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("say how you know that it was not billed")
    young = Hold.objects.filter(status=Hold.Status.HELD, created_at__gte=timezone.now() - LONGEST_CALL)
    if young.filter(pk=hold.pk).exists():
        raise StillLive("The call may still be under way. Try again in half an hour.")
    with transaction.atomic():
        if ledger.release(hold.pk, note=reason, by=by):
            amount = dollars(hold.amount_microusd)
            audit.record(Verb.GIVEN_BACK, hold, workspace_id=hold.workspace_id, words=amount, by=by)
            return True
    # Looked at only now: until here another process may have counted it as spent.
    if not Hold.objects.filter(pk=hold.pk, status=Hold.Status.SPENT_UNKNOWN).exists():
        return False
    return ledger.refund(hold.pk, hold.amount_microusd, key=f"unbilled:{hold.pk}", by=by, note=reason)


def unknown_microusd() -> int:
    """Return how much is set aside for calls of unknown fate in the whole installation."""
    total: int = of_unknown_fate().aggregate(total=Sum("amount_microusd", default=0))["total"]
    return total
