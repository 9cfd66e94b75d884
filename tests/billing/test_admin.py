"""What staff can do with money in the console: give back and refund, once each, and nothing else."""

import re
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing import ledger
from billing.invariants import violations
from billing.models import Budget, Entry, Hold, SpendingLimit
from tests.conftest import signed_in
from tests.factories import UserFactory
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db

HOLDS = "admin:billing_hold_changelist"
LOOK = ("view_hold", "view_budget", "view_entry", "view_spendinglimit")
FACTS = (Budget, Entry, Hold, SpendingLimit)


class Staff(NamedTuple):
    user: User
    client: Client


@pytest.fixture
def staff():
    """Make a person of the staff with these permissions on money, who may look at it anyhow."""

    def make(*permissions: str) -> Staff:
        user = UserFactory(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=(*LOOK, *permissions)))
        return Staff(user, proved(signed_in(user)))

    return make


@pytest.fixture
def charged(activity):
    """Make a charge of so much."""

    def make(microusd: int = 5_000_000) -> Hold:
        pk = ledger.reserve(activity().pk, microusd, provider="openai", operation="complete")
        assert pk is not None
        ledger.settle(pk, microusd)
        return Hold.objects.get(pk=pk)

    return make


@pytest.fixture
def unanswered(activity) -> Hold:
    """A call of yesterday that was never answered."""
    pk = ledger.reserve(activity().pk, 700_000, provider="exa", operation="search")
    Hold.objects.filter(pk=pk).update(created_at=timezone.now() - timedelta(days=1))
    return Hold.objects.get(pk=pk)


def act(client: Client, action: str, *holds: Hold, **said: str) -> str:
    data = {"action": action, "_selected_action": [hold.pk for hold in holds], "key": "page-1", **said}
    return client.post(reverse(HOLDS), data, follow=True).text


def spent(hold: Hold) -> tuple[int, int]:
    money = Budget.objects.get(pk=hold.budget_id)
    return money.spent_microusd, money.reserved_microusd


def test_a_refund_gives_back_a_part_and_then_the_rest_and_says_who_and_why(staff, charged):
    hold, someone = charged(), staff("change_hold")
    assert f"Hold {hold.pk}: done." in act(someone.client, "refund", hold, reason="slow day", dollars="1.50")
    assert spent(hold) == (3_500_000, 0)
    entry = Entry.objects.get(refund_key__isnull=False)
    assert (entry.by_id, entry.note, entry.amount_microusd) == (someone.user.pk, "slow day", 1_500_000)
    assert "done." in act(someone.client, "refund", hold, reason="the rest", dollars="", key="page-2")
    assert spent(hold) == (0, 0)
    assert list(violations()) == []


@pytest.mark.parametrize("dollars", ["", "2", "5"])
def test_a_page_that_is_sent_twice_refunds_once(staff, charged, dollars):
    hold, client = charged(), staff("change_hold").client
    assert "done." in act(client, "refund", hold, reason="twice", dollars=dollars)
    after = spent(hold)
    assert f"Hold {hold.pk}: was done before." in act(client, "refund", hold, reason="twice", dollars=dollars)
    assert spent(hold) == after
    assert Entry.objects.exclude(refund_key=None).count() == 1


def test_each_page_has_a_key_of_its_own(staff, charged):
    charged()
    client = staff("change_hold").client
    keys = {re.search(r'name="key" value="([0-9a-f]{32})"', client.get(reverse(HOLDS)).text)[1] for _ in range(2)}
    assert len(keys) == 2


def test_more_than_what_remains_of_a_charge_is_refused(staff, charged):
    hold, client = charged(), staff("change_hold").client
    assert "more than what remains" in act(client, "refund", hold, reason="r", dollars="5.000001")
    act(client, "refund", hold, reason="r", dollars="4", key="page-2")
    assert "more than what remains" in act(client, "refund", hold, reason="r", dollars="1.01", key="page-3")
    act(client, "refund", hold, reason="r", key="page-4")
    assert "all of it is refunded" in act(client, "refund", hold, reason="r", key="page-5")
    assert spent(hold) == (0, 0)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"reason": ""}, id="no-reason"),
        pytest.param({"reason": " "}, id="blank-reason"),
        pytest.param({"reason": "r", "key": ""}, id="no-key"),
        pytest.param({"reason": "r", "dollars": "-1"}, id="less-than-nothing"),
        pytest.param({"reason": "r", "dollars": "0"}, id="nothing"),
        pytest.param({"reason": "r", "dollars": "0.0000001"}, id="less-than-a-micro-dollar"),
        pytest.param({"reason": "r", "dollars": "much"}, id="no-number"),
        pytest.param({"reason": "r", "dollars": "NaN"}, id="nan"),
        pytest.param({"reason": "r", "dollars": "1e30"}, id="absurd"),
    ],
)
def test_a_refund_without_sense_changes_nothing_and_says_so(staff, charged, said):
    hold = charged()
    page = act(staff("change_hold").client, "refund", hold, **said)
    assert re.search(r'<li class="error">(Nothing is refunded|Hold \d+: a refund needs)', page)
    assert spent(hold) == (5_000_000, 0)


