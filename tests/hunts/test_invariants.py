"""Each rule finds what breaks it, and says which row it is; the command tells it to operators."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.models import Budget, Hold
from hunts import claims, invariants
from hunts.models import Candidate, Run
from hunts.research_models import Research
from integrations.models import ProviderCall
from tests.factories import JudgedLeadFactory, LeadFactory, WorkspaceFactory
from tests.hunts.test_claims import running_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return running_run()


def found(run: Run) -> str:
    return " ".join(invariants.violations(run.workspace_id))


def call(run: Run, **columns: object) -> ProviderCall:
    values = {"workspace": run.workspace, "run_ref": str(run.pk), "key": "k", "status": ProviderCall.Status.ANSWERED}
    return ProviderCall.objects.create(provider="openai", operation="complete", **values | columns)


def test_nothing_is_found_where_all_is_well(run):
    claims.claim(run.pk, 1)
    assert found(run) == ""


def test_a_run_that_is_over_without_an_end(run):
    Run.objects.update(status=Run.Status.FAILED)
    assert f"Run {run.pk} is failed, and its end is given as None." in found(run)


def test_a_live_run_that_may_not_spend(run):
    run.budget.is_open = False
    run.budget.save()
    assert f"Run {run.pk} is running, but its budget {run.budget_id} is closed." in found(run)


def test_a_candidate_that_is_worked_on_without_a_lease(run):
    Candidate.objects.update(status=Candidate.Status.WORKING)
    assert "being worked on without a lease" in found(run)


def test_a_candidate_that_is_over_without_an_end(run):
    Candidate.objects.filter(position=0).update(status=Candidate.Status.REJECTED)
    assert f"Candidate {run.candidates.get(position=0).pk} of run {run.pk} is rejected, its end" in found(run)


def test_a_run_that_succeeded_with_work_left(run):
    run.budget.is_open = False
    run.budget.save()
    Run.objects.update(status=Run.Status.SUCCEEDED, finished_at=timezone.now())
    assert f"but its run {run.pk} succeeded" in found(run)


def test_a_qualified_candidate_without_a_score(run):
    Candidate.objects.filter(position=0).update(status=Candidate.Status.QUALIFIED, finished_at=timezone.now())
    assert "is qualified without a score" in found(run)


def test_a_judgement_of_another_lead(run):
    Candidate.objects.filter(position=0).update(assessment=JudgedLeadFactory().assessment)
    assert "which is about another lead" in found(run)


def test_a_lead_of_another_workspace(run):
    Candidate.objects.filter(position=0).update(lead=LeadFactory(workspace=WorkspaceFactory()))
    assert "is a lead of another workspace" in found(run)


def test_a_cost_that_no_hold_paid_for(run):
    call(run, cost_microusd=70)
    assert f"Run {run.pk} has spent 0 µ$ of its budget {run.budget_id}, its calls cost 70 µ$." in found(run)


def test_a_cost_of_a_research_that_no_hold_paid_for(run):
    lead = LeadFactory(workspace=run.workspace)
    budget = Budget.objects.create(workspace=run.workspace, cap_microusd=100)
    research = Research.objects.create(workspace=run.workspace, lead=lead, budget=budget)
    assert found(run) == ""
    call(run, run_ref=f"research:{research.pk}", cost_microusd=7)
    assert f"Run research:{research.pk} has spent 0 µ$ of its budget {budget.pk}, its calls cost 7 µ$." in found(run)


def test_a_charge_without_a_call(run):
    values = {
        "provider": "openai",
        "operation": "complete",
        "amount_microusd": 5,
        "settled_microusd": 5,
        "period": "2026-11-01",
    }
    hold = Hold.objects.create(budget=run.budget, workspace=run.workspace, status=Hold.Status.SETTLED, **values)
    assert f"Hold {hold.pk} was settled at 5 µ$, and no call says that it cost that." in found(run)


def test_a_scored_candidate_at_another_price_than_its_calls(run):
    candidate = run.candidates.get(position=0)
    call(run, candidate_ref=str(candidate.pk), cost_microusd=70)
    columns = {"status": Candidate.Status.REJECTED, "finished_at": timezone.now(), "score": 1, "tier": "C"}
    Candidate.objects.filter(pk=candidate.pk).update(cost_microusd=60, **columns)
    assert f"Candidate {candidate.pk} cost 60 µ$, and its calls 70 µ$" in found(run)


@pytest.mark.django_db(transaction=True)
def test_the_command_says_what_is_wrong_and_ends_with_1():
    run = running_run()
    out = StringIO()
    call_command("check_invariants", stdout=out)
    assert out.getvalue() == "All is as it must be.\n"
    Run.objects.update(status=Run.Status.FAILED)
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("check_invariants", workspace=run.workspace.slug, as_json=True, stdout=out)
    assert error.value.returncode == 1
    assert any(f"Run {run.pk} is failed" in line for line in json.loads(out.getvalue())["violations"])


@pytest.mark.django_db(transaction=True)
def test_the_command_looks_at_one_workspace_where_it_is_told_to():
    Run.objects.filter(pk=running_run().pk).update(status=Run.Status.FAILED)
    other = WorkspaceFactory()
    out = StringIO()
    call_command("check_invariants", workspace=other.slug, stdout=out)
    assert "All is as it must be" in out.getvalue()
