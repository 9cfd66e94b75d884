"""What is true of the money in every committed state: each function yields a plain sentence for all that is not."""

from collections.abc import Callable, Iterator, Sequence

from django.db.models import F, Q, QuerySet, Sum

from billing.models import Budget, Entry, Hold

Account = Entry.Account
Scope = Budget.Scope
Row = dict[str, int]


def ceilings_are_kept() -> Iterator[str]:
    """No ceiling is crossed: spent + reserved <= cap, but for what was there before its limit was lowered."""
    room = F("cap_microusd") + F("excess_microusd") - F("reserved_microusd")
    for budget in Budget.objects.filter(spent_microusd__gt=room):
        yield f"Budget {budget.pk} ({budget.scope}) is crossed: {budget}."


def budgets_agree_with_holds() -> Iterator[str]:
    """What a ceiling has reserved and spent is the sum of the holds that were taken from it."""
    ways: Sequence[tuple[Scope, tuple[str, ...], Callable[[Budget], tuple[object, ...]]]] = (
        (Scope.ACTIVITY, ("budget",), lambda one: (one.pk,)),
        (Scope.INSTALLATION, ("period",), lambda one: (one.period,)),
        (Scope.WORKSPACE, ("workspace", "period"), lambda one: (one.workspace_id, one.period)),
        (
            Scope.PROVIDER,
            ("workspace", "period", "provider"),
            lambda one: (one.workspace_id, one.period, one.subject),
        ),
        (
            Scope.LEAD,
            ("workspace", "period", "lead_ref"),
            lambda one: (one.workspace_id, one.period, int(one.subject)),
        ),
    )
    for scope, columns, key_of in ways:
        sums = _sums_of_holds(columns)
        for budget in Budget.objects.filter(scope=scope).iterator(chunk_size=2000):
            reserved, spent = sums.pop(key_of(budget), (0, 0))
            if (reserved, spent) != (budget.reserved_microusd, budget.spent_microusd):
                yield (
                    f"Budget {budget.pk} ({scope}) says {budget.reserved_microusd} µ$ reserved and "
                    f"{budget.spent_microusd} µ$ spent, its holds {reserved} and {spent}."
                )
        if scope != Scope.LEAD:  # it has none before its workspace limits leads
            yield from (f"Holds of {scope} {key} have no budget." for key in sums)


def holds_agree_with_entries() -> Iterator[str]:
    """The books have of each hold what its row says: all is in `held` until it is closed, and nothing after."""
    posted = _balances(Entry.objects.exclude(hold=None), "hold")
    for hold in Hold.objects.iterator(chunk_size=2000):
        accounts = posted.pop(hold.pk, {})
        is_held = hold.status == Hold.Status.HELD
        expected = {
            Account.HELD: hold.amount_microusd if is_held else 0,
            Account.OVERDRAW: hold.overdraw_microusd,
        }
        wrong = [name for name, amount in expected.items() if accounts.get(name, 0) != amount]
        if accounts.get(Account.COST, 0) + accounts.get(Account.UNKNOWN, 0) != hold.charged_microusd:
            wrong.append(Account.COST)
        for name in wrong:
            yield f"Hold {hold.pk} ({hold.status}) and the books differ: {accounts.get(name, 0)} µ$ in “{name}”."


def budgets_agree_with_entries() -> Iterator[str]:
    """An activity's columns are the balances of its accounts, and what is available is never below 0."""
    posted = _balances(Entry.objects.all(), "budget")
    for budget in Budget.objects.filter(scope=Scope.ACTIVITY).iterator(chunk_size=2000):
        accounts = posted.pop(budget.pk, {})
        spent = accounts.get(Account.COST, 0) + accounts.get(Account.UNKNOWN, 0)
        available = budget.cap_microusd - budget.spent_microusd - budget.reserved_microusd
        told = (accounts.get(Account.AVAILABLE, 0), accounts.get(Account.HELD, 0), spent)
        if told != (available, budget.reserved_microusd, budget.spent_microusd):
            yield f"Budget {budget.pk} and the books differ: available, held, spent are {told} µ$ there; {budget}."
        if told[0] < 0:
            yield f"Budget {budget.pk} has {told[0]} µ$ available."
        if sum(accounts.values()):
            yield f"The books of budget {budget.pk} do not sum to zero but to {sum(accounts.values())} µ$."


def entries_belong_to_their_holds() -> Iterator[str]:
    """An entry about a hold is in the books of the hold's own activity."""
    for entry in Entry.objects.exclude(hold=None).exclude(budget=F("hold__budget")):
        yield f"Entry {entry.pk} is in the books of budget {entry.budget_id}, but its hold {entry.hold_id} is not."


def refunds_agree_with_entries() -> Iterator[str]:
    """What was refunded of a charge stands in the books, each under a key of its own, and is never more than it was."""
    keyed = Entry.objects.exclude(refund_key=None).order_by().values("hold").annotate(total=Sum("amount_microusd"))
    posted = {row["hold"]: row["total"] for row in keyed}
    for hold in Hold.objects.filter(Q(refunded_microusd__gt=0) | Q(pk__in=posted)):
        if hold.refunded_microusd != posted.get(hold.pk, 0) or hold.charged_microusd < 0:
            yield f"Hold {hold.pk}: {hold.refunded_microusd} µ$ refunded, {posted.get(hold.pk, 0)} µ$ in the books."


CHECKS: Sequence[Callable[[], Iterator[str]]] = (
    ceilings_are_kept,
    budgets_agree_with_holds,
    holds_agree_with_entries,
    budgets_agree_with_entries,
    entries_belong_to_their_holds,
    refunds_agree_with_entries,
)


def violations() -> Iterator[str]:
    """Yield a sentence for everything in the books that is not as it must be."""
    for check in CHECKS:
        yield from check()


def _sums_of_holds(columns: tuple[str, ...]) -> dict[tuple[object, ...], tuple[int, int]]:
    rows = Hold.objects.order_by().values_list(*columns)
    summed = rows.annotate(
        reserved=Sum("amount_microusd", default=0, filter=Q(status=Hold.Status.HELD)),
        spent=Sum(
            F("settled_microusd") - F("overdraw_microusd") - F("refunded_microusd"),
            default=0,
            filter=~Q(status=Hold.Status.HELD),
        ),
    )
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in summed}


def _balances(entries: QuerySet[Entry], by: str) -> dict[int, Row]:
    """Return by hold or budget how much is in each account: what came in (debit) less what went out (credit)."""
    found: dict[int, Row] = {}
    moved = entries.order_by().values_list(by, "debit", "credit").annotate(total=Sum("amount_microusd"))
    for owner, debit, credit, total in moved:
        accounts = found.setdefault(owner, {})
        accounts[debit] = accounts.get(debit, 0) + total
        accounts[credit] = accounts.get(credit, 0) - total
    return found
