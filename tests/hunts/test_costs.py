"""What a lead and a run cost: every micro-dollar that was charged, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import ledger
from hunts import costs
from hunts.models import Candidate, Run
from integrations.models import ProviderCall
from tests.conftest import signed_in
from tests.factories import CandidateFactory, MembershipFactory, RunFactory

pytestmark = pytest.mark.django_db


@given(st.integers(0, 10**9), st.integers(1, 500))
def test_shares_sum_to_the_whole_and_differ_by_one_at_most(total, count):
    parts = [costs.share(total, count, place) for place in range(count)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize("qualified", [0, 300, 600])
def test_what_was_spent_on_a_search_is_shared_out_to_the_last_of_it(qualified):
    ways = [costs.Way(at, at, "qualified" if at < qualified else "rejected") for at in range(600)]
    found = costs.Shares(ways, {599: 13}, 7_001)
    shared = [line.microusd for place in found.qualified or range(600) for line in found.of(place)]
    assert sum(shared) == (7_001 + 13 if 0 < qualified < 600 else 7_001)


def charge(
    run: Run,
    microusd: int,
    *,
    settled: int | None = None,
    candidate: Candidate | None = None,
    model: str = "",
    operation: str = "",
) -> None:
    """Make a call of a run, for a candidate or for the search; it costs what was expected, or `settled`."""
    lead = candidate.lead_id if candidate else None
    operation = operation or ("complete" if candidate else "search")
    provider = "openai" if model else "exa"
    hold = ledger.reserve(run.budget_id, microusd, provider=provider, operation=operation, lead_ref=lead)
    assert hold is not None
    ledger.settle(hold, microusd if settled is None else settled)
    ProviderCall.objects.create(
        workspace=run.workspace,
        run_ref=str(run.pk),
        candidate_ref=str(candidate.pk) if candidate else "",
        key=str(hold),
        provider=provider,
        operation=operation,
        model=model,
        status="answered",
        hold_id=hold,
        cost_microusd=microusd if settled is None else settled,
        input_tokens=1_000 if model else 0,
        output_tokens=20 if model else 0,
    )


def of_leads(run: Run) -> dict[int, costs.LeadCost]:
    """Return what each qualified lead of a run cost, by lead."""
    found = costs.shares_of(run)
    return {cost.lead_id: cost for cost in costs.of_leads(run, found, found.qualified)}


def charged(run: Run) -> costs.Charged:
    return costs.charged(run, qualified=run.candidates.filter(status="qualified").count())


@pytest.fixture
def run() -> Run:
    """Seven companies, of which three qualified; amounts that do not divide."""
    run = RunFactory()
    found = [
        CandidateFactory(run=run, status=Candidate.Status.QUALIFIED if place < 3 else Candidate.Status.REJECTED)
        for place in range(7)
    ]
    charge(run, 100_003)
    for candidate in found[:5]:
        charge(run, 1_001, candidate=candidate, model="gpt-4.1-mini")
    charge(run, 17, candidate=found[0], model="gpt-4.1")
    charge(run, 500, candidate=found[0], operation="find_contacts")
    return run


def test_the_leads_costs_sum_to_what_the_run_was_charged(run):
    found = charged(run)
    run.budget.refresh_from_db()
    assert found.microusd == run.budget.spent_microusd == 105_525
    assert sum(cost.microusd for cost in of_leads(run).values()) == found.microusd
    assert found.per_qualified_microusd == 35_175


def test_the_lines_of_a_run_are_those_of_its_calls_the_dearest_first(run):
    told = [(line.kind, line.model, line.microusd, line.calls, line.output_tokens) for line in charged(run).lines]
    assert told == [
        (costs.Kind.SEARCH, "", 100_003, 1, 0),
        (costs.Kind.MODEL, "gpt-4.1-mini", 5_005, 5, 100),
        (costs.Kind.CONTACTS, "", 500, 1, 0),
        (costs.Kind.MODEL, "gpt-4.1", 17, 1, 20),
    ]


def test_an_answer_for_nothing_is_told_and_a_call_that_was_never_made_is_not(run):
    charge(run, 5, settled=0, model="gemma")
    given_back = ledger.reserve(run.budget_id, 9, provider="exa", operation="verify", lead_ref=None)
    ledger.release(given_back)
    last = charged(run).lines[-1]
    assert (last.model, last.microusd, last.calls) == ("gemma", 0, 1)
    assert len(charged(run).lines) == 5


def test_a_lead_shows_its_calls_and_its_shares(run):
    first = of_leads(run)[run.candidates.order_by("position").first().lead_id]
    told = {(line.kind, line.model): (line.microusd, line.calls, line.input_tokens) for line in first.lines}
    assert told[costs.Kind.MODEL, "gpt-4.1-mini"] == (1_001, 1, 1_000)
    assert told[costs.Kind.MODEL, "gpt-4.1"] == (17, 1, 1_000)
    assert told[costs.Kind.CONTACTS, ""] == (500, 1, 0)
    assert told[costs.Kind.SEARCH_SHARE, ""][0] in (14_286, 14_287)
    # Four companies that did not qualify: their shares of the search and two judgements, over three leads.
    assert told[costs.Kind.REJECTS_SHARE, ""][0] in range(19_715, 19_717)


def test_a_company_that_did_not_qualify_has_its_own_lines(run):
    last = run.candidates.order_by("position").last()
    assert [line.kind for line in costs.of_candidate(last).lines] == [costs.Kind.SEARCH_SHARE]
    judged = run.candidates.order_by("position")[4]
    assert [line.kind for line in costs.of_candidate(judged).lines] == [costs.Kind.MODEL, costs.Kind.SEARCH_SHARE]


def test_nothing_is_lost_where_nobody_qualified_or_nothing_was_found():
    run = RunFactory()
    charge(run, 70)
    found = charged(run)
    assert (found.microusd, found.per_qualified_microusd, of_leads(run)) == (70, None, {})


def test_what_was_refunded_is_no_cost_and_what_nobody_knows_is_told(run):
    hold = run.budget.holds.first()
    ledger.refund(hold.pk, 100_000, key="r")
    ledger.reserve(run.budget_id, 9, provider="exa", operation="search")
    found = charged(run)
    assert (found.microusd, found.unknown_microusd) == (5_525, 9)
    assert sum(cost.microusd for cost in of_leads(run).values()) == 5_525


def test_the_api_gives_the_leads_page_by_page_each_once_in_the_order_they_were_found(run):
    member = signed_in(MembershipFactory(workspace=run.workspace).user)
    address, cursor, pages = f"/api/runs/{run.pk}/costs", 0, []
    while cursor is not None:
        body = member.get(address, {"limit": 2, "cursor": cursor}).json()
        pages.append([lead["lead_id"] for lead in body["leads"]])
        assert (body["microusd"], body["qualified"]) == (105_525, 3)
        cursor = body["next_cursor"]
    qualified = run.candidates.filter(status="qualified").order_by("position")
    found = list(qualified.values_list("lead", flat=True))
    assert pages == [found[:2], found[2:]]


def test_the_api_tells_the_costs_to_members_only(run):
    address = f"/api/runs/{run.pk}/costs"
    body = signed_in(MembershipFactory(workspace=run.workspace).user).get(address).json()
    assert (body["microusd"], body["qualified"], len(body["leads"])) == (105_525, 3, 3)
    assert sum(lead["microusd"] for lead in body["leads"]) == 105_525
    assert signed_in(MembershipFactory().user).get(address).status_code == 404


def test_the_pages_show_the_lines(run):
    member = signed_in(MembershipFactory(workspace=run.workspace).user)
    page = member.get(run.get_absolute_url()).content.decode()
    assert "Per qualified lead, everything included" in page and "$0.035175" in page
    lead = run.candidates.order_by("position").first().lead
    page = member.get(f"{lead.get_absolute_url()}costs").content.decode()
    assert "Its share of companies that did not qualify" in page and "gpt-4.1-mini" in page
