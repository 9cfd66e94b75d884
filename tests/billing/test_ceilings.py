"""Ceilings beyond a run's own: of a workspace, a provider, a lead, and of the whole installation, each a month's."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Workspace
from billing import ceilings, ledger
from billing.invariants import violations
from billing.models import Budget

Scope = Budget.Scope

pytestmark = pytest.mark.django_db


def reserve(budget: Budget, amount: int, *, provider: str = "openai", lead: int | None = None) -> int:
    hold = ledger.reserve(budget.pk, amount, provider=provider, operation="complete", lead_ref=lead)
    assert hold is not None
    return hold


def of(scope: Scope, subject: str = "") -> Budget:
    return Budget.objects.get(scope=scope, subject=subject)


def limited(team: Workspace, settings, scope: Scope, amount: int) -> None:
    """Set the limit that a test is about."""
    if scope == Scope.INSTALLATION:
        settings.MONTHLY_SPENDING_LIMIT_MICROUSD = amount
    else:
        ceilings.set_limit(team, scope, amount, subject="openai" if scope == Scope.PROVIDER else "")


LIMITED = [pytest.param(scope, id=scope.value) for scope in Scope if scope != Scope.ACTIVITY]


@pytest.mark.parametrize("scope", LIMITED)
def test_a_call_takes_its_money_from_every_ceiling_or_from_none(team, activity, settings, scope):
    limited(team, settings, scope, 1_000_000)
    run = activity()
    reserve(run, 700_000, lead=7)
    with pytest.raises(ledger.OverCap) as refused:
        reserve(run, 300_001, lead=7)
    assert refused.value.ceiling.scope == scope
    assert set(Budget.objects.values_list("reserved_microusd", flat=True)) == {700_000}
    reserve(run, 300_000, lead=7)
    assert list(violations()) == []


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        pytest.param(Scope.WORKSPACE, "Your workspace's limit of $50.00 for November 2026 is reached.", id="workspace"),
        pytest.param(Scope.PROVIDER, "Your limit of $50.00 with openai for November 2026 is reached.", id="provider"),
        pytest.param(Scope.LEAD, "Your limit of $50.00 for a single lead in November 2026 is reached.", id="lead"),
        pytest.param(Scope.INSTALLATION, "This installation's limit for November 2026 is reached.", id="installation"),
    ],
)
def test_a_refusal_says_which_ceiling_how_much_it_is_and_what_to_do(team, activity, settings, monkeypatch, scope, says):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 21, tzinfo=UTC))
    limited(team, settings, scope, 50_000_000)
    with pytest.raises(ledger.OverCap) as refused:
        reserve(activity(60_000_000), 50_000_001, lead=7)
    assert str(refused.value).startswith(says)
    assert "Settings → Spending" in str(refused.value) or "Its operator can raise it" in str(refused.value)


def test_a_ceiling_holds_over_all_runs_of_a_workspace_and_not_for_another(team, activity):
    ceilings.set_limit(team, Scope.WORKSPACE, 1_000_000)
    reserve(activity(), 600_000)
    with pytest.raises(ledger.OverCap):
        reserve(activity(), 600_000)
    reserve(activity(workspace=Workspace.start("Other")), 600_000)


def test_other_providers_and_other_leads_have_ceilings_of_their_own(team, activity):
    ceilings.set_limit(team, Scope.PROVIDER, 100, subject="openai")
    ceilings.set_limit(team, Scope.LEAD, 150)
    run = activity()
    reserve(run, 100, lead=1)
    with pytest.raises(ledger.OverCap, match="openai"):
        reserve(run, 1, lead=2)
    reserve(run, 50, provider="kimi", lead=1)
    with pytest.raises(ledger.OverCap, match="single lead"):
        reserve(run, 1, provider="kimi", lead=1)
    reserve(run, 150, provider="kimi", lead=2)


def test_what_was_spent_before_a_limit_was_set_counts(team, activity):
    run = activity()
    ledger.settle(reserve(run, 800, lead=3), 700)
    reserve(run, 100, lead=3)
    for scope in (Scope.WORKSPACE, Scope.LEAD):
        ceilings.set_limit(team, scope, 900)
        with pytest.raises(ledger.OverCap):
            reserve(run, 101, lead=3)
    reserve(run, 100, lead=3)


def test_a_limit_below_what_is_spent_gives_nothing_more_even_when_holds_are_given_back(team, activity):
    run = activity()
    ledger.settle(reserve(run, 800), 700)
    held = reserve(run, 300)
    ceilings.set_limit(team, Scope.WORKSPACE, 500)
    ledger.release(held)
    with pytest.raises(ledger.OverCap):
        reserve(run, 1)
    assert of(Scope.WORKSPACE).cap_microusd == 500
    ceilings.set_limit(team, Scope.WORKSPACE, None)
    reserve(run, 1)
    assert list(violations()) == []


def test_a_limit_of_nothing_lets_only_free_calls_through(team, activity):
    ceilings.set_limit(team, Scope.WORKSPACE, 0)
    run = activity()
    with pytest.raises(ledger.OverCap):
        reserve(run, 1)
    assert ledger.reserve(run.pk, 0, provider="site", operation="read") is None


@pytest.mark.parametrize("limit", [pytest.param(-1, id="negative"), pytest.param(10**18, id="absurd")])
def test_a_limit_without_sense_is_refused(team, limit):
    with pytest.raises(ValueError, match="limit"):
        ceilings.set_limit(team, Scope.WORKSPACE, limit)


def test_the_installations_limit_follows_its_setting_within_the_month(activity, settings):
    run = activity()
    reserve(run, 600)
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 500
    with pytest.raises(ledger.OverCap, match="installation"):
        reserve(run, 1)
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 601
    reserve(run, 1)
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = None
    reserve(run, 1)


def test_a_new_month_begins_anew_and_a_hold_is_settled_in_the_month_it_was_made(team, activity, monkeypatch):
    ceilings.set_limit(team, Scope.WORKSPACE, 1_000)
    run = activity()
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    hold = reserve(run, 1_000)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    later = reserve(run, 400)
    ledger.settle(hold, 900)
    ledger.settle(later, 300)
    spent = Budget.objects.filter(scope=Scope.WORKSPACE).order_by("period").values_list("spent_microusd", flat=True)
    assert list(spent) == [900, 300]
    # A clock that jumps back finds the month that it had.
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    with pytest.raises(ledger.OverCap, match="November"):
        reserve(run, 101)


def test_a_cost_beyond_its_hold_is_charged_as_far_as_the_tightest_ceiling_allows(team, activity):
    ceilings.set_limit(team, Scope.PROVIDER, 1_000, subject="openai")
    run = activity()
    hold = reserve(run, 100)
    assert ledger.settle(hold, 5_000) == 1_000
    assert set(Budget.objects.values_list("spent_microusd", flat=True)) == {1_000}
    assert run.holds.get().overdraw_microusd == 4_000
    assert list(violations()) == []


def test_the_database_keeps_every_ceiling_itself(team, activity):
    ceilings.set_limit(team, Scope.WORKSPACE, 1_000)
    reserve(activity(), 600)
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(scope=Scope.WORKSPACE).update(spent_microusd=401)
