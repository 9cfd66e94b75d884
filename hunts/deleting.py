"""Deleting hunts and runs: gone from every page at once, back by one press, purged when nobody wanted them back.

What a hunt found belongs to the workspace and stays: leads, their proof, and every row of money. A run that is going on
is cancelled first; its workers find that they may write nothing more, and end.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Workspace
from hunts import pipeline
from hunts.models import Hunt, HuntQuerySet, Run, RunQuerySet

KEPT_FOR = timedelta(days=30)


def delete_hunt(hunt: Hunt) -> bool:
    """Delete a hunt with its runs, after cancelling what is not over; False where it was deleted already."""
    with transaction.atomic():
        # Whoever starts a run holds this row as well: either it is there by now, or it is refused.
        if not Hunt.objects.kept().filter(pk=hunt.pk).update(deleted_at=timezone.now()):
            return False
        for run in hunt.runs.exclude(status__in=Run.OVER):
            pipeline.cancel(run)
    return True


def restore_hunt(hunt: Hunt) -> bool:
    """Bring a hunt back with its runs; those that were cancelled stay so. False where it is not deleted."""
    return bool(Hunt.objects.filter(pk=hunt.pk, deleted_at__isnull=False).update(deleted_at=None))


def delete_run(run: Run) -> bool:
    """Delete a run that is over; False where it is not, or was deleted already."""
    over = Run.objects.filter(pk=run.pk, status__in=Run.OVER, deleted_at__isnull=True)
    return bool(over.update(deleted_at=timezone.now()))


def restore_run(run: Run) -> bool:
    """Bring a run back; False where it is not deleted."""
    return bool(Run.objects.filter(pk=run.pk, deleted_at__isnull=False).update(deleted_at=None))


def deleted_hunts(workspace: Workspace) -> HuntQuerySet:
    """Return the hunts of a workspace that can be brought back, those deleted last first."""
    return Hunt.objects.filter(workspace=workspace, deleted_at__gte=_purged_before()).order_by("-deleted_at", "-pk")


def deleted_runs(workspace: Workspace) -> RunQuerySet:
    """Return the runs that can be brought back, of hunts that are there, those deleted last first."""
    runs = Run.objects.filter(hunt__workspace=workspace, hunt__deleted_at__isnull=True)
    return runs.filter(deleted_at__gte=_purged_before()).order_by("-deleted_at", "-pk")


def purge() -> int:
    """Remove what was deleted longer ago than KEPT_FOR, for good; return how many hunts and runs went.

    The queue runs it every day.
    """
    hunts = Hunt.objects.filter(deleted_at__lt=_purged_before())
    runs = Run.objects.filter(deleted_at__lt=_purged_before())
    gone = 0
    # One at a time, so that nobody waits long for the write lock.
    for row in (*runs.iterator(), *hunts.iterator()):
        row.delete()
        gone += 1
    return gone


def _purged_before() -> datetime:
    return timezone.now() - KEPT_FOR
