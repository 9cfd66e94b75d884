"""Reserve, settle, release: the only code that moves a budget's money.

Each move is one conditional UPDATE on the budget's own columns, so that two processes cannot
both take the last cent; the CHECK constraints behind it would refuse even a wrong UPDATE.
Amounts are whole micro-dollars.
"""

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils import timezone

from billing.models import Budget, Hold


class Refused(Exception):
    """No hold was given and nothing changed."""


class OverCap(Refused):
    """The hold would cross the cap."""


class Closed(Refused):
    """The budget takes no new holds."""


def reserve(budget_id: int, amount: int, *, provider: str, operation: str) -> int | None:
    """Set `amount` aside and return the hold's id; a free call (`amount` 0) needs only an open budget and gets None.

    Raises OverCap or Closed, with nothing changed.
    """
    if amount < 0:
        raise ValueError("a hold cannot be negative")
    if amount == 0:
        if not Budget.objects.filter(pk=budget_id, is_open=True).exists():
            raise Closed
        return None
    with transaction.atomic():
        fits = Q(cap_microusd__gte=F("spent_microusd") + F("reserved_microusd") + amount)
        if not Budget.objects.filter(fits, pk=budget_id, is_open=True).update(
            reserved_microusd=F("reserved_microusd") + amount
        ):
            raise OverCap if Budget.objects.filter(pk=budget_id, is_open=True).exists() else Closed
        hold = Hold.objects.create(budget_id=budget_id, provider=provider, operation=operation, amount_microusd=amount)
    return hold.pk


def settle(hold_id: int, actual: int) -> int:
    """Turn a hold into money spent and return what was charged; a hold that is closed already is left alone.

    What a call cost beyond its hold is charged as far as the cap allows: the cap is never crossed, and the
    hold's row keeps the true figure for the operator.
    """
    with transaction.atomic():
        closed = Hold.objects.filter(pk=hold_id, status=Hold.Status.HELD).update(
            status=Hold.Status.SETTLED, settled_microusd=actual, closed_at=timezone.now()
        )
        if not closed:
            return 0
        hold = Hold.objects.get(pk=hold_id)
        # The right-hand sides see the row as it was before this UPDATE.
        room = F("cap_microusd") - (F("reserved_microusd") - hold.amount_microusd)
        Budget.objects.filter(pk=hold.budget_id).update(
            reserved_microusd=F("reserved_microusd") - hold.amount_microusd,
            spent_microusd=Least(F("spent_microusd") + actual, room),
        )
    return actual


def release(hold_id: int) -> None:
    """Give a hold back whole: the call was never sent, or surely not billed."""
    with transaction.atomic():
        released = Hold.objects.filter(pk=hold_id, status=Hold.Status.HELD).update(
            status=Hold.Status.RELEASED, settled_microusd=0, closed_at=timezone.now()
        )
        if released:
            hold = Hold.objects.get(pk=hold_id)
            Budget.objects.filter(pk=hold.budget_id).update(
                reserved_microusd=F("reserved_microusd") - hold.amount_microusd
            )


def raise_cap(budget_id: int, cap: int) -> bool:
    """Allow more, up to `cap`; False when it is not more than what is allowed already."""
    return bool(Budget.objects.filter(pk=budget_id, cap_microusd__lt=cap).update(cap_microusd=cap))


def close(budget_id: int) -> None:
    """Give no new holds: the run was paused or is over."""
    Budget.objects.filter(pk=budget_id).update(is_open=False)


def reopen(budget_id: int) -> None:
    """Give holds again."""
    Budget.objects.filter(pk=budget_id).update(is_open=True)