def test_several_charges_are_refunded_each_by_itself(staff, charged):
    first, second = charged(1_000_000), charged(3_000_000)
    page = act(staff("change_hold").client, "refund", first, second, reason="r", dollars="2")
    assert f"Hold {first.pk}: That is more" in page and f"Hold {second.pk}: done." in page
    assert (spent(first), spent(second)) == ((1_000_000, 0), (1_000_000, 0))


def test_what_was_never_answered_is_given_back_once_with_a_reason(staff, unanswered):
    client = staff("change_hold").client
    assert "say how you know" in act(client, "give_back", unanswered)
    assert spent(unanswered) == (0, 700_000)
    assert "done." in act(client, "give_back", unanswered, reason="bill 11")
    assert "was done before." in act(client, "give_back", unanswered, reason="bill 11")
    assert spent(unanswered) == (0, 0)


def test_what_was_written_off_is_given_back_once(staff, unanswered):
    ledger.write_off(unanswered.pk)
    client = staff("change_hold").client
    assert "done." in act(client, "give_back", unanswered, reason="bill 11")
    assert "was done before." in act(client, "give_back", unanswered, reason="bill 11")
    assert spent(unanswered) == (0, 0)
    assert list(violations()) == []


def test_what_was_partly_refunded_is_not_given_back_whole(staff, unanswered):
    ledger.write_off(unanswered.pk)
    ledger.refund(unanswered.pk, 1, key="a cent")
    assert "more than what remains" in act(staff("change_hold").client, "give_back", unanswered, reason="bill 11")
    assert spent(unanswered) == (699_999, 0)


def test_a_call_that_may_be_under_way_is_not_given_back(staff, activity):
    hold = Hold.objects.get(pk=ledger.reserve(activity().pk, 10, provider="exa", operation="search"))
    assert "may still be under way" in act(staff("change_hold").client, "give_back", hold, reason="bill 11")
    assert spent(hold) == (0, 10)


def test_the_list_is_narrowed_down_to_what_needs_a_look(staff, charged, unanswered):
    refunded = charged()
    ledger.refund(refunded.pk, 1, key="r")
    client = staff().client
    shown = {
        look: re.findall(r'class="field-pk"><a href="[^"]*/(\d+)/', client.get(reverse(HOLDS), {"look": look}).text)
        for look in ("unknown", "refunded", "overdraw")
    }
    assert shown == {"unknown": [str(unanswered.pk)], "refunded": [str(refunded.pk)], "overdraw": []}


@pytest.mark.parametrize("action", ["refund", "give_back"])
def test_who_may_only_look_sees_no_action_and_a_forged_one_does_nothing(staff, charged, unanswered, action):
    client = staff().client
    hold = charged() if action == "refund" else unanswered
    before = spent(hold)
    page = client.get(reverse(HOLDS))
    assert page.status_code == 200 and f'value="{action}"' not in page.text
    act(client, action, hold, reason="r")
    assert spent(hold) == before
    assert not Entry.objects.exclude(refund_key=None).exists()


def test_a_customer_and_staff_without_rights_to_money_do_not_come_in(client_of_owner, charged):
    hold = charged()
    assert client_of_owner.get(reverse(HOLDS)).status_code == 302
    assert signed_in(UserFactory(is_staff=True)).get(reverse("admin:billing_entry_changelist")).status_code == 403
    other = signed_in(UserFactory(is_staff=True))
    for client in (client_of_owner, other):
        act(client, "refund", hold, reason="r")
    assert spent(hold) == (5_000_000, 0)


@pytest.mark.parametrize("model", FACTS)
def test_the_rows_of_money_are_only_looked_at_whatever_right_one_has(charged, team, model):
    root = signed_in(UserFactory(is_staff=True, is_superuser=True))
    charged()
    SpendingLimit.objects.create(workspace=team, scope="workspace", limit_microusd=5)
    name, row = model._meta.model_name, model.objects.latest("pk")
    before = list(model.objects.order_by("pk").values())
    one = reverse(f"admin:billing_{name}_change", args=[row.pk])
    page = root.get(one)
    assert page.status_code == 200 and 'class="readonly"' in page.text
    assert 'name="_save"' not in page.text and "deletelink" not in page.text
    all_of_them = reverse(f"admin:billing_{name}_changelist")
    assert "addlink" not in root.get(all_of_them).text.split('id="content-main"')[1]
    forged = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    root.post(all_of_them, forged)
    assert root.post(one, {"amount_microusd": 1, "limit_microusd": 1}).status_code == 403
    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("page", ["add", "delete"])
def test_entries_are_neither_added_nor_deleted_by_hand(charged, page):
    root = signed_in(UserFactory(is_staff=True, is_superuser=True))
    charged()
    before = list(Entry.objects.order_by("pk").values())
    args = [] if page == "add" else [before[-1]["id"]]
    values = {"post": "yes", "debit": "available", "credit": "funding", "amount_microusd": "5"}
    assert root.post(reverse(f"admin:billing_entry_{page}", args=args), values).status_code == 403
    assert list(Entry.objects.order_by("pk").values()) == before
