"""Workers that are frozen, poisonous, told to go or cut off: who is not at it any more writes nothing."""

import signal
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import Workspace
from billing.models import Hold
from hunts import claims, hopeless, invariants, recording, tasks
from hunts.models import Candidate, Run
from integrations.models import ProviderCall
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.processes import outcome, until
from tests.hunts.conftest import asked_at
from tests.hunts.test_claims import running_run

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "tests.hunts.crash_jobs"


@pytest.fixture
def model(nursery, settings) -> Iterator[LanguageModelServer]:
    """The judge of the runs that processes of the nursery work on."""
    with LanguageModelServer(gullible) as server:
        settings.PROVIDERS = settings.PROVIDERS | {"openai": asked_at(server)}
        # What those who died had asked would count as asked within this minute.
        settings.LANGUAGE_MODEL_LIMITS = settings.LANGUAGE_MODEL_LIMITS | {"openai": {}}
        yield server


def expire(run: Run) -> None:
    """Let every lease of a run have ended, as time would."""
    claims.abandon(run.candidates.filter(status=Candidate.Status.WORKING))
    ended = Now() - timedelta(seconds=1)
    Run.objects.filter(pk=run.pk, discover_lease_expires_at__gt=ended).update(discover_lease_expires_at=ended)


def rows_of(run: Run) -> dict[str, list]:
    """Return all that a worker writes about a run, to compare."""
    return {
        "run": list(Run.objects.filter(pk=run.pk).values()),
        "candidates": list(run.candidates.order_by("pk").values()),
        "leads": list(run.workspace.leads.order_by("pk").values()),
        "events": list(run.events.order_by("pk").values()),
    }


def all_wait_for_the_model(run: Run) -> bool:
    """True when a worker can be frozen without a transaction in its hands."""
    working = run.candidates.filter(status=Candidate.Status.WORKING)
    held = Hold.objects.filter(status=Hold.Status.HELD).count()
    return held == working.filter(stage="qualify").count() == working.count() > 0


def test_a_worker_that_was_frozen_past_its_lease_changes_nothing_that_another_has_done(nursery, model, start_run):
    run = start_run(limit=4, cap=5_000_000)
    model.may_answer.clear()
    frozen = nursery.start(f"{JOBS}.work_whole", run.pk)
    until(lambda: all_wait_for_the_model(run))
    frozen.send(signal.SIGSTOP)
    expire(run)
    model.may_answer.set()
    assert nursery.run(f"{JOBS}.recover", run.pk) == Run.Status.SUCCEEDED
    done = rows_of(run)
    answered = ProviderCall.objects.filter(status="answered").count()

    frozen.send(signal.SIGCONT)
    frozen.finish()
    assert rows_of(run) == done
    # What the frozen one had asked was billed, and is in the books; its answers are not.
    assert ProviderCall.objects.filter(status="answered").count() == answered
    assert list(invariants.violations()) == []


@pytest.mark.parametrize("write", ["record", "fail", "hand_back", "discovery"])
def test_a_claim_that_was_taken_over_writes_nothing(write):
    run = running_run(candidates=0 if write == "discovery" else 1)
    Run.objects.filter(pk=run.pk).update(discovered_at=None if write == "discovery" else Now())
    if write == "discovery":
        fence = claims.claim_discovery(run.pk)
        expire(run)
        assert claims.claim_discovery(run.pk) is not None
        before = rows_of(run)
        with pytest.raises(claims.LeaseLost):
            recording.record_discovery(run, fence, [])
        assert not claims.drop_discovery(run.pk, fence)
    else:
        slept = claims.claim(run.pk, 1)[0]
        expire(run)
        claims.sweep()
        assert claims.claim(run.pk, 1)
        before = rows_of(run)
        if write == "hand_back":
            claims.hand_back(slept)
        else:
            with pytest.raises(claims.LeaseLost):
                recording.record_failure(slept, "from the dead")
    assert rows_of(run) == before


def test_a_company_that_kills_its_workers_is_stopped_alone_and_the_others_are_judged(nursery, model, start_run):
    run = start_run(limit=5, cap=5_000_000)
    nursery.run(f"{JOBS}.search", run.pk)
    poison = run.candidates.order_by("position")[1]
    deaths = 0
    while Run.objects.get(pk=run.pk).is_live:
        worker = nursery.start(f"{JOBS}.work_with_poison", run.pk, poison.lead.handle).wait()
        deaths += worker.was_killed
        expire(run)
        assert deaths <= 4
    assert deaths == 4
    stopped = run.candidates.get(status=Candidate.Status.FAILED)
    assert stopped.pk == poison.pk
    assert "died 4 times" in run.events.get(level="error").message
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    assert list(invariants.violations()) == []


