"""What is true of the money in every committed state: each function yields a plain sentence for all that is not.

The database compares, and gives only the rows that are wrong: a million holds take no more memory here than one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from billing.models import Budget, Entry, Hold

Account = Entry.Account
Scope = Budget.Scope

# By scope: the columns that name a ceiling, and the same of the holds that are taken from it.
_NAMED: Mapping[Scope, Mapping[str, str]] = {
    Scope.ACTIVITY: {"id": "budget_id"},
    Scope.INSTALLATION: {"period": "period"},
    Scope.WORKSPACE: {"workspace_id": "workspace_id", "period": "period"},
    Scope.PROVIDER: {"workspace_id": "workspace_id", "period": "period", "subject": "provider"},
    Scope.LEAD: {"workspace_id": "workspace_id", "period": "period", "subject": "CAST(lead_ref AS text)"},
}
# What all holds of one ceiling come to. One pass over the holds, where a look for each ceiling would be one for each.
_SUMMED = """(
    SELECT {selected},
        SUM(CASE WHEN status = 'held' THEN amount_microusd ELSE 0 END) AS reserved,
        SUM(CASE WHEN status = 'held' THEN 0 ELSE settled_microusd - overdraw_microusd - refunded_microusd END) AS spent
    FROM billing_hold GROUP BY {grouped}
) AS summed"""
_WRONG = """
SELECT ceiling.id, reserved_microusd, spent_microusd, COALESCE(reserved, 0), COALESCE(spent, 0)
FROM billing_budget AS ceiling LEFT JOIN {summed} ON {joined}
WHERE ceiling.scope = %s AND (reserved_microusd <> COALESCE(reserved, 0) OR spent_microusd <> COALESCE(spent, 0))
ORDER BY ceiling.id"""
_WITHOUT = """
SELECT {named} FROM {summed} LEFT JOIN billing_budget AS ceiling ON {joined} AND ceiling.scope = %s
WHERE ceiling.id IS NULL"""


def ceilings_are_kept() -> Iterator[str]:
    """No ceiling is crossed: spent + reserved <= cap, but for what was there before its limit was lowered."""
    room = F("cap_microusd") + F("excess_microusd") - F("reserved_microusd")
    for budget in Budget.objects.filter(spent_microusd__gt=room).iterator():
        yield f"Budget {budget.pk} ({budget.scope}) is crossed: {budget}."


def budgets_agree_with_holds() -> Iterator[str]:
    """What a ceiling has reserved and spent is the sum of the holds that were taken from it."""
    for scope in _NAMED:
        for pk, reserved, spent, held, charged in _compared(_WRONG, scope):
            yield (
                f"Budget {pk} ({scope}) says {reserved} µ$ reserved and {spent} µ$ spent, "
                f"its holds {held} and {charged}."
            )


def holds_have_their_ceilings() -> Iterator[str]:
    """Every hold was taken from its ceilings of the month. A lead has none before its workspace limits leads."""
    for scope in (Scope.INSTALLATION, Scope.WORKSPACE, Scope.PROVIDER):
        for key in _compared(_WITHOUT, scope):
            yield f"Holds of {scope} {', '.join(map(str, key))} have no budget."


def holds_agree_with_entries() -> Iterator[str]:
    """The books have of each hold what its row says: all is in `held` until it is closed, and nothing after."""
    holds = Hold.objects.values("pk", "status").annotate(
        held=_in(Account.HELD),
        overdraw=_in(Account.OVERDRAW),
        cost=_in(Account.COST) + _in(Account.UNKNOWN),
        is_held=Case(When(status=Hold.Status.HELD, then=F("amount_microusd")), default=Value(0)),
        is_overdraw=F("overdraw_microusd"),
        is_cost=_CHARGED,
    )
    accounts = (Account.HELD, Account.OVERDRAW, Account.COST)
    differ = [~Q(**{account: F(f"is_{account}")}) for account in accounts]
    for hold in map(dict, holds.filter(differ[0] | differ[1] | differ[2]).iterator()):
        for account in accounts:
            if hold[account] != hold[f"is_{account}"]:
                told = f"{hold[account]} µ$ in “{account}”"
                yield f"Hold {hold['pk']} ({hold['status']}) and the books differ: {told}."


def budgets_agree_with_entries() -> Iterator[str]:
    """An activity's columns are the balances of its accounts, and what is available is never below 0."""
    budgets = Budget.objects.filter(scope=Scope.ACTIVITY).annotate(
        available=_in(Account.AVAILABLE),
        held=_in(Account.HELD),
        cost=_in(Account.COST) + _in(Account.UNKNOWN),
    )
    left = F("cap_microusd") - F("spent_microusd") - F("reserved_microusd")
    same = Q(available=left, held=F("reserved_microusd"), cost=F("spent_microusd"), available__gte=0)
    for budget in budgets.filter(~same).iterator():
        told = (budget.available, budget.held, budget.cost)
        yield f"Budget {budget.pk} and the books differ: available, held, spent are {told} µ$ there; {budget}."


def entries_belong_to_their_holds() -> Iterator[str]:
    """An entry about a hold is in the books of the hold's own activity."""
    for entry in Entry.objects.exclude(hold=None).exclude(budget=F("hold__budget")).iterator():
        yield f"Entry {entry.pk} is in the books of budget {entry.budget_id}, but its hold {entry.hold_id} is not."


def refunds_agree_with_entries() -> Iterator[str]:
    """What was refunded of a charge stands in the books, each under a key of its own, and is never more than it was."""
    keyed = Sum("entries__amount_microusd", filter=Q(entries__refund_key__isnull=False), default=0)
    holds = Hold.objects.values("pk", "refunded_microusd").annotate(posted=keyed, charged=_CHARGED)
    for hold in holds.filter(~Q(posted=F("refunded_microusd")) | Q(charged__lt=0)).iterator():
        yield f"Hold {hold['pk']}: {hold['refunded_microusd']} µ$ refunded, {hold['posted']} µ$ in the books."


CHECKS: Sequence[Callable[[], Iterator[str]]] = (
    ceilings_are_kept,
    budgets_agree_with_holds,
    holds_have_their_ceilings,
    holds_agree_with_entries,
    budgets_agree_with_entries,
    entries_belong_to_their_holds,
    refunds_agree_with_entries,
)


def violations() -> Iterator[str]:
    """Yield a sentence for everything in the books that is not as it must be."""
    for check in CHECKS:
        yield from check()


_CHARGED = Coalesce(F("settled_microusd"), Value(0)) - F("overdraw_microusd") - F("refunded_microusd")


def _in(account: Entry.Account) -> CombinedExpression:
    """Return how much is in an account of a hold's or a budget's entries: what came in less what went out."""
    came = Sum("entries__amount_microusd", filter=Q(entries__debit=account), default=0)
    went = Sum("entries__amount_microusd", filter=Q(entries__credit=account), default=0)
    return came - went


def _compared(statement: str, scope: Scope) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement that lays the ceilings of a scope and the sums of their holds side by side."""
    named = _NAMED[scope]
    summed = _SUMMED.format(
        selected=", ".join(f"{held_by} AS {name}" for name, held_by in named.items()),
        grouped=", ".join(named.values()),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(
                summed=summed,
                named=", ".join(f"summed.{name}" for name in named),
                joined=" AND ".join(f"summed.{name} = ceiling.{name}" for name in named),
            ),
            [scope],
        )
        yield from cursor
