"""Giving money back by hand: small amounts by one operator, what is beyond REFUND_ALONE by two.

What operators gave back alone in a workspace within a day counts together, so that a big refund is not made of small
ones. Beyond the limit a request is left, which another operator approves or declines: what its page sends once more is
answered by how that stands, whatever one operator may do alone by then. Whoever decides holds the workspace's row
(before the hold and its ceilings, see `billing.ledger`), so that a request is decided once and paid once: the money and
the decision are one transaction.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.members import holding
from accounts.models import User
from accounts.operators import is_operator
from accounts.queueing import enqueue
from billing import ledger, reconciling
from billing.amounts import dollars
from billing.models import Entry, Hold
from billing.refund_models import RefundRequest

WITHIN = timedelta(days=1)

Account, Kind, Status = Entry.Account, RefundRequest.Kind, RefundRequest.Status


class Outcome(Enum):
    """What came of it."""

    PAID = "paid"
    DONE_BEFORE = "done before"
    WAITS = "waits for another operator"


class NotDecided(Exception):
    """The request stays as it is. Says why."""


def refund(hold_id: int, amount: int | None, *, key: str, by: User, reason: str) -> Outcome:
    """Give `amount` micro-dollars of a charge, or all that remains of it, back, or ask another operator to.

    A page that is sent twice has one `key`, and does it once. Raises ledger.RefundRefused, and ValueError without a
    key, a reason, or an amount above 0.
    """
    if not reason.strip():
        raise ValueError("a refund needs a reason")
    hold = Hold.objects.get(pk=hold_id)
    with holding(hold.workspace_id):
        hold.refresh_from_db()
        if asked := _asked_with(key):
            return _standing(asked, hold, Kind.REFUND, amount)
        remains = hold.charged_microusd if hold.status in Hold.CHARGED else 0
        wanted = remains if amount is None else amount
        # What cannot be, or was done before, is for the ledger to say.
        is_for_the_ledger = not 0 < wanted <= remains or not key or Entry.objects.filter(refund_key=key).exists()
        if is_for_the_ledger or may_alone(hold.workspace_id, wanted):
            return _outcome(ledger.refund(hold.pk, amount, key=key, by=by, note=reason))
        return _ask(hold, Kind.REFUND, wanted, key=key, by=by, reason=reason)


def give_back(hold_id: int, *, key: str, by: User, reason: str) -> Outcome:
    """Give a hold of unknown fate back, or ask another operator to. Raises what `reconciling.give_back` does."""
    hold = Hold.objects.get(pk=hold_id)
    with holding(hold.workspace_id):
        hold.refresh_from_db()
        if asked := _asked_with(key):
            return _standing(asked, hold, Kind.GIVE_BACK, None)
        is_unknown = reconciling.may_be_given_back(hold)
        if not reason.strip() or not is_unknown or may_alone(hold.workspace_id, hold.amount_microusd):
            return _outcome(reconciling.give_back(hold, reason=reason, by=by))
        return _ask(hold, Kind.GIVE_BACK, hold.amount_microusd, key=key, by=by, reason=reason)


def may_alone(workspace_id: int, amount: int) -> bool:
    """Return whether one operator may give `amount` back now. True only counts while the workspace's row is held."""
    return alone_lately(workspace_id) + amount <= settings.REFUND_ALONE_MICROUSD


def alone_lately(workspace_id: int) -> int:
    """Return what operators gave back in a workspace within a day without asking another one, in micro-dollars."""
    back = Entry.objects.filter(
        budget__workspace=workspace_id,
        debit=Account.AVAILABLE,
        credit__in=(Account.COST, Account.UNKNOWN, Account.HELD),
        by__isnull=False,
        approval__isnull=True,
        created_at__gt=timezone.now() - WITHIN,
    )
    total: int = back.aggregate(total=Sum("amount_microusd", default=0))["total"]
    return total


def approve(request_id: int, *, by: User) -> None:
    """Pay what another operator asked for. Raises NotDecided, and what paying raises: then it goes on waiting."""

    def pay(request: RefundRequest) -> Entry:
        if request.kind == Kind.GIVE_BACK:
            is_paid = reconciling.give_back(request.hold, reason=request.reason, by=by)
        else:
            key = f"request:{request.pk}"
            is_paid = ledger.refund(request.hold_id, request.amount_microusd, key=key, by=by, note=request.reason)
        if not is_paid:
            raise NotDecided("Nothing is left to give back: somebody did so meanwhile. Decline it.")
        failpoint("refunds.paid")
        return Entry.objects.filter(hold=request.hold_id, by=by, debit=Account.AVAILABLE).latest("pk")

    _decide(request_id, Status.PAID, by=by, pay=pay)


