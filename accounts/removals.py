"""Taking the removal of a member back. Beside `members`, because who comes back needs a place (`quotas`)."""

from django.utils.translation import gettext as _

from accounts import audit, quotas
from accounts.audit_models import Verb
from accounts.members import Refused, acting, removed_by
from accounts.models import Membership, User, Workspace
from accounts.roles import Right, Role, reaches


def put_back(workspace: Workspace, undo: str, *, by: User) -> Membership:
    """Take back a removal: the person has their role again. Only who removed them can. Raises Refused."""
    removed = removed_by(undo, workspace, by)
    if removed is None:
        raise Refused(_("It is too late to undo that. Invite the person again."))
    with acting(workspace, by, Right.MANAGE) as mine:
        if not reaches(mine.role, removed.role):
            raise Refused(_("You cannot give a role that is higher than your own."))
        place = Membership.objects.filter(workspace=workspace, user=removed.user).first()
        return place or _again(removed, by)


def _again(removed: Membership, by: User) -> Membership:
    quotas.hold_person(removed.workspace_id)
    place = Membership.objects.create(workspace=removed.workspace, user=removed.user, role=removed.role)
    # A member since then: what came with the place, such as API tokens, is theirs again.
    Membership.objects.filter(pk=place.pk).update(created_at=removed.created_at)
    words = str(Role(place.role).label)
    audit.record(Verb.MEMBER_PUT_BACK, place.user, workspace_id=place.workspace_id, words=words, by=by)
    return place
