"""What is told of a run before it starts: companies, calls, prices, time, and where a limit would stop it."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from django.utils import timezone

from billing.ceilings import set_limit, this_month
from billing.models import Budget
from enrichment.models import Page, Snapshot
from hunts import searches, startpage
from hunts.estimate import Estimate, cost_of_first, estimate, of_rest
from hunts.figure_models import RunFigures
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256
from hunts.models import Run, Source
from hunts.prices import ASKED_AT_MOST, searching
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
    read_by(workspace, names[2])
    with django_assert_max_num_queries(21):
        found = estimated(workspace, source=Source.DIRECTORY, icp=icp)
    assert (found.companies, found.found_by) == (6, "counted")
    assert (found.known, found.reused, found.fetched) == (3, 1, 1)
    assert (found.novelty.found, found.novelty.new, found.to_judge) == (6, 3, 5)
    merged = Lead.objects.create(workspace=workspace, handle=names[3], name="Twin", merged_into=judged)
    assert merged.handle in names
    twins = estimated(workspace, source=Source.DIRECTORY, icp=icp)
    assert (twins.companies, twins.known, twins.reused) == (5, 3, 1)  # two names of one company
    only_new = estimated(workspace, source=Source.DIRECTORY, icp=icp, leaves_out_known=True)
    assert (only_new.companies, only_new.to_judge) == (5, 2)
    of_file = estimated(workspace, source=Source.FILE, icp=icp, company_list_id=companies.pk, limit=4)
    assert (of_file.companies, of_file.found_by) == (3, "counted")  # of four, two are one


def test_nobody_finds_out_which_sites_others_have_read(workspace):
    companies = CompanyListFactory(workspace=None)
    CompanyFactory(list=companies, domain="precision.example", country="AT", description="CNC machining of parts")
    icp = replace(ICP, industries=("machining",))
    read_lately("precision.example", PAGE)
    reader = HuntFactory().workspace
    read_by(reader, "precision.example")
    assert [estimated(one, source=Source.DIRECTORY, icp=icp).fetched for one in (workspace, reader)] == [0, 1]


def read_by(workspace, handle: str) -> None:
    lead = LeadFactory(workspace=workspace, handle=handle)
    CandidateFactory(run__hunt__workspace=workspace, lead=lead, status="rejected", facts={"pages": []})


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


@pytest.mark.parametrize(("left", "is_reached"), [(2_000_000, False), (200_000, False), (6_999, True)])
def test_of_what_all_tenants_spend_nobody_is_told_more_than_that_nothing_can_begin(
    workspace, client_of_owner, keys, settings, left, is_reached
):
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 77_000_000
    spent = 77_000_000 - left
    Budget.objects.create(scope="installation", period=this_month(), cap_microusd=77_000_000, spent_microusd=spent)
    found, hunt = estimated(workspace), HuntFactory(workspace=workspace, source=Source.EXA, limit=60)
    for cap in (100_000, 1_000_000, 5_000_000):
        said = startpage.notes(found, cap)
        asked = {"max_spend_microusd": cap}
        by_api = client_of_owner.post(f"/api/hunts/{hunt.pk}/estimate", asked, content_type="application/json").json()
        if is_reached:
            assert len(said) == 1 and "limit of this installation for this month is reached" in said[0]
            assert (by_api["stopped_by"], by_api["judged_within_limit"]) == (said[0], 0)
            assert "$" not in said[0]
        else:
            assert not found.room_below(cap) and by_api["stopped_by"] == ""
            assert by_api["judged_within_limit"] == found.judged_within(cap)


def test_a_limit_on_each_lead_below_one_judgement_is_told_of(workspace, keys):
    set_limit(workspace, Budget.Scope.LEAD, 1_000_000)
    assert not estimated(workspace).warning
    set_limit(workspace, Budget.Scope.LEAD, 1_000)
    assert "your limit for a single one is $0.001000: it will not be judged" in estimated(workspace).warning


def test_a_run_whose_only_model_has_no_price_cannot_begin_and_that_is_said(workspace, keys):
    keys["openai"]["model"] = "gpt-unheard-of"
    found = estimated(workspace, source=Source.SANDBOX)
    assert "No price is known for OpenAI (gpt-unheard-of)" in found.problem and "Language models" in found.problem
    assert [line.each_microusd for line in found.lines if "OpenAI" in line.provider] == [None]


def test_a_model_without_a_price_is_passed_over_for_the_next_and_that_is_said(workspace, keys):
    keys["kimi"] |= {"api_key": "kimi-key", "base_url": "http://127.0.0.1:9/v1", "model": "kimi-unheard-of"}
    found = estimated(workspace, source=Source.SANDBOX)
    assert found.judge == "OpenAI (gpt-4.1-mini)" and not found.problem
    assert "No price is known for Kimi (kimi-unheard-of), so it is not asked: OpenAI" in found.warning


@pytest.mark.parametrize(
    ("cap", "source", "told"),
    [
        pytest.param(50_000_000, Source.EXA, "at most $0.31, as estimated", id="less-than-the-limit"),
        pytest.param(100_000, Source.EXA, "at most $0.10, its limit", id="the-limit"),
        pytest.param(50_000_000, Source.SANDBOX, "costs nothing", id="nothing"),
        pytest.param(0, Source.EXA, "costs nothing", id="may-spend-nothing"),
    ],
)
def test_the_button_that_runs_a_hunt_again_says_the_most_that_it_can_cost(
    workspace, keys, client_of_owner, cap, source, told
):
    if source == Source.SANDBOX:
        keys["openai"]["api_key"] = ""
    hunt = HuntFactory(workspace=workspace, source=source, limit=10, max_spend_microusd=cap)
    page = client_of_owner.get(hunt.get_absolute_url()).content.decode()
    button = page[page.index("Run again") :].split("</button>")[0]
    assert told in button


def test_the_button_does_not_promise_a_price_where_none_is_known(workspace, keys, client_of_owner):
    keys["openai"]["model"] = "gpt-unheard-of"
    hunt = HuntFactory(workspace=workspace, max_spend_microusd=5_000_000)
    page = client_of_owner.get(hunt.get_absolute_url()).content.decode()
    assert "costs nothing" not in page and "No price is known for OpenAI (gpt-unheard-of)" in page


def test_a_search_without_a_price_is_refused_by_name(workspace, keys, monkeypatch):
    monkeypatch.setattr(Exa, "prices", MappingProxyType({"search": Prices(per_call=None)}))
    found = estimated(workspace)
    assert found.cost.at_most is None and found.judged_within(5) is None
    assert "No price is known for Exa" in found.problem and "Choose another source" in found.problem


def test_at_most_every_model_is_asked_as_often_as_the_calls_say(workspace, keys):
    alone = estimated(workspace).cost.at_most
    keys["moonshot"] |= {"api_key": "moonshot-key", "base_url": "http://127.0.0.1:9/v1"}
    both = estimated(workspace)
    preferred, stands_in = both.lines[-2:]
    assert both.cost.at_most == sum(line.at_most_microusd for line in both.lines) > alone
    first, search = cost_of_first(both, ICP, companies=5), searching(ICP, source=Source.EXA, limit=5)
    each = [line.each_microusd for line in both.lines[-2:]]
    assert first.at_most == search.total_microusd + 5 * ASKED_AT_MOST * sum(each)
    assert both.cost.call == max(each)
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


def test_a_sample_or_a_deleted_run_does_not_make_forget_what_is_judged_already(workspace, keys):
    filters = filters_sha256(ICP, source=Source.EXA)
    run = RunFactory(hunt__workspace=workspace, source=Source.EXA, status=Run.Status.SUCCEEDED)
    CandidateFactory(run=run, status="qualified")
    brought = {"workspace": workspace, "filters_sha256": filters, "source": "exa", "new": 1}
    FilterHistory.objects.create(run=run, limit=60, total=1, **brought)
    assert estimated(workspace).known == 1
    sample = RunFactory(hunt=run.hunt, source=Source.EXA, is_sample=True, limit=5, status=Run.Status.SUCCEEDED)
    FilterHistory.objects.create(run=sample, limit=5, total=5, **brought)
    assert estimated(workspace).known == 1
    FilterHistory.objects.create(run=None, limit=60, total=1, **brought)
    assert estimated(workspace).known == 1


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
