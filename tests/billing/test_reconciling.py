"""Calls that were sent and never answered: their money stays aside until it is counted, or given back with a reason."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from billing import ledger, reconciling
from billing.invariants import violations
from billing.models import Entry, Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold_of(activity):
    """Make a hold of so many hours ago."""

    def make(hours: float, amount: int = 100) -> Hold:
        pk = ledger.reserve(activity().pk, amount, provider="openai", operation="complete")
        assert pk is not None
        Hold.objects.filter(pk=pk).update(created_at=timezone.now() - timedelta(hours=hours))
        return Hold.objects.get(pk=pk)

    return make


def test_a_hold_waits_for_its_time_and_is_then_counted_as_spent_once(hold_of):
    old, young = hold_of(73), hold_of(71)
    assert reconciling.reconcile() == reconciling.Reconciled(1, 100)
    assert reconciling.reconcile() == reconciling.Reconciled(0, 0)
    for one in (old, young):
        one.refresh_from_db()
        one.budget.refresh_from_db()
    assert (old.status, old.budget.spent_microusd, old.budget.reserved_microusd) == ("spent_unknown", 100, 0)
    assert (young.status, young.budget.spent_microusd, young.budget.reserved_microusd) == ("held", 0, 100)
    assert list(old.entries.order_by("pk").values_list("debit", flat=True)) == ["held", "unknown"]
    assert list(violations()) == []


def test_a_call_that_may_be_under_way_is_never_reconciled_however_the_setting_is(hold_of, settings):
    settings.RECONCILE_AFTER_HOURS = 0
    hold_of(0.2)
    assert reconciling.reconcile().count == 0


def test_an_operator_gives_back_what_the_vendors_bill_does_not_show(hold_of):
    hold = hold_of(1)
    assert reconciling.give_back(hold, reason="not on bill 2026-11") is True
    assert reconciling.give_back(hold, reason="not on bill 2026-11") is False
    hold.budget.refresh_from_db()
    assert hold.budget.reserved_microusd == 0
    assert Entry.objects.get(debit="available", credit="held").note == "not on bill 2026-11"


def test_what_was_counted_already_can_be_given_back_too(hold_of):
    hold = hold_of(100)
    reconciling.reconcile()
    assert reconciling.give_back(hold, reason="not on the bill") is True
    assert reconciling.give_back(hold, reason="not on the bill") is False
    hold.budget.refresh_from_db()
    assert hold.budget.spent_microusd == 0
    assert list(violations()) == []


def test_what_is_counted_as_spent_while_an_operator_gives_it_back_is_given_back_all_the_same(hold_of):
    hold = hold_of(100)
    counted = []

    def another_process(execute, *query):
        """Reconcile right after the operator's first look at the hold."""
        seen = execute(*query)
        if not counted:
            counted.append(None)
            counted.append(reconciling.reconcile().count)
        return seen

    with connection.execute_wrapper(another_process):
        assert reconciling.give_back(hold, reason="not on the bill") is True
    assert counted == [None, 1]
    hold.budget.refresh_from_db()
    assert (hold.budget.spent_microusd, hold.budget.reserved_microusd) == (0, 0)
    assert reconciling.give_back(hold, reason="not on the bill") is False
    assert list(violations()) == []


def test_what_was_answered_after_all_is_not_given_back(hold_of):
    hold = hold_of(100)
    ledger.settle(hold.pk, 40)
    assert reconciling.give_back(hold, reason="not on the bill") is False
    hold.budget.refresh_from_db()
    assert hold.budget.spent_microusd == 40


def test_a_live_call_is_not_given_back_and_none_without_a_reason(hold_of):
    with pytest.raises(reconciling.StillLive):
        reconciling.give_back(hold_of(0.1), reason="impatient")
    with pytest.raises(ValueError, match="how you know"):
        reconciling.give_back(hold_of(5), reason=" ")


def test_the_command_says_what_it_did(hold_of, capsys):
    hold_of(80, 2_500_000)
    waiting = hold_of(2, 1_000_000)
    call_command("reconcile")
    assert capsys.readouterr().out == "1 holds counted as spent: $2.50.\n1 holds wait: $1.00.\n"
    call_command("reconcile", unbilled=waiting.pk, reason="bill 7")
    assert capsys.readouterr().out == f"Hold {waiting.pk} is given back: $1.00.\n"
    with pytest.raises(CommandError, match="no hold 999999"):
        call_command("reconcile", unbilled=999_999, reason="bill 7")
