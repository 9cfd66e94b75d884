"""What the page of a workspace's members shows."""

from dataclasses import dataclass
from typing import Any

from accounts import invitations
from accounts.invitation_models import Invitation
from accounts.members import may_leave, removed_by
from accounts.middleware import MemberRequest
from accounts.models import Membership
from accounts.notification_mail import is_confirmed
from accounts.roles import RANK, Right, may, reaches, role_in_hand
from accounts.row_numbers import row_number
from accounts.workspace_forms import InviteForm, role_choices


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member, and what who looks may do about them."""

    member: Membership
    is_me: bool
    roles: list[tuple[str, str]]  # those that can be chosen; none where nothing can be changed
    may_remove: bool


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that is open or has expired, and whether who looks may change it."""

    invitation: Invitation
    may_change: bool


def context_of(request: MemberRequest, form: InviteForm | None = None) -> dict[str, Any]:
    """Return what the page needs; only who may invite sees who is invited."""
    may_edit, undo = may(request, Right.MANAGE), request.GET.get("undo", "")
    return {
        "rows": _members(request, may_edit=may_edit),
        "invited": _invited(request) if may_edit else [],
        "may_edit": may_edit,
        "is_confirmed": not may_edit or is_confirmed(request.user),
        "form": form or InviteForm(inviter_role=role_in_hand(request)),
        "removed": removed_by(undo, request.workspace, request.user) if may_edit and undo else None,
        "undo": undo,
        "revoked": _revoked(request) if may_edit else None,
        "may_leave": may_leave(request.workspace, request.user),
    }


def _members(request: MemberRequest, *, may_edit: bool) -> list[MemberRow]:
    mine = role_in_hand(request)
    found = Membership.objects.filter(workspace=request.workspace).select_related("user")
    in_order = sorted(found, key=lambda one: (-RANK[one.role], one.user.email))
    return [_row(one, mine, is_me=one.user_id == request.user.pk, may_edit=may_edit) for one in in_order]


def _row(member: Membership, mine: str, *, is_me: bool, may_edit: bool) -> MemberRow:
    is_below = may_edit and reaches(mine, member.role)
    return MemberRow(member, is_me, role_choices(mine) if is_below else [], may_remove=is_below and not is_me)


def _invited(request: MemberRequest) -> list[InvitationRow]:
    mine = role_in_hand(request)
    ours = Invitation.objects.open().filter(workspace=request.workspace).select_related("invited_by")
    return [InvitationRow(one, reaches(mine, one.role)) for one in ours.order_by("-pk")[: invitations.MOST_OPEN]]


def _revoked(request: MemberRequest) -> Invitation | None:
    """Return the invitation that was taken back just now, to offer Undo."""
    pk = row_number(request.GET.get("revoked", ""))
    if pk is None:
        return None
    return Invitation.objects.filter(workspace=request.workspace, pk=pk, revoked_at__isnull=False).first()