def decline(request_id: int, *, by: User, answer: str = "") -> None:
    """Refuse what another operator asked for. Raises NotDecided."""
    _decide(request_id, Status.DECLINED, by=by, answer=answer)


def cancel(request_id: int, *, by: User) -> None:
    """Take back what one asked for oneself. Raises NotDecided."""
    _decide(request_id, Status.CANCELLED, by=by)


def _decide(
    request_id: int,
    to: RefundRequest.Status,
    *,
    by: User,
    answer: str = "",
    pay: Callable[[RefundRequest], Entry] = lambda _request: None,  # type: ignore[assignment, return-value]
) -> None:
    workspace_id = RefundRequest.objects.values_list("workspace_id", flat=True).get(pk=request_id)
    with holding(workspace_id):
        request = RefundRequest.objects.select_related("hold").get(pk=request_id)
        _check(request, to, by)
        columns = {"status": to, "decided_by": by, "decided_at": timezone.now(), "answer": answer[:300]}
        waiting = RefundRequest.objects.filter(pk=request_id, status=Status.WAITING)
        if not waiting.update(**columns, entry=pay(request)):
            raise NotDecided("Somebody else decided that just now.")
        verb = {Status.PAID: Verb.REFUND_APPROVED, Status.DECLINED: Verb.REFUND_DECLINED}
        words = dollars(request.amount_microusd)
        audit.record(verb.get(to, Verb.REFUND_CANCELLED), request, workspace_id=workspace_id, words=words, by=by)


def _check(request: RefundRequest, to: RefundRequest.Status, by: User) -> None:
    """Raise NotDecided where it is too late, or not for `by` to say."""
    if request.status != Status.WAITING:
        raise NotDecided(f"It is decided already: {request.get_status_display()}.")
    is_asker = request.asked_by_id == by.pk
    if to == Status.CANCELLED and not is_asker:
        raise NotDecided("Only who asked can cancel it. Decline it instead.")
    if to != Status.CANCELLED and is_asker:
        raise NotDecided("Another operator has to decide that: you asked for it yourself.")
    if to != Status.CANCELLED and not is_operator(by):
        raise NotDecided("Only an operator with a second step decides that.")
    if to == Status.PAID and not request.is_waiting:
        raise NotDecided("It waited for too long. Have it asked for once more.")


def _asked_with(key: str) -> RefundRequest | None:
    return RefundRequest.objects.filter(key=key).first()


def _standing(request: RefundRequest, hold: Hold, kind: RefundRequest.Kind, amount: int | None) -> Outcome:
    """Return how what a page asked for stands. Raises RefundRefused where it asks for something else now."""
    is_other = (request.hold_id, request.kind) != (hold.pk, kind)
    if is_other or amount not in (None, request.amount_microusd):
        raise ledger.RefundRefused("This key was used for another refund.")
    return Outcome.WAITS if request.status == Status.WAITING else Outcome.DONE_BEFORE


def _ask(hold: Hold, kind: RefundRequest.Kind, amount: int, *, key: str, by: User, reason: str) -> Outcome:
    now = timezone.now()
    request, is_new = RefundRequest.objects.get_or_create(
        key=key,
        defaults={
            "hold": hold,
            "workspace_id": hold.workspace_id,
            "kind": kind,
            "amount_microusd": amount,
            "reason": reason.strip()[:300],
            "asked_by": by,
            "asked_at": now,
            "expires_at": now + RefundRequest.LASTS,
        },
    )
    if is_new:
        audit.record(Verb.REFUND_ASKED, request, workspace_id=hold.workspace_id, words=dollars(amount), by=by)
        transaction.on_commit(partial(_tell_operators, request.pk))
    return _standing(request, hold, kind, amount)


def _tell_operators(request_id: int) -> None:
    enqueue("billing.tasks.tell_operators", request_id)


def _outcome(is_done: bool) -> Outcome:
    return Outcome.PAID if is_done else Outcome.DONE_BEFORE
