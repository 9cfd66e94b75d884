"""A run's limit of qualified leads: never crossed, whoever works on it, and it can go on from there."""

import pytest
from asgiref.sync import async_to_sync

from hunts import lead_cap, pipeline
from hunts.models import Candidate, Hunt, Run
from tests.factories import CandidateFactory, HuntFactory, RunFactory
from tests.harness.processes import PATIENCE, start_python

CLAIMER = """
from hunts import claims, lead_cap
from hunts.models import Run
run = Run.objects.get(pk=int(sys.argv[1]))
for _ in range(6):
    with lead_cap.room(run, 2) as room:
        claims.claim(run.pk, room)
"""


@pytest.mark.django_db(transaction=True)
def test_a_run_stops_at_its_limit_of_leads_and_goes_on_for_as_many_again(sandbox, start_run):
    Hunt.objects.filter(pk=start_run(limit=12).hunt_id).update(max_leads=1)
    Run.objects.update(status=Run.Status.CANCELLED)
    run = pipeline.start(Hunt.objects.get())
    async_to_sync(pipeline.work_on)(run.pk, concurrency=8)
    run.refresh_from_db()
    assert run.status == Run.Status.PAUSED
    assert run.candidates.filter(status="qualified").count() == 1
    assert run.note.startswith("Stopped at your limit of 1 lead:") and "until there are 2" in run.note
    assert not run.candidates.filter(status="working").exists()
    pipeline.resume(run)
    async_to_sync(pipeline.work_on)(run.pk, concurrency=8)
    run.refresh_from_db()
    assert run.candidates.filter(status="qualified").count() == 2


@pytest.mark.django_db(transaction=True)
def test_workers_together_take_on_no_more_companies_than_leads_are_missing():
    run = RunFactory(max_leads=7)
    CandidateFactory.create_batch(2, run=run, status=Candidate.Status.QUALIFIED)
    CandidateFactory.create_batch(20, run=run)
    claimers = [start_python(CLAIMER, str(run.pk)) for _ in range(2)]
    outcomes = [claimer.communicate(timeout=PATIENCE) for claimer in claimers]
    assert all(claimer.returncode == 0 for claimer in claimers), outcomes
    assert run.candidates.filter(status=Candidate.Status.WORKING).count() == 5


@pytest.mark.django_db
def test_a_run_without_the_limit_takes_on_what_there_is_and_never_stops_for_it():
    run = RunFactory()
    with lead_cap.room(run, 32) as room:
        assert room == 32
    assert not lead_cap.stop(run, pipeline.pause)


@pytest.mark.django_db
def test_a_run_that_was_paused_meanwhile_keeps_its_limit():
    run = RunFactory(hunt=HuntFactory(max_leads=1), max_leads=1)
    CandidateFactory(run=run, status=Candidate.Status.QUALIFIED)
    CandidateFactory(run=run)
    assert pipeline.pause(run)
    assert lead_cap.stop(run, pipeline.pause)
    run.refresh_from_db()
    assert (run.max_leads, run.note) == (1, "Paused. Resume to go on.")
