"""What the queue runs for deep research: nudges with a primary key, and a sweep that makes up for lost ones."""

from asgiref.sync import async_to_sync
from django.db import transaction

from accounts.queueing import enqueue
from hunts import leaving, research
from hunts.research_models import Research

# Far below the time-out of a task; one step more may still end after it.
SLICE_SECONDS = 240.0


def nudge(research_id: int) -> None:
    """Wake a worker for a research once the transaction at hand has committed."""
    transaction.on_commit(lambda: _wake(research_id))


def _wake(research_id: int) -> bool:
    return enqueue("hunts.research_tasks.work", research_id)


def work(research_id: int) -> None:
    """Be the worker of a research, for a while."""
    with leaving.obeying_sigterm():
        if async_to_sync(leaving.attended)(research.work_on(research_id, slice_seconds=SLICE_SECONDS)):
            _wake(research_id)


def sweep() -> int:
    """Nudge what is due: its nudge was lost, its worker died, or its time to be tried again has come."""
    due = list(Research.objects.due().values_list("pk", flat=True))
    for research_id in due:
        if not _wake(research_id):
            break
    return len(due)
