"""Deleting a workspace: what goes on in it ends at once. See `accounts.workspaces` for what becomes of the rest."""

from django.db import transaction

from accounts import workspaces
from accounts.models import User, Workspace
from hunts import pipeline, research
from hunts.models import Run
from hunts.research_models import Research


def delete_workspace(workspace: Workspace, *, by: User) -> bool:
    """Delete a workspace and cancel its runs and researches; False where it was deleted already. Raises Refused.

    Its schedules let their times pass until it is brought back; what was cancelled stays so.
    """
    with transaction.atomic():
        # Whoever starts something holds the workspace's row as well: either it is there by now, or it is refused.
        if not workspaces.mark_deleted(workspace, by=by):
            return False
        for run in Run.objects.filter(workspace=workspace).exclude(status__in=Run.OVER):
            pipeline.cancel(run)
        for one in Research.objects.live().filter(workspace=workspace):
            research.cancel(one)
    return True
