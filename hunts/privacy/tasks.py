"""What the queue runs for people's data: lookups, erasures, and what became too old. Rows decide what is done."""

from django.db import transaction

from accounts.queueing import enqueue
from hunts.privacy import asking, erasing, looking, retention
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure


def nudge(erasure_id: int) -> None:
    """Wake a worker for an erasure once the transaction at hand has committed; the sweep makes up for a lost nudge."""
    transaction.on_commit(lambda: enqueue("hunts.privacy.tasks.work", erasure_id))


def work(erasure_id: int) -> None:
    """Go on with one erasure."""
    erasing.work_on(erasure_id)


def nudge_lookup(lookup_id: int) -> None:
    """Wake a worker for a lookup; the same as for an erasure."""
    transaction.on_commit(lambda: enqueue("hunts.privacy.tasks.look", lookup_id))


def look(lookup_id: int) -> None:
    """Go on with one lookup."""
    looking.work_on(lookup_id)


def sweep() -> int:
    """Wake a worker for every erasure and lookup whose time has come; return how many. Runs every five minutes.

    Each is a task of its own, so that one that fails stops no other.
    """
    erasures = list(Erasure.objects.due().values_list("pk", flat=True))
    lookups = list(Lookup.objects.due().values_list("pk", flat=True))
    for pk in erasures:
        nudge(pk)
    for pk in lookups:
        nudge_lookup(pk)
    return len(erasures) + len(lookups)


def tell_operators(request_id: int) -> int:
    """Write to the operators who can take somebody out of what all read, once; return to how many."""
    return asking.tell_operators(request_id)


def grow_old() -> int:
    """Erase what is older than its workspace keeps it, and traces that are too old; return how many rows. Daily."""
    return retention.run()
