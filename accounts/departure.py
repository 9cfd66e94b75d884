"""How somebody leaves for good, and what becomes of the workspaces that they own."""

from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import Count, Q

from accounts import members
from accounts.models import Membership, User, Workspace, WorkspaceQuerySet
from accounts.taking_back import end_sessions

logger = structlog.get_logger(__name__)


class StillNeeded(Exception):
    """Others work in workspaces that nobody else owns; `workspaces` are these."""

    def __init__(self, needed: list[Workspace]) -> None:
        super().__init__(", ".join(workspace.name for workspace in needed))
        self.workspaces = needed


def owned_alone(user: User) -> WorkspaceQuerySet:
    """Return the workspaces, `people` in each, that have no other owner who could go on with them."""
    others = Q(memberships__role=Membership.Role.OWNER, memberships__user__is_active=True) & ~Q(memberships__user=user)
    mine = Workspace.objects.filter(memberships__in=user.memberships.filter(role=Membership.Role.OWNER))
    counted = (
        Workspace.objects.kept()
        .filter(pk__in=mine)
        .annotate(
            people=Count("memberships", distinct=True), other_owners=Count("memberships", filter=others, distinct=True)
        )
    )
    return counted.filter(other_owners=0).order_by("name")


def depart(user: User, delete: Callable[[Workspace], object]) -> None:
    """Delete the account of `user`, and with `delete` the workspaces that are theirs alone.

    The account is gone at once. The workspaces are purged after the time that deleted ones are kept.
    Raises StillNeeded.
    """
    with transaction.atomic():
        alone = list(owned_alone(user))
        if needed := [workspace for workspace in alone if workspace.people > 1]:  # type: ignore[attr-defined]
            raise StillNeeded(needed)
        for workspace in alone:
            delete(workspace)
        for place in user.memberships.exclude(workspace__in=alone).filter(workspace__deleted_at__isnull=True):
            members.leave(place.workspace, user=user)
        end_sessions(user)
        logger.info("account.deleted", user=user.pk, workspaces=len(alone))
        user.delete()
