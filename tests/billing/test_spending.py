"""The page of a workspace's spending: what was spent on what, the limits, and who may set them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from billing import ceilings, ledger, spending
from billing.models import Budget, Hold, SpendingLimit
from billing.warnings import near_limits
from tests.conftest import signed_in

PAGE = "/settings/spending"
LIMITS = "/settings/spending/limits"
Scope = Budget.Scope


@pytest.fixture
def spend(workspace, owner):
    """Spend so much, by the owner unless somebody else is named."""
    budget = Budget.objects.create(workspace=workspace, cap_microusd=10**9, started_by=owner)

    def spend(microusd: int, *, provider: str = "exa", days_ago: int = 0, is_answered: bool = True) -> int:
        hold = ledger.reserve(budget.pk, microusd, provider=provider, operation="search", lead_ref=1)
        assert hold is not None
        if is_answered:
            ledger.settle(hold, microusd)
        Hold.objects.filter(pk=hold).update(created_at=timezone.now() - timedelta(days=days_ago))
        return hold

    return spend


@pytest.fixture
def on_the_21st(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 21, tzinfo=UTC))


def test_a_month_is_told_by_provider_day_and_member(workspace, owner, spend, on_the_21st):
    spend(3_000_000)
    spend(2_000_000, provider="openai", days_ago=2)
    spend(500_000, provider="openai", days_ago=1, is_answered=False)
    found = spending.Spent(workspace, ceilings.this_month())
    assert (found.spent_microusd, found.held_microusd) == (5_000_000, 500_000)
    used = [(row.name, row.spent_microusd, row.held_microusd, row.calls) for row in found.providers if row.is_used]
    assert used == [("exa", 3_000_000, 0, 1), ("openai", 2_000_000, 500_000, 2)]
    days = {day.date.day: day.spent_microusd for day in found.days if day.spent_microusd}
    assert (days, len(found.days)) == ({19: 2_000_000, 21: 3_000_000}, 21)
    assert [(row.name, row.spent_microusd) for row in found.members] == [(owner.email, 5_000_000)]
    assert found.projected_microusd == 5_000_000 * 30 / 20
    assert (found.unknown.count, found.unknown.microusd) == (1, 500_000)


def test_refunds_and_overdraw_are_no_spending(workspace, spend):
    ledger.refund(spend(1_000), 400, key="r")
    ceilings.set_limit(workspace, Scope.WORKSPACE, 700)
    ledger.settle(spend(100, is_answered=False), 5_000)
    found = spending.Spent(workspace, ceilings.this_month())
    assert (found.spent_microusd, found.overdraw_microusd) == (700, 4_900)
    assert sum(row.spent_microusd for row in found.providers) == 700


def test_an_editor_sets_limits_and_only_what_was_changed_is_written(workspace, client_of_owner):
    ceilings.set_limit(workspace, Scope.LEAD, 1_234_567)
    limits = {"month": "50", "lead": "1.234567", "provider-exa": "0", "provider-openai": ""}
    answer = client_of_owner.post(LIMITS, limits)
    assert answer.status_code == 302
    rows = SpendingLimit.objects.filter(workspace=workspace).values_list("scope", "subject", "limit_microusd", "set_by")
    owner = workspace.members.get().pk
    assert sorted(rows) == [
        ("lead", "", 1_234_567, None),
        ("provider", "exa", 0, owner),
        ("workspace", "", 50_000_000, owner),
    ]
    client_of_owner.post(LIMITS, limits | {"month": ""})
    assert ceilings.limit_of(workspace.pk, Scope.WORKSPACE) is None


@pytest.mark.parametrize("amount", ["-1", "1000000.01", "1e99", "NaN", "Infinity", "much", "0.0000001"])
def test_an_amount_without_sense_changes_nothing_and_is_explained(workspace, client_of_owner, amount):
    answer = client_of_owner.post(LIMITS, {"month": amount, "lead": "3"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Enter an amount from 0 to 1,000,000 dollars, such as 50 or 49.99." in page and f'value="{amount}"' in page
    assert not SpendingLimit.objects.exists()


def test_a_viewer_looks_and_a_stranger_sees_nothing_of_it(workspace, viewer, client_of_stranger, spend, client):
    spend(7_770_000)
    page = signed_in(viewer).get(PAGE).content.decode()
    assert "$7.77" in page and "<form" in page and LIMITS not in page
    assert signed_in(viewer).post(LIMITS, {"month": "1"}).status_code == 403
    assert "$7.77" not in client_of_stranger.get(PAGE).content.decode()
    assert client.get(PAGE).status_code == 302


def test_the_page_warns_from_four_fifths_of_a_limit_on(workspace, client_of_owner, spend):
    ceilings.set_limit(workspace, Scope.WORKSPACE, 10_000_000)
    spend(7_900_000)
    under_way = spend(2_000_000, is_answered=False)
    assert near_limits(workspace.pk) == [], "what is set aside may come back"
    ledger.settle(under_way, 600_000)
    assert [(one.key.split(":")[0], one.share, one.is_reached) for one in near_limits(workspace.pk)] == [
        ("workspace", 0.85, False)
    ]
    assert "85 % of your workspace&#x27;s limit of $10.00" in client_of_owner.get(PAGE).content.decode()
    ceilings.set_limit(workspace, Scope.PROVIDER, 1_000_000, subject="exa")
    page = client_of_owner.get(PAGE).content.decode()
    assert "Your limit of $1.00 with Exa" in page and "Raise the limit below, then resume them." in page


def test_earlier_months_can_be_looked_at(workspace, client_of_owner, spend, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 10, 5, tzinfo=UTC))
    spend(4_440_000)
    monkeypatch.undo()
    assert "$4.44" in client_of_owner.get(f"{PAGE}?month=2026-10").content.decode()
    assert client_of_owner.get(f"{PAGE}?month=2026-13").status_code == 404


def test_a_new_workspace_is_told_what_will_stand_there(client_of_owner):
    assert "Nothing was spent" in client_of_owner.get(PAGE).content.decode()
