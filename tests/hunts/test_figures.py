"""The figures that stay of a run, as they follow the books after its end."""

import pytest
from django.db.models import Sum

from billing import ledger
from hunts import figures, pipeline, tasks
from hunts.figure_models import RunFigures
from hunts.models import Candidate, Run, Stage
from integrations.models import ProviderCall
from tests.factories import CandidateFactory, LeadFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(workspace) -> Run:
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run)
    return run


def reserve(run: Run, microusd: int, provider: str = "kimi") -> int:
    hold = ledger.reserve(run.budget_id, microusd, provider=provider, operation="complete")
    assert hold is not None
    return hold


def spend(run: Run, microusd: int, provider: str = "kimi") -> int:
    hold = reserve(run, microusd, provider)
    ledger.settle(hold, microusd)
    return hold


def kept(run: Run) -> tuple[int, dict[str, int]]:
    """Return what is kept of the run's money, in all and by provider."""
    found = RunFigures.objects.get(run=run)
    return found.spent_microusd, dict(found.spends.values_list("provider", "spent_microusd"))


def test_a_call_that_ends_after_the_run_was_cancelled_is_counted(run):
    spend(run, 700, "exa")
    under_way = reserve(run, 60_000)
    assert pipeline.cancel(run)
    assert kept(run) == (700, {"exa": 700})
    before = RunFigures.objects.values("ended_at", "status", "found", "left").get(run=run)
    ledger.settle(under_way, 50_000)
    tasks.sweep()
    assert kept(run) == (50_700, {"exa": 700, "kimi": 50_000})
    assert RunFigures.objects.values("ended_at", "status", "found", "left").get(run=run) == before


def test_a_call_of_unknown_fate_counts_when_it_is_written_off_and_no_more_once_it_is_given_back(run):
    hold = reserve(run, 900)
    pipeline.cancel(run)
    ledger.write_off(hold)
    tasks.sweep()
    assert kept(run) == (900, {"kimi": 900})
    ledger.refund(hold, 900, key="unbilled")
    tasks.sweep()
    assert kept(run) == (0, {})


def test_a_part_that_was_refunded_after_the_end_is_no_spending(run):
    hold = spend(run, 1_000)
    pipeline.cancel(run)
    ledger.refund(hold, 400, key="r")
    tasks.sweep()
    assert kept(run) == (600, {"kimi": 600})


def test_a_run_that_stopped_at_its_limit_is_counted_too_and_one_at_work_is_not(run):
    under_way = reserve(run, 500)
    pipeline.cancel(run)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.PAUSED)
    ledger.settle(under_way, 500)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    assert figures.recount_moved_money() == 0
    Run.objects.filter(pk=run.pk).update(status=Run.Status.PAUSED)
    assert (figures.recount_moved_money(), figures.recount_moved_money()) == (1, 0)
    assert kept(run) == (500, {"kimi": 500})


def test_what_is_kept_by_provider_adds_up_to_what_was_spent_also_where_more_was_asked_than_charged(run):
    """A call that asks for more than its hold and the limit leave is charged what there was room for."""
    run.budget.cap_microusd = 1_000
    run.budget.save()
    spend(run, 300, "exa")
    hold = reserve(run, 600)
    ledger.settle(hold, 5_000)
    ProviderCall.objects.create(
        workspace=run.workspace, run_ref=str(run.pk), key="k", provider="kimi", status="answered", cost_microusd=5_000
    )
    pipeline.cancel(run)
    assert kept(run) == (1_000, {"exa": 300, "kimi": 700})
    found = RunFigures.objects.get(run=run)
    assert found.spends.aggregate(all=Sum("spent_microusd"))["all"] == found.spent_microusd


def test_a_lead_counts_where_it_qualified_first_also_when_an_earlier_run_had_found_it_and_was_cancelled(workspace):
    first = RunFactory(hunt__workspace=workspace)
    judged, unfinished, rejected = (LeadFactory(workspace=workspace) for _ in range(3))
    done = {"stage": Stage.DELIVER, "status": Candidate.Status.QUALIFIED}
    CandidateFactory(run=first, lead=judged, **done)
    CandidateFactory(run=first, lead=unfinished, stage=Stage.CRAWL, status=Candidate.Status.QUEUED)
    CandidateFactory(run=first, lead=rejected, stage=Stage.QUALIFY, status=Candidate.Status.REJECTED)
    pipeline.cancel(first)
    second = RunFactory(hunt=first.hunt)
    for lead in (judged, unfinished, rejected):
        CandidateFactory(run=second, lead=lead, is_known=True, **done)
    pipeline.cancel(second)
    found = {one.run_id: (one.qualified, one.qualified_new) for one in RunFigures.objects.all()}
    assert found == {first.pk: (1, 1), second.pk: (3, 2)}
    again = figures.keep(Run.objects.get(pk=first.pk))
    assert again.qualified_new == 1
