"""The doors to workspaces: those of a person, the one that they are in, and the way from one to another."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations, members, workspaces
from accounts.members import Refused
from accounts.middleware import MemberRequest, member_required
from accounts.models import User, Workspace
from accounts.roles import LADDER, RANK, Right, Role, may, role_in_hand
from accounts.wall import as_system
from accounts.workspace_forms import NameForm, heirs

IN_MENU = 8


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@as_system()
def mine(request: HttpRequest) -> HttpResponse:
    """The person's workspaces and the invitations that wait for them; POST makes another workspace."""
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _made(request, form)):
        request.session["workspace"] = made.pk
        messages.success(request, _("The workspace is made, and you are in it."))
        return redirect("hunts:list")
    context = {
        "form": form,
        "rows": _workspaces_of(_person(request)),
        "waiting": invitations.waiting_for(_person(request)),
    }
    return render(request, "accounts/workspaces.html", context, status=422 if form.errors else 200)


def _made(request: HttpRequest, form: NameForm) -> Workspace | None:
    try:
        return workspaces.make(form.cleaned_data["name"], by=_person(request))
    except Refused as error:
        form.add_error("name", str(error))
        return None


@require_GET
@login_required
@as_system()
def menu(request: HttpRequest) -> HttpResponse:
    """The part of the menu that goes to other workspaces: looked up when the menu is opened, not for every page."""
    here = getattr(request, "workspace", None)
    others = [one for one in _workspaces_of(_person(request)) if one != here]
    context = {"others": others[:IN_MENU], "waiting": invitations.waiting_for(_person(request)).count()}
    return render(request, "accounts/_workspace_menu.html", context)


@require_POST
@login_required
@as_system()
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Work in another workspace of one's own from now on."""
    workspace = get_object_or_404(Workspace.objects.of(_person(request)), pk=pk)
    request.session["workspace"] = workspace.pk
    return redirect("hunts:list")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def settings(request: MemberRequest) -> HttpResponse:
    """The workspace itself: its name, its owner, and the ways out of it."""
    if request.method != "POST":
        return _settings(request, NameForm(initial={"name": request.workspace.name}))
    if not may(request, Right.MANAGE):
        raise PermissionDenied
    form = NameForm(request.POST)
    if not form.is_valid():
        return _settings(request, form)
    try:
        workspaces.rename(request.workspace, form.cleaned_data["name"], by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("workspaces:settings")


def _settings(request: MemberRequest, form: NameForm) -> HttpResponse:
    role = Role(role_in_hand(request))
    context: dict[str, Any] = {
        "form": form,
        "role": role,
        "is_owner": role == Role.OWNER,
        "may_leave": members.may_leave(request.workspace, request.user),
        "may_edit": may(request, Right.MANAGE),
        "heirs": heirs(request.workspace, request.user) if may(request, Right.OWN) else [],
        "days": Workspace.KEPT_FOR.days,
        "roles": roles_in_words(),
    }
    return render(request, "accounts/workspace.html", context, status=422 if form.errors else 200)


def roles_in_words() -> list[tuple[str, str]]:
    """Return each role and what it may do, the highest first."""
    said = {
        Role.VIEWER: _("sees everything and changes nothing"),
        Role.MEMBER: _("starts and stops runs, changes hunts and leads"),
        Role.ADMIN: _("also manages members, connections, language models and spending limits"),
        Role.OWNER: _("also hands the workspace over or deletes it"),
    }
    return [(str(role.label), said[role]) for role, _right in reversed(LADDER)]


def _workspaces_of(user: User) -> list[Workspace]:
    """Return the workspaces of a person, each with their `role` and `role_name`, by name; deleted ones last."""
    found: list[Any] = list(Workspace.objects.of(user).annotate(role=F("memberships__role")))
    for one in found:
        one.role_name = Role(one.role).label  # for the page
    return sorted(found, key=lambda one: (one.deleted_at is not None, one.name.casefold(), -RANK[one.role], one.pk))


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "only people who are signed in come here"
    return request.user
