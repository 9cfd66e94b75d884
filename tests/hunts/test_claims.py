from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Workspace
from billing.models import Budget
from hunts import claims, recording
from hunts.icp import Icp
from hunts.models import Candidate, Hunt, Run, Source
from hunts.work import Work, passed
from leads.models import Lead, ScoringConfig
from leads.scoring import Config
from tests.harness.processes import PATIENCE, start_python

CLAIMER = """
from hunts import claims
won = []
while batch := claims.claim(int(sys.argv[1]), 3):
    won += [candidate.pk for candidate in batch]
print(*won)
"""


def running_run(candidates: int = 3) -> Run:
    workspace = Workspace.start("Acme")
    hunt = Hunt.objects.create(workspace=workspace, name="hunt", icp_json=Icp().to_json(), source=Source.SANDBOX)
    run = Run.objects.create(
        hunt=hunt,
        workspace=workspace,
        budget=Budget.objects.create(workspace=workspace, cap_microusd=0),
        scoring_config=ScoringConfig.current(),
        icp_json=hunt.icp_json,
        source=hunt.source,
        limit=candidates,
        status=Run.Status.RUNNING,
        discovered_at=timezone.now(),
    )
    for position in range(candidates):
        lead = Lead.objects.create(workspace=workspace, handle=f"c{position}.example", name=f"Company {position}")
        Candidate.objects.create(run=run, lead=lead, position=position)
    return run


def expire_leases() -> None:
    Candidate.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


WORK = Work("c0.example", "Company 0", "https://c0.example/", Icp(), Config())


@pytest.mark.django_db(transaction=True)
def test_six_processes_never_claim_the_same_candidate():
    run = running_run(candidates=60)
    claimers = [start_python(CLAIMER, str(run.pk)) for _ in range(6)]
    outcomes = [claimer.communicate(timeout=PATIENCE) for claimer in claimers]
    assert all(claimer.returncode == 0 for claimer in claimers), outcomes
    won = [int(pk) for out, _err in outcomes for pk in out.split()]
    assert sorted(won) == sorted(run.candidates.values_list("pk", flat=True))


@pytest.mark.django_db
def test_the_best_candidates_are_claimed_first():
    run = running_run()
    assert [candidate.position for candidate in claims.claim(run.pk, 2)] == [0, 1]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Run.Status.PAUSED, Run.Status.CANCELLED, Run.Status.SUCCEEDED])
def test_a_run_that_is_not_live_gives_no_work(status):
    run = running_run()
    Run.objects.update(status=status)
    assert claims.claim(run.pk, 3) == []


@pytest.mark.django_db
def test_a_worker_that_slept_past_its_lease_writes_nothing():
    run = running_run()
    slept = claims.claim(run.pk, 1)[0]
    expire_leases()
    claims.sweep()
    taken_over = claims.claim(run.pk, 1)[0]
    with pytest.raises(claims.LeaseLost):
        recording.record(slept, [(passed("from the dead"), WORK)])
    assert not run.events.exists()
    recording.record(taken_over, [(passed("from the living"), WORK)])
    assert Candidate.objects.get(pk=slept.pk).stage == "prescreen"


@pytest.mark.django_db
def test_a_candidate_that_kills_its_workers_is_stopped_and_says_so(settings):
    run = running_run(candidates=1)
    for _ in range(settings.CANDIDATE_MAX_ATTEMPTS):
        assert claims.claim(run.pk, 1) or claims.claim_suspect(run.pk)
        expire_leases()
        claims.sweep()
    assert claims.claim(run.pk, 1) == claims.claim_suspect(run.pk) == []
    poisoned = run.candidates.get()
    assert (poisoned.status, poisoned.stage) == (Candidate.Status.FAILED, "dedupe")
    assert "died 4 times" in poisoned.reason
    told = run.events.get()
    assert (told.level, told.candidate_id) == ("error", poisoned.pk)
    assert "died 4 times" in told.message


@pytest.mark.django_db
def test_a_candidate_that_workers_died_with_waits_until_a_worker_has_nothing_else_to_lose():
    run = running_run(candidates=2)
    for _ in range(claims.ALONE_AFTER):
        claims.claim(run.pk, 1)
        expire_leases()
        claims.sweep()
    assert [candidate.position for candidate in claims.claim(run.pk, 2)] == [1]
    assert [candidate.position for candidate in claims.claim_suspect(run.pk)] == [0]


@pytest.mark.django_db
def test_a_stage_that_is_recorded_clears_a_candidate_of_suspicion():
    run = running_run(candidates=1)
    claims.claim(run.pk, 1)
    expire_leases()
    claims.sweep()
    recording.record(claims.claim(run.pk, 1)[0], [(passed("it was not its fault"), WORK)])
    assert run.candidates.get().deaths == 0


@pytest.mark.django_db
def test_a_candidate_that_is_handed_back_for_later_is_not_due_before():
    run = running_run(candidates=1)
    claims.hand_back(claims.claim(run.pk, 1)[0], after=timedelta(minutes=5), reason="busy", is_try=True)
    assert claims.claim(run.pk, 1) == []
    Candidate.objects.update(not_before=Now())
    assert claims.claim(run.pk, 1)[0].attempts == 2


@pytest.mark.django_db
def test_waiting_for_our_own_pace_is_no_try():
    run = running_run(candidates=1)
    claims.hand_back(claims.claim(run.pk, 1)[0], after=timedelta(minutes=5), reason="at its limit")
    Candidate.objects.update(not_before=Now())
    assert claims.claim(run.pk, 1)[0].attempts == 1


@pytest.mark.django_db
def test_discovery_is_claimed_once_and_again_only_after_its_lease():
    run = running_run(candidates=0)
    Run.objects.update(discovered_at=None)
    first = claims.claim_discovery(run.pk)
    assert first == 1
    assert claims.claim_discovery(run.pk) is None
    Run.objects.update(discover_lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert claims.claim_discovery(run.pk) == 2
    with pytest.raises(claims.LeaseLost):
        recording.record_discovery(run, 1, [])