def test_a_search_that_kills_its_workers_ends_its_run_with_a_reason(settings):
    run = running_run(candidates=0)
    Run.objects.update(discovered_at=None)
    for _ in range(settings.CANDIDATE_MAX_ATTEMPTS):
        assert claims.claim_discovery(run.pk)
        assert tasks.sweep() == 0
        expire(run)
    assert claims.claim_discovery(run.pk) is None
    tasks.sweep()
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert "die 4 times" in run.note
    assert not run.budget.is_open


def test_a_run_that_no_worker_gets_on_with_ends_with_a_reason():
    run = running_run(candidates=1)
    for _ in range(hopeless.most_attempts()):
        claims.begin(run.pk)
    tasks.sweep()
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert "8 workers in a row" in run.note


def test_one_candidate_that_is_worked_out_makes_a_run_hopeful_again():
    run = running_run(candidates=1)
    for _ in range(hopeless.most_attempts() - 1):
        claims.begin(run.pk)
    claims.got_on(run.pk)
    claims.begin(run.pk)
    tasks.sweep()
    assert Run.objects.get(pk=run.pk).is_live


def test_a_run_whose_last_candidate_the_sweep_stopped_is_concluded(nursery, model, start_run):
    run = start_run(limit=1, cap=5_000_000)
    nursery.run(f"{JOBS}.search", run.pk)
    claims.claim(run.pk, 1)
    Candidate.objects.update(deaths=3)
    expire(run)
    assert nursery.run(f"{JOBS}.recover", run.pk) == Run.Status.SUCCEEDED
    assert run.candidates.get().status == Candidate.Status.FAILED


def test_a_worker_that_is_told_to_go_hands_back_what_it_has_and_loses_no_try(nursery, model, start_run):
    run = start_run(limit=4, cap=5_000_000)
    model.may_answer.clear()
    worker = nursery.start(f"{JOBS}.work", run.pk, WORKER_GRACE_SECONDS=1)
    until(lambda: Hold.objects.filter(status=Hold.Status.HELD).count() >= 2)
    began = time.monotonic()
    worker.send(signal.SIGTERM)
    assert worker.wait().status in (0, 1)
    assert time.monotonic() - began < 30
    assert not run.candidates.filter(status=Candidate.Status.WORKING).exists()
    assert set(run.candidates.unfinished().values_list("attempts", "deaths")) == {(0, 0)}
    model.may_answer.set()
    assert nursery.run(f"{JOBS}.recover", run.pk) == Run.Status.SUCCEEDED
    assert list(invariants.violations()) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections that could be cut")
def test_connections_to_the_database_that_are_cut_cost_no_candidate(nursery, model, start_run):
    whole = start_run(limit=4, cap=5_000_000, workspace=Workspace.start("Whole"))
    assert nursery.run(f"{JOBS}.recover", whole.pk) == Run.Status.SUCCEEDED
    run = start_run(limit=4, cap=5_000_000, workspace=Workspace.start("Cut"))
    # Other tests' servers in this process keep theirs.
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(pid) FROM pg_stat_activity")
        [ours] = cursor.fetchone()
    worker = nursery.start(f"{JOBS}.recover", run.pk)
    for _ in range(3):
        until(lambda: run.candidates.exists() or worker.status is not None)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> ALL(%s)",
                [ours],
            )
    worker.wait()
    expire(run)
    assert nursery.run(f"{JOBS}.recover", run.pk) == Run.Status.SUCCEEDED
    assert outcome(run) == outcome(whole)


def test_clocks_of_machines_that_differ_by_an_hour_change_no_lease(nursery, start_run):
    run = start_run(limit=2)
    nursery.run(f"{JOBS}.search", run.pk)
    assert len(claims.claim(run.pk, 1)) == 1
    # An hour ahead, a lease of another machine is not over; an hour behind, one of its own lasts no longer.
    assert nursery.run(f"{JOBS}.sweep_at", run.pk, 3_600) == 0
    assert nursery.run(f"{JOBS}.claim_at", run.pk, 3_600) == 1
    expire(run)
    assert nursery.run(f"{JOBS}.sweep_at", run.pk, -3_600) == 2
    assert nursery.run(f"{JOBS}.hand_back_at", run.pk, 3_600) == 1
    claimed = claims.claim(run.pk, 2)
    assert len(claimed) == 1
    until(lambda: claims.claim(run.pk, 2))
