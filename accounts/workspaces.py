"""Making, naming, deleting and purging workspaces.

A deleted workspace can be read, and brought back by its owners, for `Workspace.KEPT_FOR`. Then everything in it is
purged but the books: what was spent has to stay true. They are left without anybody's name.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.members import Refused, acting, holding
from accounts.models import Membership, User, Workspace
from accounts.roles import Right, Role

logger = structlog.get_logger(__name__)

MOST_OWNED = 20
BATCH = 200


class IsDeleted(PermissionDenied):
    """The workspace is deleted: it can only be read."""


def cleaned_name(name: str) -> str:
    """Return a name as it is kept. Raises ValidationError: names stand in e-mails to people who do not know us."""
    clean = " ".join(name.split())
    if not clean or len(clean) > 100:
        raise ValidationError(_("Enter a name of up to 100 characters."))
    if "://" in clean or "www." in clean.lower() or not clean.isprintable():
        raise ValidationError(_("A name is plain words, without web addresses."))
    return clean


def make(name: str, *, by: User) -> Workspace:
    """Make a workspace that `by` owns. Raises ValidationError, or Refused where they own too many."""
    clean = cleaned_name(name)
    owned = Membership.objects.filter(user=by, role=Role.OWNER, workspace__deleted_at__isnull=True)
    if owned.count() >= MOST_OWNED:
        raise Refused(_("You own %(n)s workspaces. Delete one first.") % {"n": MOST_OWNED})
    return Workspace.start(clean, owner=by)


def rename(workspace: Workspace, name: str, *, by: User) -> None:
    """Give a workspace another name. Raises ValidationError or Refused."""
    clean = cleaned_name(name)
    with acting(workspace, by, Right.MANAGE):
        Workspace.objects.filter(pk=workspace.pk).update(name=clean)
        audit.record(Verb.WORKSPACE_RENAMED, workspace, workspace_id=workspace.pk, by=by)


def hold_open(workspace_id: int) -> None:
    """Hold a workspace's row within a transaction, so that whoever deletes it sees what is begun here.

    Raises IsDeleted.
    """
    with holding(workspace_id) as workspace:
        if workspace.deleted_at:
            raise IsDeleted(_("This workspace is deleted. Its owners can bring it back."))


def mark_deleted(workspace: Workspace, *, by: User) -> bool:
    """Delete a workspace; False where it was deleted already. What goes on in it, the caller stops. Raises Refused."""
    with acting(workspace, by, Right.OWN):
        kept = Workspace.objects.kept().filter(pk=workspace.pk)
        if not kept.update(deleted_at=timezone.now(), deleted_by=by):
            return False
        audit.record(Verb.WORKSPACE_DELETED, workspace, workspace_id=workspace.pk, by=by)
        return True


def bring_back(workspace: Workspace, *, by: User) -> None:
    """Undo a deletion, until the purge begins. Raises Refused."""
    with holding(workspace.pk):
        is_owner = Membership.objects.filter(workspace=workspace, user=by, role=Role.OWNER).exists()
        if not is_owner:
            raise Refused(_("Only an owner can bring the workspace back."))
        deleted = Workspace.objects.filter(pk=workspace.pk, deleted_at__isnull=False, purged_at__isnull=True)
        if not deleted.update(deleted_at=None, deleted_by=None):
            raise Refused(_("This workspace is not deleted, or its time is up."))
        audit.record(Verb.WORKSPACE_RESTORED, workspace, workspace_id=workspace.pk, by=by)


def purge() -> int:
    """Purge the workspaces whose time is up; return how many. The queue runs it every day, and it may be cut short."""
    now = timezone.now()
    Workspace.objects.filter(deleted_at__lt=now - Workspace.KEPT_FOR, purged_at__isnull=True).update(purged_at=now)
    begun = Workspace.objects.filter(purged_at__isnull=False).exclude(name="")
    count = 0
    for workspace in begun.iterator():
        _empty(workspace)
        _strip(workspace)
        logger.info("workspace.purged", workspace=workspace.pk)
        count += 1
    return count


def _empty(workspace: Workspace) -> None:
    """Delete whatever belongs to a workspace and is no row of money: some rows at a time, so that nobody waits long."""
    for relation in owned_by_workspaces():
        model: type[models.Model] = relation.related_model
        mine = model._base_manager.filter(**{relation.field.name: workspace})
        while keys := list(mine.values_list("pk", flat=True)[:BATCH]):
            model._base_manager.filter(pk__in=keys).delete()


def owned_by_workspaces() -> Iterator[Any]:
    """Yield the relations of rows that end with their workspace; rows of money are protected from that."""
    for relation in _relations():
        if relation.on_delete is models.CASCADE:
            yield relation


def _relations() -> list[Any]:
    """Return the relations of rows that name a workspace, those too that have no name of their own (`+`)."""
    return [one for one in Workspace._meta.get_fields(include_hidden=True) if one.one_to_many or one.one_to_one]


def _strip(workspace: Workspace) -> None:
    """Take the people out of what is left. The empty name says that the purge is done."""
    for relation in _relations():
        if relation.on_delete is models.PROTECT:
            book: type[models.Model] = relation.related_model
            book._base_manager.filter(**{relation.field.name: workspace}).update(**dict.fromkeys(_people_in(book)))
    nameless = {"name": "", "slug": f"purged-{workspace.pk}", "deleted_by": None}
    Workspace.objects.filter(pk=workspace.pk).update(**nameless)


def _people_in(book: type[models.Model]) -> list[str]:
    """Return the columns of a book that name people and can be emptied."""
    return [
        field.name
        for field in book._meta.fields
        if isinstance(field, models.ForeignKey)
        and field.related_model is User
        and field.remote_field.on_delete is models.SET_NULL
    ]
