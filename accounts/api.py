"""Who may use the API, and what its errors look like: problem details, https://www.rfc-editor.org/rfc/rfc9457."""

from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import HttpError
from ninja.security import SessionAuth

from accounts.middleware import MemberRequest, may_change


class ProblemOut(Schema):
    """Why a request was not answered."""

    type: str
    title: str
    status: int
    detail: str


class FieldProblem(Schema):
    """What is wrong with one value, and where it stands in the request."""

    location: list[str]
    message: str


class InvalidOut(ProblemOut):
    """Values that make no sense, each with its place."""

    errors: list[FieldProblem]


# What any operation may answer, for the description of the API.
PROBLEMS: dict[Any, Any] = {401: ProblemOut, 403: ProblemOut, 422: InvalidOut}
PROBLEMS_OF_ONE: dict[Any, Any] = {**PROBLEMS, 404: ProblemOut}


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """Return an error as problem+json."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


class MemberAuth(SessionAuth):
    """The session of a person who has a workspace; whatever changes something needs the CSRF token too."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return super().authenticate(request, key) and cast(MemberRequest, request).workspace


def editor(request: MemberRequest) -> None:
    """Refuse people who may only look."""
    if not may_change(request):
        raise HttpError(403, _("You may look at this workspace, but not change it. Ask its owner."))
