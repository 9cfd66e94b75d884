"""Tests of language models are paid from the ledger: under the month's limits, and told apart on the spending page."""

import pytest

from billing import ceilings
from billing.models import Budget, Entry, Hold
from hunts.invariants import violations
from integrations.models import ProviderCall
from tests.conftest import signed_in
from tests.harness.language_model import Reply, in_turn, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]

PAGE = "/settings/models"
SPENDING = "/settings/spending"
Scope = Budget.Scope


def yes(_question) -> Reply:
    return Reply("ready")


@pytest.fixture
def kimi(vendors):
    (server,) = vendors(kimi=yes, tokens=(40, 1))
    return server


def try_out(client, slug: str = "kimi") -> str:
    return client.post(f"{PAGE}/{slug}/test").content.decode()


def test_a_test_is_held_and_settled_in_a_budget_of_its_own_that_is_closed(kimi, client_of_owner, workspace, owner):
    assert "It answered in" in try_out(client_of_owner)
    budget = Budget.objects.get(scope=Scope.ACTIVITY)
    assert (budget.workspace, budget.started_by, budget.is_open) == (workspace, owner, False)
    assert (budget.cap_microusd, budget.spent_microusd, budget.reserved_microusd) == (10_000, 42, 0)
    assert Hold.objects.get().settled_microusd == ProviderCall.objects.get().cost_microusd == 42
    spent = dict(Budget.objects.exclude(scope=Scope.ACTIVITY).values_list("scope", "spent_microusd"))
    assert spent == {Scope.INSTALLATION: 42, Scope.WORKSPACE: 42, Scope.PROVIDER: 42}
    assert list(violations()) == []


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (Scope.WORKSPACE, "Your workspace&#x27;s limit of $0.000100 for "),
        (Scope.PROVIDER, "Your limit of $0.000100 with Kimi for "),
        (Scope.INSTALLATION, "This installation&#x27;s limit for "),
    ],
)
def test_a_test_that_a_limit_of_the_month_leaves_no_room_for_is_refused_in_words(
    kimi, client_of_owner, workspace, settings, scope, told
):
    if scope == Scope.INSTALLATION:
        settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 100
    else:
        ceilings.set_limit(workspace, scope, 100, subject="kimi" if scope == Scope.PROVIDER else "")
    assert told in try_out(client_of_owner)
    assert not kimi.asked and not Hold.objects.exists()
    assert not Budget.objects.filter(scope=Scope.ACTIVITY, is_open=True).exists()
    assert list(violations()) == []


def test_a_model_without_a_price_is_not_tested_and_the_page_says_so(kimi, client_of_owner, settings):
    settings.PROVIDERS["kimi"]["model"] = "kimi-of-tomorrow"
    page = client_of_owner.get(PAGE).content.decode()
    assert "not asked: no price known" in page and "runs that have no other model end before they begin" in page
    assert page.count("state-succeeded") == 1  # only the local judge
    assert "price of this model is not known" in try_out(client_of_owner)
    assert not kimi.asked and not Budget.objects.exists()


def test_one_who_brings_nothing_to_pay_leaves_no_hold(vendors, client_of_owner):
    (server,) = vendors(local_server=yes)
    assert "It answered in" in try_out(client_of_owner, "local_server")
    assert server.asked and not Hold.objects.exists()


def test_a_test_that_is_refused_by_the_vendor_is_given_back(vendors, client_of_owner):
    vendors(kimi=in_turn(refused(400, {"message": "no"})))
    try_out(client_of_owner)
    assert Hold.objects.get().status == Hold.Status.RELEASED
    assert not Budget.objects.exclude(spent_microusd=0, reserved_microusd=0).exists()
    assert list(violations()) == []


def test_a_model_that_does_not_say_what_it_used_is_charged_at_what_was_set_aside(vendors, client_of_owner):
    vendors(kimi=lambda _question: Reply("ready", has_usage=False))
    try_out(client_of_owner)
    hold = Hold.objects.get()
    assert hold.settled_microusd == hold.amount_microusd > 0


def test_too_many_tests_make_no_budgets(kimi, client_of_owner, monkeypatch):
    monkeypatch.setattr("integrations.trial.MOST_AN_HOUR", 1)
    for _ in range(3):
        try_out(client_of_owner)
    assert Budget.objects.filter(scope=Scope.ACTIVITY).count() == 1
    assert Entry.objects.filter(debit="cost").count() == 1


def test_the_spending_page_tells_tests_apart_from_work(kimi, client_of_owner, viewer):
    assert "Tests of language models" not in client_of_owner.get(SPENDING).content.decode()
    for _ in range(2):
        try_out(client_of_owner)
    page = signed_in(viewer).get(SPENDING).content.decode()
    line = page[page.index("Tests of language models") :].split("</tr>")[0]
    assert "2 calls" in line and "$0.000084" in line
    work = page[page.index("Runs, conversations and research<") :].split("</tr>")[0]
    assert "0 calls" in work and "$0.00" in work
