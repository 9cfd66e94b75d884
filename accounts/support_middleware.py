"""Lets an operator see what a person sees, while a visit goes on: each page is written down, and nothing changes.

Stands behind the middleware that knows who is signed in, and before those that ask for it. Pages find the visit as
`request.support`.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import audit, support
from accounts.audit_models import Verb
from accounts.models import User
from accounts.support_doors import END, OPEN, UNREAD, changes
from accounts.support_models import SupportVisit


class ChangesNothing(Exception):
    """A page that support looked at was about to change something."""


class SupportMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.support = None
        if support.KEY not in request.session:
            return self.get_response(request)
        visit, operator = support.visit_in(request.session), request.user
        if not operator.is_authenticated or visit is None or not support.goes_on(visit, operator):
            support.leave(request, visit)
            messages.info(request, _("The look as support has ended."))
            return redirect(_back(visit))
        request.support, request.user = visit, visit.person
        request.auser = _as_told(visit.person)
        with connection.execute_wrapper(_looking):
            return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Write down what is looked at, and refuse what is not for looking."""
        if request.support is None:
            return None
        name = request.resolver_match.view_name
        if name == END:
            return None
        if name == UNREAD:
            return HttpResponse(status=204)
        workspace = request.workspace
        if workspace is not None:
            support.opened(request.support, workspace)
        is_look = request.method in ("GET", "HEAD") and name in OPEN
        verb, words = (Verb.SUPPORT_LOOKED, "") if is_look else (Verb.SUPPORT_REFUSED, f"{request.method} ")
        audit.record(verb, workspace_id=workspace and workspace.pk, words=words + request.path)
        return None if is_look else refused(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        return refused(request) if isinstance(error, ChangesNothing) else None


def refused(request: HttpRequest) -> HttpResponse:
    """Answer what support may not do."""
    said = {
        "title": _("Support only looks"),
        "detail": _("Nothing was changed. The people of the workspace do that themselves, and some pages are theirs."),
    }
    return render(request, "pages/error.html", said, status=403)


def _looking(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if changes(sql):
        raise ChangesNothing
    return execute(sql, params, many, context)


def _as_told(person: User) -> Callable[[], Any]:
    async def auser() -> User:
        return person

    return auser


def _back(visit: SupportVisit | None) -> str:
    """Return where an operator came from."""
    return "admin:index" if visit is None else f"/admin/accounts/user/{visit.person_id}/change/"
