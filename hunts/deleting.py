"""Deleting hunts and runs: gone from every page at once, back by one press, purged when nobody wanted them back.

What a hunt found belongs to the workspace and stays: leads, their proof, and every row of money. A run that is going on
is cancelled first; its workers find that they may write nothing more, and end.
"""

from itertools import chain

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import Workspace
from hunts import company_lists, pipeline, places
from hunts.keeping import purged_before
from hunts.models import Hunt, HuntQuerySet, Run, RunQuerySet
from hunts.preset_models import Preset, Schedule


def delete_hunt(hunt: Hunt) -> bool:
    """Delete a hunt with its runs, after cancelling what is not over; False where it was deleted already."""
    with transaction.atomic():
        # Whoever starts a run holds this row as well: either it is there by now, or it is refused.
        if not Hunt.objects.kept().filter(pk=hunt.pk).update(deleted_at=timezone.now()):
            return False
        for run in hunt.runs.exclude(status__in=Run.OVER):
            pipeline.cancel(run)
        audit.record(Verb.HUNT_DELETED, hunt, workspace_id=hunt.workspace_id, words=hunt.name)
    return True


def restore_hunt(hunt: Hunt) -> bool:
    """Bring a hunt back with its runs; those that were cancelled stay so. False where it is not deleted.

    Raises QuotaReached.
    """
    deleted = Hunt.objects.filter(pk=hunt.pk, deleted_at__isnull=False)
    with transaction.atomic():
        if deleted.exists():
            places.hold(hunt.workspace_id, "hunts")
        if not deleted.update(deleted_at=None):
            return False
        audit.record(Verb.HUNT_RESTORED, hunt, workspace_id=hunt.workspace_id, words=hunt.name)
    return True


def delete_run(run: Run) -> bool:
    """Delete a run that is over; False where it is not, or was deleted already."""
    over = Run.objects.filter(pk=run.pk, status__in=Run.OVER, deleted_at__isnull=True)
    with transaction.atomic():
        if not over.update(deleted_at=timezone.now()):
            return False
        audit.record(Verb.RUN_DELETED, run, workspace_id=run.workspace_id, words=run.hunt.name)
    return True


def restore_run(run: Run) -> bool:
    """Bring a run back; False where it is not deleted."""
    with transaction.atomic():
        if not Run.objects.filter(pk=run.pk, deleted_at__isnull=False).update(deleted_at=None):
            return False
        audit.record(Verb.RUN_RESTORED, run, workspace_id=run.workspace_id, words=run.hunt.name)
    return True


def deleted_hunts(workspace: Workspace) -> HuntQuerySet:
    """Return the hunts of a workspace that can be brought back, those deleted last first."""
    return Hunt.objects.filter(workspace=workspace, deleted_at__gte=purged_before()).order_by("-deleted_at", "-pk")


def deleted_runs(workspace: Workspace) -> RunQuerySet:
    """Return the runs that can be brought back, of hunts that are there, those deleted last first."""
    runs = Run.objects.filter(hunt__workspace=workspace, hunt__deleted_at__isnull=True)
    return runs.filter(deleted_at__gte=purged_before()).order_by("-deleted_at", "-pk")


def purge() -> int:
    """Remove what was deleted longer ago than KEPT_FOR, for good; return how many rows went by themselves.

    Those are hunts, runs, presets, schedules and company lists. The queue runs it every day.
    """
    before = purged_before()
    schedules, presets = (model.objects.filter(deleted_at__lt=before) for model in (Schedule, Preset))
    runs, hunts = (model.objects.filter(deleted_at__lt=before) for model in (Run, Hunt))
    gone = company_lists.purge(before)
    # One at a time, so that nobody waits long for the write lock.
    for row in chain(*(rows.iterator() for rows in (schedules, presets, runs, hunts))):
        row.delete()
        gone += 1
    return gone
