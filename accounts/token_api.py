"""The API's API tokens: made, listed and revoked by people, and by tokens with the scope `admin`."""

import re
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from accounts import tokens
from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, ProblemOut
from accounts.middleware import MemberRequest
from accounts.token_models import ApiToken, Scope

router = Router(tags=["tokens"])


_BEGINS_WITH_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _written_out(value: object) -> object:
    """Refuse numbers, which pydantic takes for seconds or milliseconds since 1970."""
    if value is not None and not (isinstance(value, str) and _BEGINS_WITH_A_DAY.match(value)):
        raise ValueError("not a time such as 2027-01-31T12:00:00Z")
    return value


class TokenIn(Schema):
    """A token to be made; without `expires_at` it does not expire."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    expires_at: Annotated[AwareDatetime, BeforeValidator(_written_out)] | None = None


class TokenOut(Schema):
    """A token, told by how it begins; `state` is active, expired, revoked or left (its person)."""

    id: int
    name: str
    person: str
    shown: str
    scopes: list[Scope]
    state: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class MadeTokenOut(TokenOut):
    """A new token, with `token` itself: it is told this once."""

    token: str


class TokensOut(Schema):
    """All tokens that whoever asks may revoke, the newest first."""

    items: list[TokenOut]


def _out(row: ApiToken) -> dict[str, Any]:
    names = ("id", "name", "shown", "scopes", "state", "created_at", "expires_at", "last_used_at")
    return {**{name: getattr(row, name) for name in names}, "person": row.user.email}


@router.get("", response={200: TokensOut, **PROBLEMS}, operation_id="list_tokens")
def list_tokens(request: MemberRequest) -> dict[str, Any]:
    """One's own; owners and admins get everybody's."""
    return {"items": [_out(row) for row in tokens.visible(request)]}


@router.post("", response={201: MadeTokenOut, 409: ProblemOut, **PROBLEMS}, operation_id="create_token")
@sensitive_variables("token", "made")
def create_token(request: MemberRequest, asked: TokenIn, response: HttpResponse) -> Status[dict[str, Any]]:
    """Make a token of one's own. One that is made by a token has none but its scopes, and does not outlive it."""
    _no_more_than_itself(request, asked)
    try:
        made, token = tokens.create(request, name=asked.name, scopes=asked.scopes, expires_at=asked.expires_at)
    except tokens.NotAllowed as error:
        raise HttpError(422, str(error)) from None
    response["Cache-Control"] = "no-store"  # which also keeps it out of the answers that are kept to be repeated
    return Status(201, {**_out(made), "token": token})


@router.delete("/{int:token_id}", response={204: None, **PROBLEMS_OF_ONE}, operation_id="revoke_token")
def revoke_token(request: MemberRequest, token_id: Annotated[int, Field(lt=2**63)]) -> Status[None]:
    """End a token at once; done twice, it is the same."""
    get_object_or_404(tokens.visible(request), pk=token_id).revoke(by=request.user)
    return Status(204, None)


def _no_more_than_itself(request: HttpRequest, asked: TokenIn) -> None:
    by: ApiToken | None = getattr(request, "api_token", None)
    if by is None:
        return
    if not set(asked.scopes) <= set(by.scopes):
        raise HttpError(403, _("A token cannot make one that may do more than it may itself."))
    if by.expires_at and (asked.expires_at is None or asked.expires_at > by.expires_at):
        raise HttpError(403, _("A token cannot make one that expires later than it does itself."))
