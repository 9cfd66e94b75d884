"""Who belongs to a workspace, and as what: changes that stay true when two people press at once.

Each holds the workspace's row, so that members of one workspace change one after the other, and then looks again at
who asks: somebody who was removed or demoted meanwhile is refused. A workspace always has an owner.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.invitation_models import Invitation
from accounts.models import Membership, User, Workspace
from accounts.roles import Right, Role, may, reaches

UNDO_WITHIN = timedelta(minutes=10)
_UNDO = "accounts.members.removed"


class Refused(Exception):
    """Nothing was changed; the message says why, in words that can be shown."""


@contextmanager
def holding(workspace_id: int) -> Iterator[Workspace]:
    """Hold a workspace's row until what is done here is committed; yields it as it is now."""
    with transaction.atomic():
        # No lock on SQLite, which needs none: a transaction there keeps all other writers out from its beginning.
        yield Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


@contextmanager
def acting(workspace: Workspace, by: User, right: Right) -> Iterator[Membership]:
    """Hold a workspace for `by`, who needs `right`; yields their place as it is now. Raises Refused."""
    with holding(workspace.pk) as held:
        place = Membership.objects.filter(workspace=held, user=by, user__is_active=True).first()
        if place is not None:
            place.workspace = held
        if place is None or not may(place, right):
            raise Refused(_("Your role in this workspace does not allow that (any more)."))
        yield place


def change_role(member: Membership, role: str, *, by: User) -> bool:
    """Give a member another role; False where they have it already. Raises Refused.

    Nobody changes a role above their own or gives one; the last owner stays owner.
    """
    with acting(member.workspace, by, Right.MANAGE) as mine:
        now = _place_now(member, mine)
        if not reaches(mine.role, role):
            raise Refused(_("You cannot give a role that is higher than your own."))
        if now.role == role:
            return False
        if now.role == Role.OWNER:
            _keep_an_owner(now)
        Membership.objects.filter(pk=now.pk).update(role=role)
        revoke_beyond(now.workspace_id, now.user_id, role)
        _record(Verb.MEMBER_CHANGED, now, by, words=str(Role(role).label))
    return True


def remove(member: Membership, *, by: User) -> str:
    """End a membership, at once; return what takes that back within UNDO_WITHIN (`removals`). Raises Refused."""
    with acting(member.workspace, by, Right.MANAGE) as mine:
        now = _place_now(member, mine)
        if now.pk == mine.pk:
            raise Refused(_("You cannot remove yourself. Leave the workspace instead."))
        _end(now)
        _record(Verb.MEMBER_REMOVED, now, by)
    return signing.dumps([now.workspace_id, now.user_id, now.role, now.created_at.isoformat(), by.pk], salt=_UNDO)


def removed_by(undo: str, workspace: Workspace, by: User) -> Membership | None:
    """Return the place, as it was, that `undo` takes the removal back of; None where it is no good (any more)."""
    try:
        workspace_id, user_id, role, since, remover_id = signing.loads(undo, salt=_UNDO, max_age=UNDO_WITHIN)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=user_id).first()
    if person is None or (workspace_id, remover_id) != (workspace.pk, by.pk):
        return None
    return Membership(workspace=workspace, user=person, role=role, created_at=datetime.fromisoformat(since))


def leave(workspace: Workspace, *, user: User) -> None:
    """End one's own membership. Raises Refused for the last owner."""
    with holding(workspace.pk):
        place = Membership.objects.filter(workspace=workspace, user=user).first()
        if place is not None:
            _end(place)
            _record(Verb.MEMBER_LEFT, place, user)


def may_leave(workspace: Workspace, user: User) -> bool:
    """Return whether the workspace would have an owner without `user`."""
    owners = Membership.objects.filter(workspace=workspace, role=Role.OWNER, user__is_active=True)
    return owners.exclude(user=user).exists()


def hand_over(member: Membership, *, by: User) -> None:
    """Make another member owner in place of `by`, who becomes an admin. Raises Refused."""
    with acting(member.workspace, by, Right.OWN) as mine:
        heir = _place_now(member, mine)
        if heir.pk == mine.pk:
            raise Refused(_("You own this workspace already."))
        if not heir.user.is_active:
            raise Refused(_("This account is switched off."))
        Membership.objects.filter(pk=heir.pk).update(role=Role.OWNER)
        Membership.objects.filter(pk=mine.pk).update(role=Role.ADMIN)
        revoke_beyond(mine.workspace_id, mine.user_id, Role.ADMIN)
        _record(Verb.HANDED_OVER, heir, by)


def revoke_beyond(workspace_id: int, user_id: int, role: str | None) -> None:
    """Take back the open invitations of somebody who may not give so high a role any more; all where `role` is None."""
    is_manager = role is not None and reaches(role, Role.ADMIN)
    theirs = Invitation.objects.open().filter(workspace=workspace_id, invited_by=user_id)
    if is_manager:
        assert role is not None
        theirs = theirs.exclude(role__in=[one for one in Role.values if reaches(role, one)])
    theirs.update(revoked_at=timezone.now())


def _record(verb: Verb, place: Membership, by: User, *, words: str = "") -> None:
    """Write down what was done to somebody's place. The log names people by number, so that they can be erased."""
    audit.record(verb, place.user, workspace_id=place.workspace_id, words=words, by=by)


def _place_now(member: Membership, mine: Membership) -> Membership:
    """Return a membership as it is now. Raises Refused where it has ended, or is above that of who asks."""
    now = Membership.objects.select_related("user").filter(pk=member.pk, workspace=mine.workspace_id).first()
    if now is None:
        raise Refused(_("This person is not a member any more."))
    if not reaches(mine.role, now.role):
        raise Refused(_("You cannot change somebody whose role is higher than your own."))
    return now


def _end(place: Membership) -> None:
    if place.role == Role.OWNER:
        _keep_an_owner(place)
    Membership.objects.filter(pk=place.pk).delete()
    revoke_beyond(place.workspace_id, place.user_id, None)
    addresses = EmailAddress.objects.filter(user=place.user_id, verified=True).values_list("email", flat=True)
    waiting = Invitation.objects.open().filter(
        workspace=place.workspace_id, email__in=[one.lower() for one in addresses]
    )
    waiting.update(revoked_at=timezone.now())


def _keep_an_owner(place: Membership) -> None:
    """Raise Refused where nobody else owns the workspace; its row is held."""
    if not may_leave(place.workspace, place.user):
        raise Refused(_("A workspace needs an owner. Make another member owner first."))
