"""Runs whose work has to wait, and workers that come and go in good order: neither is taken for a failure."""

import multiprocessing
import os
import signal
import time
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.db.models import Sum
from django.db.models.functions import Now

from billing import ceilings, ledger
from billing.models import Budget, Hold
from hunts import claims, hopeless, leaving, pipeline, tasks
from hunts.models import Candidate, Run
from tests.harness.processes import environment, until
from tests.hunts.test_claims import expire_leases, running_run
from tests.hunts.test_queue import end, start_cluster

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for(run: Run, seconds: int) -> None:
    """Have all companies of a run wait, as those of a service do that asked for patience."""
    run.candidates.update(not_before=Now() + timedelta(seconds=seconds))


def neglected(run: Run) -> bool:
    Run.objects.filter(pk=run.pk).update(nudged_at=Now() - timedelta(hours=1))
    return run.pk in claims.neglected(at_most=10)


def test_a_run_whose_companies_all_wait_is_not_given_up_however_many_workers_come_by():
    run = running_run(candidates=2)
    wait_for(run, 600)
    for _worker in range(hopeless.most_attempts() + 2):
        tasks.work(run.pk)
    tasks.sweep()
    run.refresh_from_db()
    assert (run.status, run.attempts) == (Run.Status.RUNNING, 0)


def test_a_worker_does_not_stay_with_a_run_that_has_nothing_to_do_for_long():
    run = running_run(candidates=1)
    wait_for(run, 600)
    assert not async_to_sync(pipeline.work_on)(run.pk, slice_seconds=3_600)


def test_a_run_that_waits_is_left_alone_until_the_first_of_its_companies_is_due():
    run = running_run(candidates=2)
    wait_for(run, 600)
    assert not neglected(run)
    run.candidates.filter(position=1).update(not_before=Now() - timedelta(seconds=1))
    assert neglected(run)


def test_a_run_whose_companies_are_all_done_but_that_nobody_concluded_is_looked_after():
    run = running_run(candidates=1)
    run.candidates.update(status=Candidate.Status.REJECTED)
    assert neglected(run)


def test_a_run_that_somebody_works_on_is_not_given_up_however_many_workers_had_nothing_to_do():
    run = running_run(candidates=1)
    assert claims.claim(run.pk, 1)
    Run.objects.filter(pk=run.pk).update(attempts=hopeless.most_attempts())
    assert not hopeless.runs().exists()
    expire_leases()
    assert hopeless.runs().exists()


def test_messages_of_a_worker_that_died_make_room_for_others_again(settings):
    run = running_run(candidates=2)
    Run.objects.filter(pk=run.pk).update(nudges=settings.Q_CLUSTER["workers"])
    claims.claim(run.pk, 1)
    expire_leases()
    claims.sweep()
    assert Run.objects.get(pk=run.pk).nudges == 0


def test_a_message_that_comes_after_its_run_was_cancelled_gives_it_no_beginning():
    run = running_run(candidates=1)
    pipeline.cancel(run)
    tasks.work(run.pk)
    assert Run.objects.get(pk=run.pk).started_at is None


def test_a_search_at_a_limit_waits_for_calls_under_way_instead_of_stopping_its_run(start_run, keys):
    run = start_run(cap=5_000_000)
    Run.objects.filter(pk=run.pk).update(source="exa")
    ceilings.set_limit(run.workspace, Budget.Scope.WORKSPACE, 10_000)
    other = Budget.objects.create(workspace=run.workspace, cap_microusd=10_000)
    hold = ledger.reserve(other.pk, 9_900, provider="exa", operation="search")
    async_to_sync(pipeline.work_on)(run.pk, slice_seconds=0.1)
    run.refresh_from_db()
    assert (run.status, run.discover_attempts) == (Run.Status.RUNNING, 0)

    # Spent, it leaves no room that could be waited for.
    ledger.settle(hold, 9_900)
    Run.objects.filter(pk=run.pk).update(discover_lease_expires_at=None)
    async_to_sync(pipeline.work_on)(run.pk, slice_seconds=0.1)
    run.refresh_from_db()
    assert (run.status, run.ceiling) == (Run.Status.PAUSED, Run.Ceiling.WORKSPACE)


def test_a_hold_that_is_settled_while_leads_begin_to_be_limited_leaves_nothing_set_aside(nursery):
    """Whoever counted it as held, and whoever settles it, agree on which ceilings it is taken from."""
    run = running_run(candidates=1)
    ledger.raise_cap(run.budget_id, 1_000_000)
    [lead] = run.candidates.values_list("lead", flat=True)
    for _round in range(10):
        hold = ledger.reserve(run.budget_id, 1_000, provider="openai", operation="judge", lead_ref=lead)
        settling = nursery.start("tests.hunts.crash_jobs.call", "billing.ledger.settle", hold, 700)
        ceilings.set_limit(run.workspace, Budget.Scope.LEAD, 500_000)
        settling.finish()
        assert not Budget.objects.filter(reserved_microusd__gt=0).exists()
        of_lead = Budget.objects.get(scope=Budget.Scope.LEAD)
        spent = Hold.objects.aggregate(spent=Sum("settled_microusd"))["spent"]
        assert of_lead.spent_microusd == spent
        ceilings.set_limit(run.workspace, Budget.Scope.LEAD, None)
        Budget.objects.filter(scope=Budget.Scope.LEAD).delete()


def _hang(is_at_it: Event) -> None:
    with leaving.obeying_sigterm():
        is_at_it.set()
        while True:  # and looks at nothing
            time.sleep(0.01)


def test_a_worker_that_hangs_is_ended_by_its_alarm_after_it_was_told_to_go(settings):
    settings.WORKER_GRACE_SECONDS = 0.1
    context = multiprocessing.get_context("fork")
    is_at_it = context.Event()
    worker = context.Process(target=_hang, args=(is_at_it,))
    worker.start()
    assert is_at_it.wait(30)
    worker.terminate()
    worker.join(30)
    assert worker.exitcode == -signal.SIGALRM


def test_a_cluster_whose_workers_nobody_looks_after_ends_so_that_it_is_started_again():
    cluster = start_cluster(environment(SECRET_KEY="test", LOG_LEVEL="ERROR"))
    try:
        until(lambda: _children(cluster.pid))
        [sentinel, *_] = _children(cluster.pid)
        until(lambda: _children(sentinel))
        os.kill(sentinel, signal.SIGKILL)
        assert cluster.wait(30) == 1
    finally:
        end(cluster)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
