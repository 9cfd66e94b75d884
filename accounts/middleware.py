"""Puts the workspace that the signed-in person works in on the request, and lets in who may."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.inbox import unread_column
from accounts.models import User, Workspace
from accounts.roles import Right, may
from accounts.row_numbers import row_number
from accounts.stale_pages import is_of_another_workspace, refused
from accounts.wall import as_tenant, streamed

# Links that leave the house say by this which workspace they are about: see `accounts.links`.
ABOUT = "workspace"


class MemberRequest(HttpRequest):
    """A request of a person who is signed in and has a workspace."""

    user: User
    workspace: Workspace


class WorkspaceMiddleware:
    """Sets `request.workspace` for signed-in people, `None` for strangers.

    A link from an e-mail or from Slack into another workspace of theirs takes them there and says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.workspace = workspace_of(request)  # type: ignore[attr-defined]
        if request.method == "GET" and ABOUT in request.GET and (there := _elsewhere(request)):
            request.session["workspace"] = there.pk
            messages.info(request, _("You are in the workspace “%(name)s” now.") % {"name": there.name})
            return redirect(_without_about(request))
        return self.get_response(request)


class TenantMiddleware:
    """Answers each request in the name of its workspace, or of none: see `accounts.wall`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        workspace: Workspace | None = request.workspace  # type: ignore[attr-defined]
        tenant = None if workspace is None else workspace.pk
        with as_tenant(tenant):
            answer = self.get_response(request)
        if isinstance(answer, StreamingHttpResponse):
            # What streams is made when this is long over.
            answer.streaming_content = streamed(answer.streaming_content, tenant)
        return answer


def workspace_of(request: HttpRequest) -> Workspace | None:
    """Return the workspace named in the session while the person is a member of it, else their first one.

    One that is deleted is the last choice. Its `role` is what they are in it, and `unread` how much news they have.
    """
    if not request.user.is_authenticated:
        return None
    mine = Workspace.objects.of(request.user).annotate(role=F("memberships__role"))
    if request.method == "GET":  # only pages that change nothing may show what was unread when they began
        mine = mine.annotate(unread=unread_column(request.user))
    mine = mine.order_by(F("deleted_at").asc(nulls_first=True), "memberships__created_at", "pk")
    chosen = request.session.get("workspace")
    return (mine.filter(pk=chosen).first() if chosen else None) or mine.first()


def _elsewhere(request: HttpRequest) -> Workspace | None:
    """Return the workspace that a link is about, where it is another one of the person's."""
    here: Workspace | None = request.workspace  # type: ignore[attr-defined]
    asked = row_number(request.GET[ABOUT])
    if here is None or asked is None or here.pk == asked:
        return None
    assert isinstance(request.user, User)
    return Workspace.objects.of(request.user).filter(pk=asked).first()


def _without_about(request: HttpRequest) -> str:
    """Return the address that was asked for, on this site, without what the link said of the workspace."""
    query = request.GET.copy()
    del query[ABOUT]
    # Browsers take an address that begins with two slashes, of either kind, for that of another site.
    path = "/" + request.path.lstrip("/\\")
    return f"{path}?{query.urlencode()}" if query else path


def member_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only members of a workspace in: strangers are asked to sign in, people without a workspace to make one.

    What is sent from a page of another workspace is answered by 409, and nothing is done (`accounts.stale_pages`).
    """

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.workspace is None:
            if request.method in ("GET", "HEAD"):
                return redirect("workspaces:list")
            raise Http404("no workspace")
        if is_of_another_workspace(request):
            return refused(request)
        return view(request, *args, **kwargs)

    return login_required(guarded)


def right_required(right: Right) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let only members in who have a right; others are refused."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> Any:
            if not may(request, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return member_required(guarded)

    return decorate


def may_change(request: MemberRequest) -> bool:
    """Return whether the person may start, stop and spend in their workspace: everybody but viewers."""
    return may(request, Right.CHANGE)


editor_required = right_required(Right.CHANGE)
admin_required = right_required(Right.MANAGE)
owner_required = right_required(Right.OWN)
