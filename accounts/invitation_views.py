"""The doors to an invitation: its link, what it is, and accepting."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations
from accounts.invitation_models import Invitation
from accounts.members import Refused
from accounts.models import Membership, User
from accounts.wall import as_system

KEY = "invitation"


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, so that it is in no history, log or Referer of what follows."""
    request.session[KEY] = token[:100]
    return redirect("workspaces:opened")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@as_system()
def show(request: HttpRequest) -> HttpResponse:
    """Say what the invitation is and what is to be done; POST accepts it."""
    invitation = invitations.by_token(request.session.get(KEY, ""))
    if invitation is None:
        problem = _("This invitation does not exist, or a newer e-mail has taken its place. Open the newest one.")
        return render(request, "accounts/invitation.html", {"problem": problem}, status=404)
    if request.method == "POST" and isinstance(request.user, User):
        return _accepted(request, invitation, request.user)
    return _page(request, invitation)


@require_POST
@login_required
@as_system()
def accept_waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept an invitation that stands in the list of one's own workspaces."""
    assert isinstance(request.user, User)
    return _accepted(request, get_object_or_404(invitations.waiting_for(request.user), pk=pk), request.user)


def _accepted(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    try:
        place = invitations.accept(invitation, user=user)
    except invitations.NotYours:
        return _page(request, invitation)
    except Refused as error:
        return _page(request, invitation, str(error))
    _enter(request, place)
    return redirect("hunts:list")


def _enter(request: HttpRequest, place: Membership) -> None:
    request.session.pop(KEY, None)
    request.session["workspace"] = place.workspace_id
    said = _("Welcome to “%(name)s”: your role here is %(role)s.")
    messages.success(request, said % {"name": place.workspace.name, "role": place.get_role_display()})


def _page(request: HttpRequest, invitation: Invitation, problem: str = "") -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    is_mine = user is not None and invitations.has_shown(user, invitation.email)
    problem = problem or invitations.said(invitation)
    context = {
        "invitation": invitation,
        "problem": problem,
        "is_mine": is_mine,
        "is_to_confirm": user is not None and not is_mine and user.email.lower() == invitation.email,
    }
    return render(request, "accounts/invitation.html", context, status=410 if problem else 200)
