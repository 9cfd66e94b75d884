"""The API's workspace: what it is called, who belongs to it, and who is invited. The same functions as the pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts import invitations, members, workspaces
from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, Email, ProblemOut, Words, needs
from accounts.invitation_models import Invitation
from accounts.middleware import MemberRequest
from accounts.models import Membership
from accounts.roles import Right, Role, rights_of, role_in_hand

workspace_router = Router(tags=["workspace"])
members_router = Router(tags=["members"])
invitations_router = Router(tags=["invitations"])

REFUSED: dict[Any, Any] = {**PROBLEMS_OF_ONE, 409: ProblemOut}
Number = Annotated[int, Field(ge=1, lt=2**63)]


class WorkspaceOut(Schema):
    """The workspace that is asked about, and what whoever asks may do in it.

    Once it is deleted it can only be read, until `kept_until`.
    """

    id: int
    name: str
    slug: str
    role: Role
    rights: list[Right]
    created_at: datetime
    deleted_at: datetime | None
    kept_until: datetime | None


class NameIn(Schema):
    name: Annotated[Words, Field(max_length=100)]


class MemberOut(Schema):
    """A person's place in the workspace."""

    id: int
    email: str
    name: str
    role: Role
    is_you: bool
    created_at: datetime


class RoleIn(Schema):
    role: Role


class InvitationIn(Schema):
    """An address is invited once: done again, it gets the new role and a new e-mail."""

    email: Email
    role: Role = Role.MEMBER


class InvitationOut(Schema):
    """An invitation. `problem` says why its e-mail could not be sent (yet); `sent_at` is null until it is."""

    id: int
    email: str
    role: Role
    state: Invitation.State
    problem: str
    invited_by: str | None
    sent_at: datetime | None
    expires_at: datetime


@workspace_router.get("", response={200: WorkspaceOut, **PROBLEMS}, operation_id="read_workspace")
def read_workspace(request: MemberRequest) -> dict[str, Any]:
    """The workspace that the session or the token is for."""
    return _workspace_out(request)


@workspace_router.patch("", response={200: WorkspaceOut, **REFUSED}, operation_id="rename_workspace")
def rename_workspace(request: MemberRequest, body: NameIn) -> dict[str, Any]:
    """Give it another name: owners and admins."""
    needs(request, Right.MANAGE)
    try:
        workspaces.rename(request.workspace, body.name, by=request.user)
    except ValidationError as error:
        raise HttpError(422, " ".join(error.messages)) from error
    request.workspace.refresh_from_db(fields=["name"])
    return _workspace_out(request)


@members_router.get("", response={200: list[MemberOut], **PROBLEMS}, operation_id="list_members")
def list_members(request: MemberRequest) -> list[dict[str, Any]]:
    """Everybody who belongs to the workspace, those who came first first."""
    ours = _ours(request).order_by("created_at", "pk")
    return [_member_out(request, one) for one in ours]


@members_router.patch("/{member_id}", response={200: MemberOut, **REFUSED}, operation_id="change_member")
def change_member(request: MemberRequest, member_id: Number, body: RoleIn) -> dict[str, Any]:
    """Give a member another role, none above one's own: owners and admins. 409 for the last owner."""
    needs(request, Right.MANAGE)
    member = get_object_or_404(_ours(request), pk=member_id)
    members.change_role(member, body.role, by=request.user)
    member.refresh_from_db(fields=["role"])
    return _member_out(request, member)


@members_router.delete("/{member_id}", response={204: None, **REFUSED}, operation_id="remove_member")
def remove_member(request: MemberRequest, member_id: Number) -> Status[None]:
    """End somebody's membership at once (owners and admins), or one's own. 409 for the last owner."""
    member = get_object_or_404(_ours(request), pk=member_id)
    if member.user_id == request.user.pk:
        members.leave(request.workspace, user=request.user)
    else:
        needs(request, Right.MANAGE)
        members.remove(member, by=request.user)
    return Status(204, None)


@members_router.post("/{member_id}/owner", response={200: MemberOut, **REFUSED}, operation_id="hand_over_workspace")
def hand_over_workspace(request: MemberRequest, member_id: Number) -> dict[str, Any]:
    """Make another member owner in one's own place, and become an admin: owners alone."""
    needs(request, Right.OWN)
    member = get_object_or_404(_ours(request), pk=member_id)
    members.hand_over(member, by=request.user)
    member.refresh_from_db(fields=["role"])
    return _member_out(request, member)


@invitations_router.get("", response={200: list[InvitationOut], **PROBLEMS}, operation_id="list_invitations")
def list_invitations(request: MemberRequest) -> Iterable[dict[str, Any]]:
    """Those that are open or have expired, the newest first: owners and admins."""
    needs(request, Right.MANAGE)
    ours = Invitation.objects.open().filter(workspace=request.workspace).select_related("invited_by")
    return [_invitation_out(one) for one in ours.order_by("-pk")[: invitations.MOST_OPEN]]


@invitations_router.post("", response={201: InvitationOut, **REFUSED}, operation_id="invite_member")
def invite_member(request: MemberRequest, body: InvitationIn) -> Status[dict[str, Any]]:
    """Invite somebody by e-mail, to no role above one's own: owners and admins."""
    needs(request, Right.MANAGE)
    made = invitations.invite(request.workspace, body.email, body.role, by=request.user)
    return Status(201, _invitation_out(made))


@invitations_router.post(
    "/{invitation_id}/send", response={200: InvitationOut, **REFUSED}, operation_id="send_invitation_again"
)
def send_invitation_again(request: MemberRequest, invitation_id: Number) -> dict[str, Any]:
    """Send it again, with another link and another seven days: owners and admins."""
    return _invitation_out(invitations.send_again(_invitation(request, invitation_id), by=request.user))


@invitations_router.delete("/{invitation_id}", response={204: None, **REFUSED}, operation_id="revoke_invitation")
def revoke_invitation(request: MemberRequest, invitation_id: Number) -> Status[None]:
    """Take it back, so that its link does not work any more; done twice, it is the same. Owners and admins."""
    invitations.revoke(_invitation(request, invitation_id), by=request.user)
    return Status(204, None)


def _ours(request: MemberRequest) -> Any:
    return Membership.objects.filter(workspace=request.workspace).select_related("user", "workspace")


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    needs(request, Right.MANAGE)
    ours = Invitation.objects.filter(workspace=request.workspace).select_related("workspace", "invited_by")
    return get_object_or_404(ours, pk=pk)


def _workspace_out(request: MemberRequest) -> dict[str, Any]:
    told = ("id", "name", "slug", "created_at", "deleted_at", "kept_until")
    role = {"role": role_in_hand(request), "rights": rights_of(request)}
    return {name: getattr(request.workspace, name) for name in told} | role


def _member_out(request: MemberRequest, member: Membership) -> dict[str, Any]:
    user = member.user
    person = {"email": user.email, "name": user.get_full_name(), "is_you": user.pk == request.user.pk}
    return {"id": member.pk, "role": member.role, "created_at": member.created_at, **person}


def _invitation_out(one: Invitation) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("id", "email", "role", "state", "sent_at", "expires_at")}
    return told | {"problem": one.why, "invited_by": one.invited_by.email if one.invited_by else None}
