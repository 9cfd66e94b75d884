"""Every operation of the API says which scope a token needs for it, and every one is behind the guard."""

import json

import pytest
from django.http import HttpResponse
from django.test import Client
from ninja import NinjaAPI

from accounts.api import MemberAuth, TokenAuth, WrongScope
from accounts.token_models import Scope
from config.api import api
from config.api_guard import guard
from config.scopes import PEOPLE_ONLY, PUBLIC, SCOPES
from tests.accounts.test_tokens import bearer, made_for

SAFE = {"get"}
# These look, although they are asked by POST: one works out a price, and says nothing that is kept.
LOOKS = {"estimate_run"}


def operations() -> list[tuple[str, str, dict]]:
    paths = api.get_openapi_schema()["paths"]
    return [(path, method, one) for path, methods in paths.items() for method, one in methods.items()]


def test_every_operation_declares_its_scope_and_no_other_is_declared():
    names = {one["operationId"] for _path, _method, one in operations()}
    assert len(names) == len(operations())
    assert names == SCOPES.keys() | PUBLIC | PEOPLE_ONLY
    assert len(names) == len(SCOPES) + len(PUBLIC) + len(PEOPLE_ONLY)


def test_the_description_says_the_scope_and_both_ways_to_come_in():
    for _path, _method, one in operations():
        if one["operationId"] in PUBLIC:
            continue
        is_for_tokens = one["operationId"] not in PEOPLE_ONLY
        assert (one["x-scope"] in Scope.values) == is_for_tokens, one["operationId"]
        assert [*map(list, one["security"])] == [["TokenAuth"], ["MemberAuth"]][1 - is_for_tokens :]
    schemes = api.get_openapi_schema()["components"]["securitySchemes"]
    assert (schemes["TokenAuth"]["type"], schemes["TokenAuth"]["scheme"]) == ("http", "bearer")


def test_what_changes_something_needs_more_than_read():
    for path, method, one in operations():
        if method not in SAFE and one["operationId"] not in LOOKS:
            assert one["x-scope"] != Scope.READ, f"{method} {path}"


@pytest.mark.django_db
def test_a_token_that_may_only_the_other_things_is_refused_by_each(owner):
    """Whatever the row: the scope is asked before it, so that a token learns nothing of what it may not read."""
    made = {scope.value: made_for(owner, *(set(Scope) - {scope}))[1] for scope in Scope}
    clients = {scope: bearer(token) for scope, token in made.items()} | {None: bearer(made_for(owner, *Scope)[1])}
    for path, method, one in operations():
        if one["operationId"] in PUBLIC:
            continue
        answer = _asked(clients[one["x-scope"]], method, path)
        assert (answer.status_code, answer.json().get("scope")) == (403, one["x-scope"] or ""), one["operationId"]


@pytest.mark.django_db
def test_an_operation_that_nobody_declared_is_closed_to_tokens(owner, rf):
    """As it is between writing an operation and declaring it."""
    fresh = NinjaAPI(title="Another", auth=[TokenAuth(), MemberAuth()], urls_namespace="another")
    fresh.add_decorator(guard, mode="view")
    fresh.add_exception_handler(WrongScope, lambda request, error: HttpResponse(status=403))
    fresh.get("/new", operation_id="new_operation")(lambda request: {"done": True})
    view = next(one for one in fresh.urls[0] if str(one.pattern) == "new").callback
    token = made_for(owner, *Scope.values)[1]
    request = rf.get("/another/new", headers={"Authorization": f"Bearer {token}"})
    request.session = {}
    assert view(request).status_code == 403


def _asked(client: Client, method: str, path: str):
    address = path.replace("{action}", "cancel")
    while "{" in address:
        before, _, rest = address.partition("{")
        address = f"{before}1{rest.partition('}')[2]}"
    body = {} if method == "get" else {"data": json.dumps({}), "content_type": "application/json"}
    return getattr(client, method)(address, **body)
