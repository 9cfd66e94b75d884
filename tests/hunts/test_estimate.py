"""What is told of a run before it starts: companies, calls, prices, time, and where a limit would stop it."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from billing.ceilings import set_limit
from billing.models import Budget
from enrichment.models import Page, Snapshot
from hunts import searches
from hunts.amount_fields import DollarsField
from hunts.chat_models import Conversation
from hunts.estimate import Estimate, cost_of_first, estimate, of_rest
from hunts.figure_models import RunFigures
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256
from hunts.forms import HuntForm
from hunts.models import Hunt, Run, Source
from hunts.prices import ASKED_AT_MOST
from integrations.capabilities import Prices
from integrations.lexicon.text import sha256_of
from integrations.providers.exa import Exa
from integrations.providers.local import VERSION
from leads.models import Assessment, Lead
from tests.factories import (
    ICP,
    PAGE,
    CandidateFactory,
    CompanyFactory,
    CompanyListFactory,
    HuntFactory,
    JudgedLeadFactory,
    LeadFactory,
    RunFactory,
)

pytestmark = pytest.mark.django_db

FINTECH = "Fintech companies in the United Kingdom with 11-200 employees"
LIVE = {"HX-Request": "true"}


@pytest.fixture
def keys(settings):
    """Keys of Exa and OpenAI that nothing is asked with: there is nobody at these addresses."""
    providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
    providers["exa"] |= {"api_key": "exa-key", "base_url": "http://127.0.0.1:9"}
    providers["openai"] |= {"api_key": "openai-key", "base_url": "http://127.0.0.1:9/v1", "model": "gpt-4.1-mini"}
    settings.PROVIDERS = providers
    return providers


def estimated(workspace, *, source=Source.EXA, limit=60, icp=ICP, **more) -> Estimate:
    return estimate(icp, source=source, limit=limit, workspace_id=workspace.pk, **more)


def figures(workspace, *, judge=f"local/{VERSION}", spent=0, found=50, filters="", **more) -> RunFigures:
    row = RunFigures.objects.create(
        workspace=workspace,
        source=Source.EXA,
        judge=judge,
        status="succeeded",
        ended_at=timezone.now() - timedelta(days=1),
        found=found,
        screened=found,
        spent_microusd=spent,
        **more,
    )
    if filters:
        row.run = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)
        row.save()
        FilterHistory.objects.create(
            workspace=workspace, run=row.run, filters_sha256=filters, source="exa", limit=50, total=found, new=found
        )
    return row


def test_a_free_run_costs_nothing_and_promises_no_time_it_cannot_know(workspace):
    found = estimated(workspace, source=Source.SANDBOX)
    assert found.is_free
    assert (found.companies, found.found_by, found.seconds, found.cost_basis) == (60, "limit", None, "")
    assert found.judged_within(0) is None
    assert found.first_call_microusd == 0


def test_prices_are_those_of_the_lists_and_the_most_is_the_worst_of_all(workspace, keys):
    found = estimated(workspace, limit=60)
    search, _sites, judge = found.lines
    plan = searches.plan(ICP, source=Source.EXA, limit=60)
    assert (search.provider, search.calls) == ("Exa", len(plan))
    assert search.at_most_microusd == sum(7_000 + 1_000 * max(one.share - 10, 0) for one in plan)
    assert (judge.provider, judge.calls, judge.calls_at_most) == ("OpenAI (gpt-4.1-mini)", 60, ASKED_AT_MOST * 60)
    assert found.cost.at_most == search.at_most_microusd + judge.at_most_microusd
    assert search.at_most_microusd < found.cost.low < found.cost.usual < found.cost.high < found.cost.at_most
    assert found.first_call_microusd == search.each_microusd
    first = cost_of_first(found, ICP, companies=5)
    assert 0 < first.usual < found.cost.usual and 0 < first.at_most < found.cost.at_most


def test_past_runs_tell_the_range_where_there_are_enough_of_them(workspace, keys):
    name = "openai/gpt-4.1-mini"
    for spent in (100_000, 150_000):
        figures(workspace, judge=name, spent=spent, seconds=100.0)
    figures(workspace, judge="openai/gpt-4.1", spent=9_000_000, seconds=100.0)  # another model, another price
    assert estimated(workspace).cost_basis == ""
    figures(workspace, judge=name, spent=200_000, seconds=50.0)
    found = estimated(workspace, limit=50)
    assert (found.cost_basis, found.measure.runs) == ("source", 3)
    assert (found.cost.low, found.cost.usual, found.cost.high) == (110_000, 150_000, 190_000)
    assert found.seconds == 100.0


def test_runs_with_the_same_filters_tell_before_others_of_the_source(workspace, keys):
    name, same = "openai/gpt-4.1-mini", filters_sha256(ICP, source=Source.EXA)
    for _ in range(3):
        figures(workspace, judge=name, spent=500_000)
        figures(workspace, judge=name, spent=200_000, found=40, filters=same)
    found = estimated(workspace, limit=50)
    assert (found.cost_basis, found.found_by, found.companies) == ("filters", "last", 40)
    assert found.cost.usual == 200_000
    elsewhere = estimated(HuntFactory().workspace, limit=50)
    assert (elsewhere.cost_basis, elsewhere.companies) == ("", 50)


def test_a_directory_is_counted_and_what_is_judged_already_costs_nothing(workspace, django_assert_max_num_queries):
    companies = CompanyListFactory(workspace=workspace)
    names = [f"precision{number}.example" for number in range(6)]
    for name in names:
        CompanyFactory(list=companies, domain=name, country="AT", description="CNC machining of precision parts")
    icp = replace(ICP, industries=("machining",))
    judged = JudgedLeadFactory(workspace=workspace, handle=names[0])
    Assessment.objects.filter(lead=judged).update(judged_by=f"local/{VERSION}")
    LeadFactory(workspace=workspace, handle=names[1])
    read_lately(names[0], PAGE)
    read_lately(f"www.{names[2]}", "Another page")
    with django_assert_max_num_queries(20):
        found = estimated(workspace, source=Source.DIRECTORY, icp=icp)
    assert (found.companies, found.found_by) == (6, "counted")
    assert (found.known, found.reused, found.fetched) == (2, 1, 1)
    assert (found.novelty.found, found.novelty.new, found.to_judge) == (6, 4, 5)
    merged = Lead.objects.create(workspace=workspace, handle=names[3], name="Twin", merged_into=judged)
    assert merged.handle in names
    twins = estimated(workspace, source=Source.DIRECTORY, icp=icp)
    assert (twins.companies, twins.known, twins.reused) == (5, 2, 1)  # two names of one company
    only_new = estimated(workspace, source=Source.DIRECTORY, icp=icp, leaves_out_known=True)
    assert (only_new.companies, only_new.to_judge) == (5, 3)
    of_file = estimated(workspace, source=Source.FILE, icp=icp, company_list_id=companies.pk, limit=4)
    assert (of_file.companies, of_file.found_by) == (3, "counted")  # of four, two are one


def read_lately(host: str, text: str) -> None:
    Snapshot.keep([text])
    Page.objects.create(
        url_sha256=sha256_of(host),
        url=f"https://{host}/",
        host=host,
        snapshot_id=sha256_of(text),
        fetched_at=timezone.now(),
    )


def test_a_limit_below_the_cost_says_how_far_it_goes(workspace, keys, settings):
    settings.WORKER_CONCURRENCY = 4
    found = estimated(workspace, limit=60)
    search, call, each = found.cost.search, found.cost.call, (found.cost.usual - found.cost.search) / 60
    assert found.judged_within(search - 1) == found.judged_within(search) == 0
    assert found.judged_within(search + 3 * call) == 3  # no fourth one fits while they are under way
    assert found.judged_within(search + 4 * call + round(10.5 * each)) == 14
    assert found.judged_within(found.cost.at_most) is None


def test_a_ceiling_of_the_month_with_less_room_is_named_with_what_is_left(workspace, keys):
    set_limit(workspace, Budget.Scope.WORKSPACE, 300_000)
    set_limit(workspace, Budget.Scope.PROVIDER, 100_000, subject="openai")
    set_limit(workspace, Budget.Scope.PROVIDER, 1, subject="hunter")  # is not asked
    room = estimated(workspace).room_below(5_000_000)
    assert (room.scope, room.subject, room.left_microusd) == ("provider", "openai", 100_000)
    assert "$0.10 is left of your $0.10 with OpenAI" in room.sentence()
    assert estimated(workspace).room_below(50_000) is None


def test_a_limit_on_each_lead_below_one_judgement_is_told_of(workspace, keys):
    set_limit(workspace, Budget.Scope.LEAD, 1_000_000)
    assert not estimated(workspace).warning
    set_limit(workspace, Budget.Scope.LEAD, 1_000)
    assert "your limit for a single one is $0.001000: it will not be judged" in estimated(workspace).warning


def test_a_model_without_a_price_is_not_asked_and_that_is_said(workspace, keys):
    keys["openai"]["model"] = "gpt-unheard-of"
    found = estimated(workspace, source=Source.SANDBOX)
    assert found.is_free and found.judge == "Local judge"
    assert "No price is known for OpenAI (gpt-unheard-of)" in found.warning and "Language models" in found.warning
    assert [line.each_microusd for line in found.lines if "OpenAI" in line.provider] == [None]


def test_a_search_without_a_price_is_refused_by_name(workspace, keys, monkeypatch):
    monkeypatch.setattr(Exa, "prices", MappingProxyType({"search": Prices(per_call=None)}))
    found = estimated(workspace)
    assert found.cost.at_most is None and found.judged_within(5) is None
    assert "No price is known for Exa" in found.problem and "Choose another source" in found.problem


def test_the_dearest_model_that_may_stand_in_makes_the_most(workspace, keys):
    alone = estimated(workspace).cost.at_most
    keys["moonshot"] |= {"api_key": "moonshot-key", "base_url": "http://127.0.0.1:9/v1"}
    both = estimated(workspace)
    preferred, stands_in = both.lines[-2:]
    assert both.cost.at_most >= alone
    assert (preferred.calls, stands_in.calls) == (60, 0)


def test_going_on_costs_what_is_left(workspace, keys):
    run = RunFactory(hunt__workspace=workspace, source=Source.EXA)
    for status in ("qualified", "rejected", "queued", "working", "queued"):
        CandidateFactory(run=run, status=status)
    rest = of_rest(run)
    assert (rest.companies, rest.cost.search) == (3, 0)
    assert rest.cost.at_most == ASKED_AT_MOST * 3 * rest.cost.call > 0
    assert of_rest(run, companies=1).cost.at_most == ASKED_AT_MOST * rest.cost.call
    Run.objects.filter(pk=run.pk).update(discovered_at=None)
    run.refresh_from_db()
    assert of_rest(run).cost.search > 0


@pytest.mark.parametrize(
    ("typed", "language", "amount"),
    [
        ("12.50", "en", "12.50"),
        ("12,50", "en", "12.50"),
        ("12,50", "sr-latn", "12.50"),
        ("12.50", "sr-latn", "12.50"),
        ("1,250", "en", "1250"),
        ("1.250", "sr-latn", "1250"),
        ("1.250,50", "en", "1250.50"),
        (" $5 ", "zh-hans", "5"),
        ("0", "en", "0"),
    ],
)
def test_amounts_are_read_as_they_are_written(typed, language, amount):
    with translation.override(language):
        assert DollarsField().clean(typed) == pytest.approx(type(DollarsField().clean("1"))(amount))


BAD_AMOUNTS = [
    "-1",
    "1e30",
    "1e3",
    "NaN",
    "Infinity",
    "five",
    "12,5,0",
    "1.234",
    "€5",
    "9" * 50,
    "10001",
    "",
    "  ",
    "5\0",
]


@pytest.mark.parametrize("typed", BAD_AMOUNTS, ids=repr)
def test_what_is_no_amount_is_refused_at_its_field_and_stays_there(client_of_owner, conversation, typed):
    page = start(client_of_owner, conversation, action="start", max_spend=typed)
    assert page.status_code == 422
    errors = page.text.split('id="errors-max_spend"')[1].split("</div>")[0]
    assert 'role="alert"' in errors
    assert 'id="limit" name="limit" value="17"' in page.text
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed"),
    [("limit", "0"), ("limit", "-3"), ("limit", str(10**9)), ("limit", "many"), ("limit", ""), ("limit", "1.5"),
     ("max_leads", "0"), ("max_leads", "x"), ("source", "nowhere"), ("source", ""), ("list", "999")],
)  # fmt: skip
def test_a_limit_without_sense_is_refused_at_its_field(client_of_owner, conversation, field, typed):
    page = start(client_of_owner, conversation, action="start", **{field: typed})
    assert page.status_code == 422
    assert 'role="alert"' in page.text.split(f'id="errors-{field}"')[1].split("</div>")[0]
    assert not Run.objects.exists()


@pytest.fixture
def conversation(client_of_owner, workspace, sandbox) -> Conversation:
    client_of_owner.post("/hunts/new", {"brief": FINTECH})
    return Conversation.objects.get(workspace=workspace)


def start(client, conversation, **more):
    asked = {"source": "sandbox", "limit": "17", "max_spend": "5", **more}
    headers = more.pop("headers", {})
    return client.post(reverse("hunts:start", args=[conversation.pk]), asked, headers=headers)


def test_an_estimate_leaves_the_fields_as_they_are_being_typed_into(client_of_owner, conversation):
    address = reverse("hunts:start", args=[conversation.pk])
    asked = {"action": "estimate", "source": "sandbox", "limit": "abc", "max_spend": "5"}
    page = client_of_owner.post(address, asked, headers=LIVE).text
    assert 'id="start"' not in page and 'name="limit"' not in page
    assert "Write a whole number, such as 50." in page and "Correct the fields above" in page
    assert not Hunt.objects.exists()


def test_a_started_hunt_takes_its_caps_and_a_sample_is_not_cut_short_by_them(client_of_owner, conversation):
    start(client_of_owner, conversation, action="sample", max_leads="3")
    start(client_of_owner, conversation, action="start", max_leads="3", max_spend="12,50")
    sample, whole = Run.objects.order_by("pk")
    assert (sample.max_leads, whole.max_leads, whole.hunt.max_leads) == (None, 3, 3)
    assert whole.budget.cap_microusd == 12_500_000


def test_too_little_for_the_first_paid_call_is_refused_before_the_start(client_of_owner, conversation, keys):
    page = start(client_of_owner, conversation, action="start", source="exa", max_spend="0")
    errors = page.text.split('id="errors-max_spend"')[1].split("</div>")[0]
    assert "less than the first paid call may cost" in errors
    assert not Run.objects.exists()


def test_the_panel_says_how_far_a_low_limit_goes(client_of_owner, conversation, keys):
    asked = {"action": "estimate", "source": "exa", "limit": "60", "max_spend": "0.20"}
    page = client_of_owner.post(reverse("hunts:start", args=[conversation.pk]), asked, headers=LIVE).text
    assert "With a limit of $0.20 this will judge about" in page and "of 60 companies." in page


def test_a_form_that_is_only_estimated_needs_no_file(workspace):
    asked = {"source": "file", "limit": "5", "max_spend": "1"}
    assert HuntForm(asked, workspace=workspace, without_file=True).is_valid()
    assert "companies" in HuntForm(asked, workspace=workspace).errors


def test_the_api_estimates_a_hunt(client_of_owner, client_of_stranger, workspace, keys):
    hunt = HuntFactory(workspace=workspace, source=Source.EXA, limit=60, max_spend_microusd=200_000)
    address = f"/api/hunts/{hunt.pk}/estimate"
    told = client_of_owner.post(address, {}, content_type="application/json").json()
    assert (told["limit"], told["companies"], told["found_by"], told["cost_by"]) == (60, 60, "limit", "prices")
    assert 0 < told["judged_within_limit"] < 60
    assert {line["provider"] for line in told["calls"]} >= {"Exa", "OpenAI (gpt-4.1-mini)"}
    wider = {"limit": 10, "max_spend_microusd": 9_000_000}
    assert client_of_owner.post(address, wider, content_type="application/json").json()["judged_within_limit"] is None
    for bad in ({"limit": 0}, {"limit": 10**9}, {"max_spend_microusd": -1}, {"max_spend_microusd": "much"}):
        assert client_of_owner.post(address, bad, content_type="application/json").status_code == 422
    assert client_of_stranger.post(address, {}, content_type="application/json").status_code == 404
    assert not Run.objects.exists()
