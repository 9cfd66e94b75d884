import pytest
from django.db import IntegrityError, transaction
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import Workspace
from billing import ledger
from billing.models import Budget, Hold
from tests.harness.processes import start_python

SPENDER = """
from billing import ledger
won = 0
for _ in range(40):
    try:
        hold = ledger.reserve(int(sys.argv[1]), 7, provider="exa", operation="search")
    except ledger.OverCap:
        continue
    ledger.settle(hold, 7)
    won += 1
print(won)
"""


def budget(cap: int) -> Budget:
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=cap)


@pytest.mark.django_db
def test_a_hold_that_would_cross_the_cap_is_refused_and_nothing_changes():
    money = budget(100)
    ledger.reserve(money.pk, 60, provider="exa", operation="search")
    with pytest.raises(ledger.OverCap):
        ledger.reserve(money.pk, 41, provider="exa", operation="search")
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (0, 60)


@pytest.mark.django_db
def test_a_closed_budget_gives_no_hold_not_even_for_a_free_call():
    money = budget(100)
    ledger.close(money.pk)
    for amount in (0, 1):
        with pytest.raises(ledger.Closed):
            ledger.reserve(money.pk, amount, provider="exa", operation="search")


@pytest.mark.django_db
def test_a_hold_is_settled_once():
    money = budget(100)
    hold = ledger.reserve(money.pk, 60, provider="exa", operation="search")
    assert hold is not None
    ledger.settle(hold, 25)
    ledger.settle(hold, 25)
    ledger.release(hold)
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (25, 0)


@pytest.mark.django_db
def test_a_call_that_cost_more_than_its_hold_never_takes_the_budget_over_its_cap():
    money = budget(100)
    first = ledger.reserve(money.pk, 40, provider="openai", operation="complete")
    second = ledger.reserve(money.pk, 50, provider="openai", operation="complete")
    ledger.settle(first, 400)
    money.refresh_from_db()
    assert money.spent_microusd + money.reserved_microusd == 100
    assert Hold.objects.get(pk=first).settled_microusd == 400
    ledger.settle(second, 50)
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (100, 0)


@pytest.mark.django_db
def test_the_database_itself_refuses_to_cross_the_cap():
    money = budget(100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=money.pk).update(spent_microusd=101)


@pytest.mark.django_db(transaction=True)
def test_four_processes_cannot_spend_more_than_the_cap():
    money = budget(500)
    spenders = [start_python(SPENDER, str(money.pk)) for _ in range(4)]
    outcomes = [spender.communicate(timeout=60) for spender in spenders]
    assert all(spender.returncode == 0 for spender in spenders), outcomes
    won = sum(int(out) for out, _err in outcomes)
    money.refresh_from_db()
    assert won == 500 // 7
    assert (money.spent_microusd, money.reserved_microusd) == (won * 7, 0)


class Money(RuleBasedStateMachine):
    """Any order of reserve, settle, release and replays keeps the books."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = budget(1_000)
        self.open: dict[int, int] = {}
        self.closed: list[int] = []
        self.charged = 0

    @rule(amount=st.integers(1, 700))
    def reserve(self, amount: int) -> None:
        room = 1_000 - min(self.charged, 1_000) - sum(self.open.values())
        try:
            hold = ledger.reserve(self.budget.pk, amount, provider="exa", operation="search")
        except ledger.OverCap:
            assert amount > room
        else:
            assert hold is not None and amount <= room
            self.open[hold] = amount

    @precondition(lambda self: self.open)
    @rule(data=st.data(), actual=st.integers(0, 700))
    def settle(self, data, actual: int) -> None:
        hold = data.draw(st.sampled_from(sorted(self.open)))
        others = sum(self.open.values()) - self.open.pop(hold)
        ledger.settle(hold, actual)
        self.charged = min(self.charged + actual, 1_000 - others)
        self.closed.append(hold)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data) -> None:
        hold = data.draw(st.sampled_from(sorted(self.open)))
        del self.open[hold]
        ledger.release(hold)
        self.closed.append(hold)

    @precondition(lambda self: self.closed)
    @rule(data=st.data())
    def replay(self, data) -> None:
        hold = data.draw(st.sampled_from(self.closed))
        ledger.settle(hold, 500)
        ledger.release(hold)

    @invariant()
    def books_are_right(self) -> None:
        self.budget.refresh_from_db()
        assert self.budget.reserved_microusd == sum(self.open.values())
        assert self.budget.spent_microusd == self.charged
        assert self.budget.spent_microusd + self.budget.reserved_microusd <= self.budget.cap_microusd


class MoneyTest(TestCase):
    def test_any_order_of_moves_keeps_the_books(self) -> None:

        run_state_machine_as_test(
            Money, settings=hypothesis_settings(max_examples=25, stateful_step_count=20, deadline=None)
        )
