"""Reserve, settle, release, write off, refund: the only code that moves money.

Each move is one conditional UPDATE over every ceiling that applies, so that two processes cannot both take the last
cent of any; the CHECK constraints behind it would refuse even a wrong UPDATE. In the same transaction the move is
posted to the books (`Entry`). Amounts are whole micro-dollars.

Whoever changes several rows locks them in this order: the workspace (`accounts.members.holding`), a hold, then its
ceilings by number.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.models import User
from accounts.wall import as_system
from billing import ceilings
from billing.amounts import dollars
from billing.ceilings import Spending, this_month
from billing.models import NO_LIMIT_MICROUSD, Budget, Entry, Hold

logger = structlog.get_logger(__name__)

Account = Entry.Account


class Refused(Exception):
    """No hold was given and nothing changed."""


class OverCap(Refused):
    """The hold would cross a ceiling: `ceiling`, as it stood. Says which in words for a customer.

    `may_pass` is True while calls are under way whose holds, given back in part or whole, may make room.
    """

    def __init__(self, ceiling: Budget, *, may_pass: bool = False) -> None:
        super().__init__(ceilings.sentence(ceiling))
        self.ceiling, self.may_pass = ceiling, may_pass


class Closed(Refused):
    """The budget takes no new holds."""


class RefundRefused(Exception):
    """Nothing was refunded. Says why."""


class _CeilingMissing(Exception):
    """A ceiling that applies has no row yet."""


@as_system()
def reserve(
    budget_id: int,
    amount: int,
    *,
    provider: str,
    operation: str,
    lead_ref: int | None = None,
    workspace_id: int | None = None,
) -> int | None:
    """Set `amount` aside under every ceiling that applies and return the hold's id.

    A free call (`amount` 0) needs only an open budget and gets None. `lead_ref` is the number of the lead that the call
    is made for; whoever knows the budget's workspace spares a look for it. Raises OverCap or Closed, with nothing
    changed.
    """
    if amount < 0:
        raise ValueError("a hold cannot be negative")
    if amount == 0:
        if not Budget.objects.filter(pk=budget_id, is_open=True).exists():
            raise Closed
        return None
    if workspace_id is None:
        workspace_id = Budget.objects.values_list("workspace_id", flat=True).get(pk=budget_id)
    spending = Spending(budget_id, workspace_id, provider, this_month(), lead_ref)
    for _look in range(3):  # somebody may begin to limit leads in between
        try:
            return _reserve(spending, amount, operation)
        except _CeilingMissing:
            spending.open()
    return _reserve(spending, amount, operation)


def _reserve(spending: Spending, amount: int, operation: str) -> int:
    with transaction.atomic():
        locked = spending.lock()
        if not spending.are_all(locked):
            raise _CeilingMissing
        fits = Q(cap_microusd__gte=F("spent_microusd") + F("reserved_microusd") + amount)
        numbers = [ceiling.pk for ceiling in locked]
        taken = Budget.objects.filter(fits, pk__in=numbers, is_open=True).update(
            reserved_microusd=F("reserved_microusd") + amount
        )
        if taken != len(numbers):
            raise _refusal(locked, amount)
        failpoint("ledger.reserved")
        hold = Hold.objects.create(
            budget_id=spending.budget_id,
            workspace_id=spending.workspace_id,
            period=spending.period,
            lead_ref=spending.lead_ref,
            provider=spending.provider,
            operation=operation,
            amount_microusd=amount,
        )
        _post(hold, (Account.AVAILABLE, Account.HELD, amount))
    return hold.pk


def _refusal(locked: list[Budget], amount: int) -> Refused:
    """Return why a hold was not given: of several full ceilings the one that is nearest to the call is named."""
    if not all(ceiling.is_open for ceiling in locked):
        return Closed()
    full = [ceiling for ceiling in locked if ceiling.committed_microusd + amount > ceiling.cap_microusd]
    order = list(Budget.Scope)
    nearest = min(full, key=lambda ceiling: order.index(Budget.Scope(ceiling.scope)))
    return OverCap(nearest, may_pass=all(_may_pass(ceiling, amount) for ceiling in full))


def _may_pass(ceiling: Budget, amount: int) -> bool:
    """Return whether only money that is held for calls under way stands between this ceiling and `amount`."""
    if ceiling.spent_microusd + amount > ceiling.cap_microusd:
        return False
    begun_lately = timezone.now() - timedelta(seconds=settings.STAGE_DEADLINE_SECONDS)
    holds = Hold.objects.filter(status=Hold.Status.HELD, created_at__gt=begun_lately)
    return holds.filter(ceilings.holds_under(ceiling)).exists()


@as_system()
def settle(hold_id: int, actual: int) -> int:
    """Turn a hold into money spent and return what was charged; a hold that is settled or released is left alone.

    What a call cost beyond its hold is charged as far as every ceiling allows: none is ever crossed. The rest is the
    hold's overdraw, which an operator sees. An answer that comes after its hold was written off puts that right.
    """
    if actual < 0:
        raise ValueError("a call cannot cost less than nothing")
    with transaction.atomic():
        source = _close(hold_id, Hold.Status.SETTLED, settled=actual)
        if source is None:
            return 0
        hold = Hold.objects.get(pk=hold_id)
        held = hold.amount_microusd
        locked = _ceilings_of(hold)
        room = max(min(ceiling.cap_microusd - ceiling.committed_microusd for ceiling in locked), 0)
        charged = min(actual, held + room)
        was_spent = held if source == Account.UNKNOWN else 0
        _move(locked, reserved=was_spent - held, spent=charged - was_spent)
        failpoint("ledger.settled")
        _post(
            hold,
            (source, Account.COST, min(charged, held)),
            (source, Account.AVAILABLE, max(held - charged, 0)),
            (Account.AVAILABLE, Account.COST, max(charged - held, 0)),
            (Account.FUNDING, Account.OVERDRAW, actual - charged),
        )
        if actual > charged:
            Hold.objects.filter(pk=hold_id).update(overdraw_microusd=actual - charged)
            logger.error("ledger.overdraw", hold=hold_id, provider=hold.provider, microusd=actual - charged)
    return charged


@as_system()
def release(hold_id: int, *, note: str = "", by: User | None = None) -> bool:
    """Give a hold back whole: the call was never sent, or surely not billed. False when it was closed before."""
    with transaction.atomic():
        if _close(hold_id, Hold.Status.RELEASED, settled=0, note=note) is None:
            return False
        hold = Hold.objects.get(pk=hold_id)
        _move(_ceilings_of(hold), reserved=-hold.amount_microusd)
        failpoint("ledger.released")
        _post(hold, (Account.HELD, Account.AVAILABLE, hold.amount_microusd), note=note, by=by)
    return True


@as_system()
def write_off(hold_id: int, *, note: str = "") -> bool:
    """Count a hold whose call's fate nobody knows as spent, whole. False when it was closed before."""
    with transaction.atomic():
        amount = Hold.objects.filter(pk=hold_id).values_list("amount_microusd", flat=True).get()
        if _close(hold_id, Hold.Status.SPENT_UNKNOWN, settled=amount, note=note) is None:
            return False
        hold = Hold.objects.get(pk=hold_id)
        _move(_ceilings_of(hold), reserved=-amount, spent=amount)
        _post(hold, (Account.HELD, Account.UNKNOWN, amount), note=note)
    return True


