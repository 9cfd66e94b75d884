"""`python -m bench.paced.worker TASK …`: what the benchmark of the engine has its processes do; the answer is JSON."""

import json
import sys
import time

import django

django.setup()

from asgiref.sync import async_to_sync  # noqa: E402 - models can be imported only after Django was set up
from django.core.management import call_command  # noqa: E402

from accounts.models import Workspace  # noqa: E402
from bench.paced.providers import opened_with  # noqa: E402
from hunts import pipeline  # noqa: E402
from hunts.icp import Icp, criterion_key  # noqa: E402
from hunts.models import Hunt, Run, Source  # noqa: E402
from integrations.capabilities import Criterion  # noqa: E402

SENTENCES = ("Turns and mills precision parts.", "Has between 20 and 500 employees.", "Is certified to ISO 13485.")
ICP = Icp(
    brief="Makers of precision parts",
    criteria=tuple(Criterion(criterion_key(text), text, "must", 5, "other") for text in SENTENCES),
)


def migrate() -> bool:
    call_command("migrate", verbosity=0)
    return True


def start(candidates: str) -> int:
    """Return a run of a workspace of its own that looks for so many companies."""
    hunt = Hunt.objects.create(
        workspace=Workspace.start("Bench"),
        name="Bench",
        icp_json=ICP.to_json(),
        source=Source.DIRECTORY,
        limit=int(candidates),
        max_spend_microusd=1_000_000_000,
    )
    return pipeline.start(hunt).pk


def work(run_id: str, page_seconds: str, judge_seconds: str, begins_at: str) -> dict[str, float]:
    """Do a run by providers that take so many seconds an answer; return what it took."""
    pipeline.open_kit = opened_with(0, 0)
    async_to_sync(pipeline.work_on)(start("20"))  # a worker lives for days: what it loads once is not counted
    pipeline.open_kit = opened_with(float(page_seconds), float(judge_seconds))
    time.sleep(max(float(begins_at) - time.time(), 0))
    began, used = time.perf_counter(), time.process_time()
    async_to_sync(pipeline.work_on)(int(run_id))
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
    run = Run.objects.get(pk=run_id)
    assert run.status == Run.Status.SUCCEEDED, run.note
    assert run.candidates.filter(score__isnull=False).count() == run.limit
    return took


if __name__ == "__main__":
    print(json.dumps({"migrate": migrate, "start": start, "work": work}[sys.argv[1]](*sys.argv[2:])))
