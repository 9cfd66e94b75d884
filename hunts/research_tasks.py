"""What the queue runs for deep research: nudges with a primary key, and a sweep that makes up for lost ones."""

from asgiref.sync import async_to_sync
from django.db import transaction
from django_q.tasks import async_task

from hunts import research
from hunts.research_models import Research

# Far below the time-out of a task; one step more may still end after it.
SLICE_SECONDS = 240.0


def nudge(research_id: int) -> None:
    """Wake a worker for a research once the transaction at hand has committed."""
    transaction.on_commit(lambda: async_task("hunts.research_tasks.work", research_id))


def work(research_id: int) -> None:
    """Be the worker of a research, for a while."""
    if async_to_sync(research.work_on)(research_id, slice_seconds=SLICE_SECONDS):
        async_task("hunts.research_tasks.work", research_id)


def sweep() -> int:
    """Nudge what is due: its nudge was lost, its worker died, or its time to be tried again has come."""
    due = list(Research.objects.due().values_list("pk", flat=True))
    for research_id in due:
        async_task("hunts.research_tasks.work", research_id)
    return len(due)