@as_system()
def refund(hold_id: int, amount: int | None, *, key: str, by: User | None = None, note: str = "") -> bool:
    """Give `amount` of a charge, or all that remains of it, back to its ceilings; False when `key` has done so before.

    Raises RefundRefused for more than what remains of the charge, and for a key that was used for another refund.
    """
    if not key or (amount is not None and amount < 1):
        raise ValueError("a refund needs a key, and an amount above 0")
    try:
        with transaction.atomic():
            return _refund(hold_id, amount, key, by, note)
    except IntegrityError:  # the same key was used for another hold meanwhile
        if _is_refunded(hold_id, amount, key):
            return False
        raise


def _refund(hold_id: int, amount: int | None, key: str, by: User | None, note: str) -> bool:
    hold = Hold.objects.select_for_update().filter(pk=hold_id).first()  # twins take turns
    if _is_refunded(hold_id, amount, key):
        return False
    remains = hold.charged_microusd if hold is not None and hold.status in Hold.CHARGED else 0
    amount = remains if amount is None else amount
    if hold is None or not remains:
        raise RefundRefused("Nothing of this was charged, or all of it is refunded.")
    if amount > remains:
        raise RefundRefused("That is more than what remains of the charge.")
    Hold.objects.filter(pk=hold_id).update(refunded_microusd=F("refunded_microusd") + amount)
    _move(_ceilings_of(hold), spent=-amount)
    source = Account.UNKNOWN if hold.status == Hold.Status.SPENT_UNKNOWN else Account.COST
    _post(hold, (source, Account.AVAILABLE, amount), note=note, by=by, refund_key=key)
    audit.record(Verb.REFUNDED, hold, workspace_id=hold.workspace_id, words=dollars(amount), by=by)
    return True


