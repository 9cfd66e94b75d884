"""What the queue runs for people's data: erasures, and what became too old. Rows decide what is done."""

from django.db import transaction

from accounts.queueing import enqueue
from hunts.privacy import erasing, retention
from hunts.privacy.models import Erasure


def nudge(erasure_id: int) -> None:
    """Wake a worker for an erasure once the transaction at hand has committed; the sweep makes up for a lost nudge."""
    transaction.on_commit(lambda: enqueue("hunts.privacy.tasks.work", erasure_id))


def work(erasure_id: int) -> None:
    """Go on with one erasure."""
    erasing.work_on(erasure_id)


def sweep() -> int:
    """Wake a worker for every erasure whose time has come; return how many. Runs every five minutes.

    Each is a task of its own, so that one that fails stops no other.
    """
    due = list(Erasure.objects.due().values_list("pk", flat=True))
    for pk in due:
        nudge(pk)
    return len(due)


def grow_old() -> int:
    """Erase what is older than its workspace keeps it, and traces that are too old; return how many rows. Daily."""
    return retention.run()
