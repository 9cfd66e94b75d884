"""What the queue runs: nudges with a primary key. Delivered twice or never, the rows decide what is done.

A worker stays with a run for a slice of time and then gets back in line, so that a long run does not keep a short one
waiting. Nudges that were lost are made up for by the sweep, which runs every minute.
"""

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from hunts import claims, pipeline
from hunts.models import Run

SLICE_SECONDS = 20.0


def nudge(run_id: int) -> None:
    """Wake the workers for a run once the transaction at hand has committed."""
    for _worker in range(settings.Q_CLUSTER["workers"]):
        transaction.on_commit(lambda: async_task("hunts.tasks.work", run_id))


def work(run_id: int) -> None:
    """Be a worker for a run, for a while."""
    has_more = async_to_sync(pipeline.work_on)(run_id, slice_seconds=SLICE_SECONDS)
    if has_more:
        async_task("hunts.tasks.work", run_id)


def sweep() -> int:
    """Take abandoned candidates back and nudge the live runs that nobody works on; return how many were nudged."""
    claims.sweep()
    neglected = [run_id for run_id in Run.objects.live().values_list("pk", flat=True) if not claims.is_attended(run_id)]
    for run_id in neglected:
        async_task("hunts.tasks.work", run_id)
    return len(neglected)
