"""What the processes of the crash tests do. Each job is one way in which a run is changed or worked on."""

import asyncio
import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path
from pydoc import locate
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.utils import timezone

from accounts import failpoints
from enrichment.models import Host
from hunts import claims, discovery, launch, patience, pipeline, recording, research, tasks
from hunts.models import Candidate, Hunt, Run
from hunts.privacy import erasing, looking, retention
from hunts.privacy.finding import found
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from hunts.privacy.reach import Reach
from hunts.research_models import Research
from hunts.tools import open_kit
from integrations import health, turns
from leads.models import Contact
from tests.harness import random_vendors

# A stand-in that is too slow for a busy machine would be put behind its breaker, and its calls with it, for minutes.
health.FAILURES_TO_OPEN = 10_000


def work(run_id: int) -> None:
    """What the queue does with a nudge."""
    tasks.work(run_id)


def start(hunt_id: int) -> None:
    launch.run(Hunt.objects.get(pk=hunt_id))


def erase(erasure_id: int) -> None:
    erasing.work_on(erasure_id)


def recover_erasure(erasure_id: int) -> str:
    """Finish an erasure that was left, both rounds of it, and tell how it ended and what of the person is left."""
    for _round in range(3):
        Erasure.objects.filter(pk=erasure_id).update(lease_expires_at=None, not_before=None)
        erasing.work_on(erasure_id)
    erasure = Erasure.objects.get(pk=erasure_id)
    left = Contact.objects.filter(lead__workspace=erasure.workspace_id).exists()
    return "left" if left else erasure.status


def look(lookup_id: int) -> None:
    looking.work_on(lookup_id)


def recover_lookup(lookup_id: int) -> str:
    """Finish a lookup that was left, and tell whether it lists every place, and each once."""
    Lookup.objects.filter(pk=lookup_id).update(lease_expires_at=None, not_before=None)
    looking.work_on(lookup_id)
    lookup = Lookup.objects.get(pk=lookup_id)
    told = [(one.told["table"], one.told["id"]) for one in lookup.places.all()]
    should = [(one.table, one.pk) for one in found(lookup.person, Reach(lookup.workspace_id))]
    is_whole = lookup.status == Lookup.Status.DONE and lookup.count == len(told)
    return "each once" if is_whole and sorted(told) == sorted(should) else f"{lookup.status}: {told}"


def grow_old(_workspace_id: int) -> None:
    retention.run()


def recover_old(workspace_id: int) -> str:
    """Go over what is too old again, and tell whether any of it is left."""
    retention.run()
    return "left" if Contact.objects.filter(lead__workspace=workspace_id).exists() else "gone"


def cancel(run_id: int) -> None:
    pipeline.cancel(Run.objects.get(pk=run_id))


def retry(run_id: int) -> None:
    launch.change(Run.objects.get(pk=run_id), "retry")


def sweep(_run_id: int) -> None:
    claims.NUDGE_SECONDS = 0
    tasks.sweep()


def search(run_id: int) -> None:
    """Do the discovery of a run and nothing else."""
    async_to_sync(_search)(run_id)


async def _search(run_id: int) -> None:
    run = await sync_to_async(pipeline._begin)(run_id)
    async with open_kit(run) as kit:
        await discovery.search(run, kit)


def hand_back(run_id: int) -> None:
    """What a worker does that is told to go."""
    claims.begin(run_id)
    claims.hand_back(claims.claim(run_id, 1)[0])


def fail_one(run_id: int) -> None:
    claims.begin(run_id)
    recording.record_failure(claims.claim(run_id, 1)[0], "It cannot be done.")


def drop_discovery(run_id: int) -> None:
    claims.begin(run_id)
    claims.drop_discovery(run_id, claims.claim_discovery(run_id))


def do_research(research_id: int) -> None:
    async_to_sync(research.work_on)(research_id)


def count_passes(job: str, number: int) -> dict[str, int]:
    """Do a job undisturbed and return how often it came by each failpoint."""
    settings.CRASH_AT = "nowhere:1"
    globals()[job](number)
    return dict(failpoints.passed)


