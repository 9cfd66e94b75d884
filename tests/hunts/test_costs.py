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
    parts = costs.shares(total, count)
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


class Counted(int):
    """A number that counts how often numbers like it are looked up in a set or a dict."""

    lookups = 0

    def __hash__(self) -> int:
        Counted.lookups += 1
        return int.__hash__(self)


@pytest.mark.parametrize("qualified", [0, 300, 600])
def test_the_work_grows_with_the_candidates_and_not_with_their_square(qualified):
    found = [
        Candidate(pk=Counted(place), lead_id=place, status="qualified" if place < qualified else "rejected")
        for place in range(600)
    ]
    Counted.lookups = 0
    assert len(costs.RunCosts(found, {}, [costs.Line(costs.Kind.SEARCH, 7_001)], 0, 0).of_leads) == qualified
    assert Counted.lookups < 10 * len(found)


def charge(
    run: Run, microusd: int, *, candidate: Candidate | None = None, model: str = "", operation: str = ""
) -> None:
    """Make a call of a run, for a candidate or for the search."""
    lead = candidate.lead_id if candidate else None
    operation = operation or ("complete" if candidate else "search")
    provider = "openai" if model else "exa"
    hold = ledger.reserve(run.budget_id, microusd, provider=provider, operation=operation, lead_ref=lead)
    assert hold is not None
    ledger.settle(hold, microusd)
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
        cost_microusd=microusd,
        input_tokens=1_000 if model else 0,
        output_tokens=20 if model else 0,
    )


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
    found = costs.of_run(run)
    run.budget.refresh_from_db()
    assert found.microusd == run.budget.spent_microusd == 105_525
    assert sum(cost.microusd for cost in found.of_leads.values()) == found.microusd
    assert found.per_qualified_microusd == 35_175


def test_a_lead_shows_its_calls_and_its_shares(run):
    found = costs.of_run(run)
    first = found.of_leads[run.candidates.order_by("position").first().lead_id]
    told = {(line.kind, line.model): (line.microusd, line.calls, line.input_tokens) for line in first.lines}
    assert told[costs.Kind.MODEL, "gpt-4.1-mini"] == (1_001, 1, 1_000)
    assert told[costs.Kind.MODEL, "gpt-4.1"] == (17, 1, 1_000)
    assert told[costs.Kind.CONTACTS, ""] == (500, 1, 0)
    assert told[costs.Kind.SEARCH_SHARE, ""][0] in (14_286, 14_287)
    # Four companies that did not qualify: their shares of the search and two judgements, over three leads.
    assert told[costs.Kind.REJECTS_SHARE, ""][0] in range(19_715, 19_717)


def test_a_company_that_did_not_qualify_has_its_own_lines(run):
    last = run.candidates.order_by("position").last()
    cost = costs.of_run(run).of_candidate(last)
    assert [line.kind for line in cost.lines] == [costs.Kind.SEARCH_SHARE]


def test_nothing_is_lost_where_nobody_qualified_or_nothing_was_found():
    run = RunFactory()
    charge(run, 70)
    found = costs.of_run(run)
    assert (found.microusd, found.per_qualified_microusd, found.of_leads) == (70, None, {})


def test_what_was_refunded_is_no_cost_and_what_nobody_knows_is_told(run):
    hold = run.budget.holds.first()
    ledger.refund(hold.pk, 100_000, key="r")
    ledger.reserve(run.budget_id, 9, provider="exa", operation="search")
    found = costs.of_run(run)
    assert (found.microusd, found.unknown_microusd) == (5_525, 9)
    assert sum(cost.microusd for cost in found.of_leads.values()) == 5_525


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
