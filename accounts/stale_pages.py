"""What is sent from a page of one workspace while the person is in another: they went there in another tab.

Each page says which workspace it is of, and `static/src/app.js` sends that along. Without the script nothing is known
of the page, and what it names is looked for in the workspace of the session, as ever: a foreign row is not found.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User, Workspace
from accounts.row_numbers import row_number
from accounts.wall import as_system

FIELD = "of-workspace"
HEADER = "X-Of-Workspace"


def is_of_another_workspace(request: Any) -> bool:
    """Return whether something is sent from a page of another workspace than the one that it would change."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    said = _said(request)
    return said != "" and said != str(request.workspace.pk)


def refused(request: HttpRequest) -> HttpResponse:
    """Answer 409 with where the page was from and how to go back there; one that is not the person's is not named."""
    said, user = _said(request), request.user
    assert isinstance(user, User)
    number = row_number(said)
    with as_system():
        theirs = Workspace.objects.of(user).filter(pk=number).first() if number is not None else None
    is_part = request.headers.get("HX-Request") == "true"
    template = "accounts/_other_workspace.html" if is_part else "accounts/other_workspace.html"
    answer = render(request, template, {"page_of": theirs}, status=409)
    answer[HEADER] = "another"  # so that the script tells it from conflicts that are about something else
    return answer


def _said(request: HttpRequest) -> str:
    return request.headers.get(HEADER) or (request.POST.get(FIELD, "") if request.method == "POST" else "")
