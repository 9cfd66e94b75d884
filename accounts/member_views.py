"""The doors to the members of a workspace and to its invitations. Everybody may look; owners and admins change."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import invitations, removals
from accounts import members as people
from accounts.invitation_models import Invitation
from accounts.member_page import context_of
from accounts.members import Refused
from accounts.middleware import MemberRequest, admin_required, member_required, owner_required
from accounts.models import Membership
from accounts.roles import Role, role_in_hand
from accounts.row_numbers import row_number
from accounts.workspace_forms import InviteForm


@require_GET
@member_required
def members(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@admin_required
def invite(request: MemberRequest) -> HttpResponse:
    """Invite somebody by e-mail."""
    form = InviteForm(request.POST, inviter_role=role_in_hand(request))
    if not form.is_valid():
        return _page(request, form)
    try:
        invitation = invitations.invite(request.workspace, **form.cleaned_data, by=request.user)
    except Refused as error:
        form.refuse(error)
        return _page(request, form)
    _tell_of_sending(request, invitation)
    return redirect("workspaces:members")


@require_POST
@admin_required
def change_role(request: MemberRequest, pk: int) -> HttpResponse:
    member, role = _member(request, pk), request.POST.get("role", "")
    if role not in Role.values:
        raise Http404
    done = _("%(who)s is now %(role)s.") % {"who": member.user, "role": Role(role).label}
    return _after(request, lambda: people.change_role(member, role, by=request.user), done)


@require_POST
@admin_required
def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """End somebody's membership, and offer to take that back."""
    member = _member(request, pk)
    try:
        undo = people.remove(member, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("workspaces:members")
    return redirect(f"{reverse('workspaces:members')}?{urlencode({'undo': undo})}")


@require_POST
@admin_required
def put_back(request: MemberRequest) -> HttpResponse:
    """Take back a removal that was made just now."""
    undo = request.POST.get("undo", "")
    done = _("The person is a member again.")
    return _after(request, lambda: removals.put_back(request.workspace, undo, by=request.user), done)


@require_POST
@member_required
def leave(request: MemberRequest) -> HttpResponse:
    try:
        people.leave(request.workspace, user=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("workspaces:settings")
    request.session.pop("workspace", None)
    messages.success(request, _("You have left the workspace “%(name)s”.") % {"name": request.workspace.name})
    return redirect("workspaces:list")


@require_POST
@owner_required
def hand_over(request: MemberRequest) -> HttpResponse:
    """Make another member the owner in one's own place."""
    pk = row_number(request.POST.get("member", ""))
    if pk is None:
        raise Http404
    member = _member(request, pk)
    done = _("%(who)s owns the workspace now; you are an admin.") % {"who": member.user}
    return _after(request, lambda: people.hand_over(member, by=request.user), done, back="workspaces:settings")


@require_POST
@admin_required
def change_invitation(request: MemberRequest, pk: int, action: str) -> HttpResponse:
    """Send an invitation again, take it back, or undo that."""
    ours = Invitation.objects.filter(workspace=request.workspace).select_related("workspace")
    invitation = get_object_or_404(ours, pk=pk)
    if action == "send":
        return _sent_again(request, invitation)
    if action == "restore":
        done = _("The invitation holds again.")
        return _after(request, lambda: invitations.put_back(invitation, by=request.user), done)
    if action != "revoke":
        raise Http404
    try:
        invitations.revoke(invitation, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("workspaces:members")
    return redirect(f"{reverse('workspaces:members')}?{urlencode({'revoked': invitation.pk})}")


def _sent_again(request: MemberRequest, invitation: Invitation) -> HttpResponse:
    try:
        _tell_of_sending(request, invitations.send_again(invitation, by=request.user))
    except Refused as error:
        messages.error(request, str(error))
    return redirect("workspaces:members")


def _tell_of_sending(request: MemberRequest, invitation: Invitation) -> None:
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})


def _after(
    request: MemberRequest, change: Callable[[], object], done: str, *, back: str = "workspaces:members"
) -> HttpResponse:
    """Change something, say what came of it, and go back to the page."""
    try:
        change()
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(back)


def _member(request: MemberRequest, pk: int) -> Membership:
    ours = Membership.objects.filter(workspace=request.workspace).select_related("user", "workspace")
    return get_object_or_404(ours, pk=pk)


def _page(request: MemberRequest, form: Any = None) -> HttpResponse:
    context = context_of(request, form)
    return render(request, "accounts/members.html", context, status=422 if form is not None else 200)
