"""A worker is killed in the middle, with `kill -9`; another one finishes the run."""

import time

import pytest

from accounts.models import Workspace
from billing.models import Hold
from hunts.models import Candidate, Run
from integrations.models import ProviderCall
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.processes import start_python

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = """
from asgiref.sync import async_to_sync
from hunts import pipeline
async_to_sync(pipeline.work_on)(int(sys.argv[1]), concurrency=4)
"""

# The worker that is killed takes short leases, so that the next one need not wait long for what it held.
SHORT = {"LEASE_SECONDS": "3", "STAGE_DEADLINE_SECONDS": "2", "SITE_TURN_SECONDS": "3"}


def until(condition, seconds: float = 60.0) -> None:
    """Wait for something that another process does; fails when it does not happen."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.02)


def outcome(run: Run) -> list[tuple]:
    rows = run.candidates.order_by("lead__handle")
    return list(rows.values_list("lead__handle", "status", "tier", "score", "stage"))


def finish(run: Run, **environment: str) -> None:
    worker = start_python(WORKER, str(run.pk), **environment)
    _out, errors = worker.communicate(timeout=90)
    assert worker.returncode == 0, errors
    run.refresh_from_db()


def test_a_killed_run_is_finished_by_another_worker_with_the_same_result(sandbox, start_run):
    environment = {"SANDBOX_BASE_URL": sandbox.base_url}
    whole = start_run(workspace=Workspace.start("Whole"), limit=16)
    finish(whole, **environment)
    assert whole.status == Run.Status.SUCCEEDED

    killed = start_run(workspace=Workspace.start("Killed"), limit=16)
    worker = start_python(WORKER, str(killed.pk), **SHORT, **environment)
    until(lambda: killed.candidates.filter(status__in=Candidate.OVER).count() >= 3)
    worker.kill()
    worker.communicate()
    assert killed.candidates.unfinished().exists()

    finish(killed, **environment)
    assert killed.status == Run.Status.SUCCEEDED
    assert outcome(killed) == outcome(whole)
    assert killed.workspace.leads.count() == killed.candidates.count()


def test_an_answer_that_was_paid_for_is_not_paid_for_again_and_a_lost_one_stays_on_hold(sandbox, start_run):
    with LanguageModelServer(gullible) as server:
        environment = {
            "SANDBOX_BASE_URL": sandbox.base_url,
            "OPENAI_API_KEY": "sk-test-1",
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_MODEL": "gpt-4.1-mini",
        }
        run = start_run(limit=10, cap=5_000_000)
        worker = start_python(WORKER, str(run.pk), **SHORT, **environment)
        until(lambda: ProviderCall.objects.filter(status="answered").count() >= 2)
        server.may_answer.clear()
        until(lambda: Hold.objects.filter(status=Hold.Status.HELD).exists() or worker.poll() is not None)
        worker.kill()
        worker.communicate()
        lost = Hold.objects.filter(status=Hold.Status.HELD).count()
        server.may_answer.set()
        finish(run, **environment)

    assert run.status == Run.Status.SUCCEEDED
    paid_for = ProviderCall.objects.filter(status="answered")
    assert paid_for.count() == paid_for.values("candidate_ref").distinct().count()
    run.budget.refresh_from_db()
    assert run.budget.spent_microusd == sum(paid_for.values_list("cost_microusd", flat=True))
    held = Hold.objects.filter(status=Hold.Status.HELD)
    assert held.count() == lost
    assert run.budget.reserved_microusd == sum(held.values_list("amount_microusd", flat=True))
