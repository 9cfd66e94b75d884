"""Who may use the API, and what its errors look like: problem details, https://www.rfc-editor.org/rfc/rfc9457."""

from http import HTTPStatus
from typing import Annotated, Any, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import HttpError
from ninja.security import SessionAuth
from ninja.security.base import AuthBase
from pydantic import AfterValidator, ConfigDict, Field

from accounts.middleware import MemberRequest
from accounts.rate_limits import Quota
from accounts.roles import Right, may
from accounts.token_models import ApiToken, Scope

PROBLEM_TYPE = "application/problem+json"
# PostgreSQL keeps no NUL in a text.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
# One with a visible character in it.
Words = Annotated[str, Field(pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", min_length=1)]


def email_address(text: str) -> str:
    """Return an e-mail address. Raises ValueError for what is none."""
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    return text


Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(email_address)]


class BodyIn(Schema):
    """What is sent as JSON: 5 is a number there, and neither "5" nor true is one."""

    model_config = ConfigDict(strict=True)


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
    """Values that make no sense, each with its place where it is known."""

    errors: list[FieldProblem] = []


# What any operation may answer, for the description of the API.
PROBLEMS: dict[Any, Any] = {401: ProblemOut, 403: ProblemOut, 422: InvalidOut, 429: ProblemOut}
PROBLEMS_OF_ONE: dict[Any, Any] = {**PROBLEMS, 404: ProblemOut}


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """Return an error as problem+json."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type=PROBLEM_TYPE)


class WrongScope(Exception):
    """A token was used for something that it, or its person, may not do."""

    def __init__(self, operation: str, scope: Scope | None, token: ApiToken) -> None:
        super().__init__(f"{token.pk} may not {operation}")
        self.operation, self.scope, self.token = operation, scope, token


class TooManyRequests(Exception):
    """The quota of this minute is spent."""

    def __init__(self, quota: Quota) -> None:
        super().__init__(f"more than {quota.limit} a minute")
        self.quota = quota


class TokenAuth(AuthBase):
    """The API token of a person, which the guard of the operation has checked; it needs no CSRF token."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_bearerFormat = "mh_live_…"

    def __call__(self, request: HttpRequest) -> Any:
        return getattr(request, "api_token", None)


class MemberAuth(SessionAuth):
    """The session of a person who has a workspace; whatever changes something needs the CSRF token too."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return super().authenticate(request, key) and cast(MemberRequest, request).workspace


def editor(request: MemberRequest) -> None:
    """Refuse people who may only look."""
    needs(request, Right.CHANGE)


def needs(request: MemberRequest, right: Right) -> None:
    """Refuse people who do not have a right, and say who has."""
    if may(request, right):
        return
    if request.workspace.deleted_at:
        raise HttpError(403, _("This workspace is deleted: it can only be read. Its owners can bring it back."))
    said = {
        Right.MANAGE: _("Only owners and admins of the workspace may do this."),
        Right.OWN: _("Only an owner of the workspace may do this."),
    }
    raise HttpError(403, said.get(right, _("You may look at this workspace, but not change it. Ask its owner.")))
