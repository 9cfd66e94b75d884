import pytest
from django.db import IntegrityError, transaction

from accounts.models import Workspace
from billing import ledger
from billing.invariants import violations
from billing.models import Budget, Hold


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
    assert ledger.settle(first, 400) == 50
    money.refresh_from_db()
    assert money.spent_microusd + money.reserved_microusd == 100
    hold = Hold.objects.get(pk=first)
    assert (hold.settled_microusd, hold.overdraw_microusd) == (400, 350)
    ledger.settle(second, 50)
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (100, 0)


@pytest.mark.django_db
def test_the_database_itself_refuses_to_cross_the_cap():
    money = budget(100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=money.pk).update(spent_microusd=101)


@pytest.mark.django_db
@pytest.mark.parametrize("cap", [pytest.param(0, id="nothing"), pytest.param(1, id="a-millionth")])
def test_a_cap_that_no_call_fits_under_gives_no_hold(cap):
    money = budget(cap)
    with pytest.raises(ledger.OverCap):
        ledger.reserve(money.pk, 2, provider="exa", operation="search")
    assert ledger.reserve(money.pk, 0, provider="exa", operation="search") is None


@pytest.mark.django_db
@pytest.mark.parametrize("cap", [pytest.param(-1, id="negative"), pytest.param(10**18 + 1, id="absurd")])
def test_a_cap_without_sense_is_refused_by_the_database_and_by_the_ledger(cap):
    with pytest.raises(IntegrityError), transaction.atomic():
        budget(cap)
    money = budget(5)
    with pytest.raises(ValueError, match="trillion"):
        ledger.raise_cap(money.pk, cap)


@pytest.mark.django_db
def test_amounts_below_nothing_are_refused():
    money = budget(100)
    hold = ledger.reserve(money.pk, 10, provider="exa", operation="search")
    assert hold is not None
    with pytest.raises(ValueError, match="negative"):
        ledger.reserve(money.pk, -1, provider="exa", operation="search")
    with pytest.raises(ValueError, match="less than nothing"):
        ledger.settle(hold, -1)
    with pytest.raises(ValueError, match="amount"):
        ledger.refund(hold, 0, key="k")


@pytest.mark.django_db
def test_a_refund_gives_back_at_most_what_remains_of_the_charge_and_one_key_does_so_once():
    money = budget(100)
    hold = ledger.reserve(money.pk, 60, provider="exa", operation="search")
    assert hold is not None
    with pytest.raises(ledger.RefundRefused):
        ledger.refund(hold, 1, key="before-it-was-charged")
    ledger.settle(hold, 50)
    assert ledger.refund(hold, 30, key="first") is True
    assert ledger.refund(hold, 30, key="first") is False
    with pytest.raises(ledger.RefundRefused, match="another refund"):
        ledger.refund(hold, 10, key="first")
    with pytest.raises(ledger.RefundRefused, match="remains"):
        ledger.refund(hold, 21, key="second")
    assert ledger.refund(hold, 20, key="second") is True
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (0, 0)
    assert list(violations()) == []


@pytest.mark.django_db
def test_an_answer_that_comes_after_its_hold_was_written_off_puts_that_right():
    money = budget(100)
    hold = ledger.reserve(money.pk, 60, provider="exa", operation="search")
    assert hold is not None
    assert ledger.write_off(hold) is True
    assert ledger.write_off(hold) is False
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (60, 0)
    assert ledger.settle(hold, 25) == 25
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (25, 0)
    assert list(violations()) == []


@pytest.mark.django_db
def test_a_raised_cap_is_granted_in_the_books():
    money = budget(100)
    assert ledger.raise_cap(money.pk, 250) is True
    assert ledger.raise_cap(money.pk, 200) is False
    assert [entry.amount_microusd for entry in money.entries.order_by("pk")] == [100, 150]
    assert list(violations()) == []
