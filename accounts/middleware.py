"""Puts the workspace that the signed-in person works in on the request."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.models import Membership, User, Workspace


class MemberRequest(HttpRequest):
    """A request of a person who is signed in and has a workspace."""

    user: User
    workspace: Workspace


class WorkspaceMiddleware:
    """Sets `request.workspace` for signed-in people, `None` for strangers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.workspace = workspace_of(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def workspace_of(request: HttpRequest) -> Workspace | None:
    """Return the workspace named in the session while the person is a member of it, else their first one."""
    if not request.user.is_authenticated:
        return None
    mine = Workspace.objects.of(request.user).order_by("memberships__created_at", "pk")
    chosen = request.session.get("workspace")
    return (mine.filter(pk=chosen).first() if chosen else None) or mine.first()


def member_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only members of a workspace in: strangers are asked to sign in, people without a workspace get a 404."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> Any:
        if request.workspace is None:
            raise Http404("no workspace")
        return view(request, *args, **kwargs)

    return login_required(guarded)


def may_change(request: MemberRequest) -> bool:
    """Return whether the person may start, stop and spend in their workspace: everybody but viewers."""
    places = Membership.objects.filter(workspace=request.workspace, user=request.user)
    return places.exclude(role=Membership.Role.VIEWER).exists()


def editor_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only members in who may change things; viewers are refused."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> Any:
        if not may_change(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return member_required(guarded)