def recover(run_id: int) -> str:
    """Do what the sweep and a new worker do, until the run is over; return how it ended.

    The worker comes only where the sweep finds that the run is neglected, as it would in production.
    """
    claims.NUDGE_SECONDS = 0
    ends_at = time.monotonic() + 60
    while (run := Run.objects.get(pk=run_id)).is_live and time.monotonic() < ends_at:
        claims.sweep()
        forgive_sites(run_id)
        if run_id in claims.neglected(at_most=10_000):
            async_to_sync(pipeline.work_on)(run_id, concurrency=4, slice_seconds=5)
        time.sleep(0.2)
    return run.status if run.is_over else f"{run.status}, with {left(run)}"


def forgive_sites(run_id: int) -> None:
    """Have nothing wait for a site that was too slow for a busy machine: it would be left alone for minutes."""
    Host.objects.filter(failures__gt=0).update(failures=0, failed_reason="", failed_at=None, failed_until=None)
    Candidate.objects.filter(run=run_id, stage="crawl", not_before__isnull=False).update(not_before=None)


def left(run: Run) -> list[tuple[Any, ...]]:
    """Return what is not over of a run, for the words of a test that fails."""
    columns = ("lead__handle", "stage", "status", "reason", "attempts", "deaths", "lease_expires_at", "not_before")
    return [run.attempts, run.discovered_at, *run.candidates.unfinished().values_list(*columns)]


def recover_research(research_id: int) -> str:
    ends_at = time.monotonic() + 40
    while (row := Research.objects.get(pk=research_id)).is_live and time.monotonic() < ends_at:
        if Research.objects.due().filter(pk=research_id).exists():
            async_to_sync(research.work_on)(research_id)
        time.sleep(0.2)
    return row.status


def work_with_poison(run_id: int, handle: str) -> None:
    """Work on a run of which one company kills whoever looks at it closely."""
    prescreen = pipeline.STAGES["prescreen"]

    async def kills(work: Any, tools: Any) -> Any:
        if work.handle == handle:
            os.kill(os.getpid(), signal.SIGKILL)
        return await prescreen(work, tools)

    pipeline.STAGES["prescreen"] = kills
    async_to_sync(pipeline.work_on)(run_id, concurrency=8)


def work_whole(run_id: int) -> None:
    async_to_sync(pipeline.work_on)(run_id)


def shift_clock(seconds: int) -> None:
    """Have this process's clock go wrong."""
    real = time.time
    time.time = lambda: real() + seconds
    now = timezone.now
    timezone.now = lambda: now() + timedelta(seconds=seconds)


def sweep_at(_run_id: int, seconds: int) -> int:
    shift_clock(seconds)
    return claims.sweep()


def claim_at(run_id: int, seconds: int) -> int:
    shift_clock(seconds)
    return len(claims.claim(run_id, 1))


def hand_back_at(run_id: int, seconds: int) -> int:
    """Claim one and hand it back for a second from now."""
    shift_clock(seconds)
    candidate = claims.claim(run_id, 1)[0]
    claims.hand_back(candidate, after=timedelta(seconds=1))
    return 1


def call(task: str, *args: Any) -> None:
    """Be the queue: call a task by its name."""
    locate(task)(*args)


def work_with_random_vendors(bill: str, seed: int) -> None:
    """Be a worker that has several of the live runs in its hands at once, others after a while, until none is live."""
    chance = random.Random(seed)
    pipeline.open_kit = random_vendors.Vendors(random_vendors.Bill(Path(bill)), chance).open_kit
    pipeline.LOOK_AGAIN_SECONDS = 0.2
    patience._LONGEST_SECONDS = turns.FIRST_RETRY_SECONDS = 0.05
    while live := list(Run.objects.live().order_by("pk").values_list("pk", flat=True)):
        async_to_sync(_work_on)(chance.sample(live, min(len(live), 4)))


async def _work_on(runs: list[int]) -> None:
    await asyncio.gather(*(pipeline.work_on(run, concurrency=3, slice_seconds=1) for run in runs))