def _is_refunded(hold_id: int, amount: int | None, key: str) -> bool:
    entry = Entry.objects.filter(refund_key=key).first()
    if entry is None:
        return False
    if entry.hold_id != hold_id or amount not in (None, entry.amount_microusd):
        raise RefundRefused("This key was used for another refund.")
    return True


def raise_cap(budget_id: int, cap: int) -> bool:
    """Allow an activity more, up to `cap`; False when it is not more than what is allowed already."""
    if not 0 <= cap < NO_LIMIT_MICROUSD:
        raise ValueError("a cap is from 0 up to a trillion dollars")
    with transaction.atomic():
        before = Budget.objects.select_for_update().values_list("cap_microusd", flat=True).get(pk=budget_id)
        if not Budget.objects.filter(pk=budget_id, cap_microusd__lt=cap).update(cap_microusd=cap):
            return False
        Entry.objects.create(
            budget_id=budget_id, debit=Account.AVAILABLE, credit=Account.FUNDING, amount_microusd=cap - before
        )
    return True


def close(budget_id: int) -> None:
    """Give no new holds: the run was paused or is over."""
    Budget.objects.filter(pk=budget_id).update(is_open=False)


def reopen(budget_id: int) -> None:
    """Give holds again."""
    Budget.objects.filter(pk=budget_id).update(is_open=True)


def _close(hold_id: int, to: Hold.Status, *, settled: int, note: str = "") -> Account | None:
    """Close a hold and return the account that its money is in; `None` when it was closed before.

    A hold that was written off, of which nothing was refunded, can still be settled.
    """
    columns = {"status": to, "settled_microusd": settled, "note": note[:300], "closed_at": timezone.now()}
    if Hold.objects.filter(pk=hold_id, status=Hold.Status.HELD).update(**columns):
        return Account.HELD
    written_off = Hold.objects.filter(pk=hold_id, status=Hold.Status.SPENT_UNKNOWN, refunded_microusd=0)
    if to == Hold.Status.SETTLED and written_off.update(**columns):
        return Account.UNKNOWN
    return None


def _ceilings_of(hold: Hold) -> list[Budget]:
    """Lock and return the ceilings that a hold was taken from."""
    spending = Spending(hold.budget_id, hold.workspace_id, hold.provider, hold.period, hold.lead_ref)
    locked = spending.lock()
    # Whoever began to limit leads while we waited has counted this hold: only a second look sees its ceiling.
    return locked if spending.are_all(locked) else spending.lock()


def _move(locked: list[Budget], *, reserved: int = 0, spent: int = 0) -> None:
    Budget.objects.filter(pk__in=[ceiling.pk for ceiling in locked]).update(
        reserved_microusd=F("reserved_microusd") + reserved, spent_microusd=F("spent_microusd") + spent
    )


def _post(
    hold: Hold,
    *moves: tuple[Entry.Account, Entry.Account, int],
    note: str = "",
    by: User | None = None,
    refund_key: str | None = None,
) -> None:
    """Post what moved, each from one account to another; moves of nothing leave no entry."""
    Entry.objects.bulk_create(
        Entry(
            budget_id=hold.budget_id,
            hold=hold,
            credit=source,
            debit=to,
            amount_microusd=amount,
            note=note[:300],
            by=by,
            refund_key=refund_key,
        )
        for source, to, amount in moves
        if amount
    )
