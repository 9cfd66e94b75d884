"""Every operation of the API, asked for what belongs to another workspace or by somebody who may not ask."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from config.scopes import PEOPLE_ONLY, PUBLIC, SCOPES
from tests.tenancy.callers import Caller
from tests.tenancy.doors import Door, api_doors, described, operations
from tests.tenancy.planting import Tenant
from tests.tenancy.routes import BODIES, NUMBERS, QUERIES, REFERENCES
from tests.tenancy.statements import recorded
from tests.tenancy.walking import UNKNOWN, compared, foreign_keys, own_keys, told_apart
from tests.tenancy.world import digest_of

pytestmark = pytest.mark.django_db

DOORS = [door for door in api_doors() if door.name not in PUBLIC]
OPERATIONS = operations()
# Who may not come in at all, whatever they ask for.
SHUT_OUT = ("leaver", "stranger", "nobody", "token-leaver", "token-expired", "token-revoked", "token-nonsense")


def filled(said: Any, tenant: Tenant) -> Any:
    """Return a body or a query with the keys of a tenant's rows in it."""
    if isinstance(said, dict):
        return {name: filled(one, tenant) for name, one in said.items()}
    if isinstance(said, list):
        return [filled(one, tenant) for one in said]
    return tenant[said[1:]].pk if isinstance(said, str) and said.startswith("@") else said


def said_to(door: Door, tenant: Tenant) -> Any:
    return filled((QUERIES if door.methods == ("GET",) else BODIES).get(door.name), tenant)


def asked(caller: Caller, door: Door, tenant: Tenant):
    return caller.tried(door.methods[0], door.at(own_keys(door, tenant)), said_to(door, tenant), json=True)


@pytest.mark.parametrize("door", [door for door in DOORS if door.rows], ids=str)
def test_what_belongs_to_others_is_not_there(door, world, cast, theirs):
    wrong = []
    for name in ("owner", "token-full", "token-reader", *SHUT_OUT):
        body = said_to(door, world.a)
        wrong += told_apart(cast[name], door, world, list(foreign_keys(door, world)), data=body, json=True)
    assert not wrong, "\n".join(wrong)
    assert digest_of(world.b) == theirs


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_it_is_there_for_its_own_and_for_nobody_who_may_not_come_in(door, world, cast, their_keys):
    """Without the first half the walk would prove nothing: what is never there is not there for others either."""
    whose = {"owner": cast["owner"], "token": cast["token-full"]}
    if door.name in PEOPLE_ONLY:
        del whose["token"]
    for name, caller in whose.items():
        with recorded() as said:
            answer = asked(caller, door, world.a)
        assert not said.unbound(their_keys), "Ask for rows of the workspace, as by `visible_to`."
        assert answer.status < 500 and answer.status not in (401, 403, 404, 405, 422), f"{name}: {answer}"
    for name in SHUT_OUT:
        answer = asked(cast[name], door, world.a)
        assert answer.status == 401, f"{name}: {answer}"
        assert world.a.word not in answer.everything


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_viewers_and_tokens_that_read_change_nothing(door, world, cast):
    may_read = door.methods == ("GET",) or door.name in {"estimate_run"}
    for name in ("token-reader", "token-viewer", "viewer"):
        answer = asked(cast[name], door, world.a)
        if SCOPES.get(door.name) == "read" if name.startswith("token") else may_read:
            assert answer.status in (200, 403), f"{name}: {answer}"
        elif name == "viewer" and door.name in OF_ONES_OWN:
            assert answer.status != 403, f"{name}: {answer}"
        else:
            # What only people do is refused in words that say who may.
            assert answer.status in (403, 404, *([409] if door.name in PEOPLE_ONLY else [])), f"{name}: {answer}"


# What a viewer may do because it is their own.
OF_ONES_OWN = frozenset({"read_notification", "create_token", "revoke_token"})


def swapped(said: Any, tenant: Tenant, other: Tenant | None) -> Iterator[Any]:
    """Yield a body once for each row that it names, with that row being another's; an unknown one for None."""
    for place in _places(said):
        changed = copy.deepcopy(said)
        *way, last = place
        inner = changed
        for step in way:
            inner = inner[step]
        row = inner[last][1:]
        inner[last] = other[row].pk if other else UNKNOWN
        yield filled(changed, tenant)


def _places(said: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for step, one in steps:
        yield from _places(one, (*way, step))
    if isinstance(said, str) and said.startswith("@"):
        yield way


NAMING = [door for door in DOORS if list(_places(BODIES.get(door.name))) or list(_places(QUERIES.get(door.name)))]


@pytest.mark.parametrize("door", NAMING, ids=str)
def test_what_belongs_to_others_is_not_there_in_bodies_and_queries_either(door, world, cast, theirs, their_keys):
    said = (QUERIES if door.methods == ("GET",) else BODIES)[door.name]
    path = door.at(own_keys(door, world.a))
    for name in ("owner", "token-full"):
        for foreign, unknown in zip(swapped(said, world.a, world.b), swapped(said, world.a, None), strict=True):
            ours = cast[name].ask(door.methods[0], path, foreign, json=True)
            nothing = cast[name].ask(door.methods[0], path, unknown, json=True)
            assert not list(compared(f"{name}: {path} {foreign}", ours, nothing, their_keys, world))
    assert digest_of(world.b) == theirs


@pytest.mark.parametrize("door", [door for door in DOORS if door.methods != ("GET",)], ids=str)
def test_nobody_puts_anything_into_another_workspace(door, world, cast, theirs):
    """A body may name the other workspace as much as it likes: what is asked for is done in one's own, or refused."""
    said = (said_to(door, world.a) or {}) | {
        name: world.b[row].pk if row in world.b.rows else 1
        for name, row in REFERENCES.items()
        if name not in BODIES.get(door.name, {})
    }
    for name in ("owner", "token-full"):
        answer = cast[name].ask(door.methods[0], door.at(own_keys(door, world.a)), said, json=True)
        assert world.b.word not in answer.everything
    assert digest_of(world.b) == theirs


def test_whatever_names_a_row_in_the_api_is_known_to_the_walk():
    unknown = {
        f"{name}: {field}"
        for name, said in OPERATIONS.items()
        for field in _whole_numbers(said)
        if field not in REFERENCES and field not in NUMBERS
    }
    assert not unknown, (
        "Say in REFERENCES of tests/tenancy/routes.py which row it names, or in NUMBERS that it is none."
    )
    told = BODIES | QUERIES
    for name, said in OPERATIONS.items():
        named = {field for field in _whole_numbers(said) if field in REFERENCES}
        assert named <= told.get(name, {}).keys(), f"{name}: put a row into BODIES or QUERIES for each of {named}"


def _whole_numbers(operation: dict[str, Any]) -> set[str]:
    """Return the fields of an operation's query and body that are whole numbers, or lists of them."""
    fields = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for schema in _resolved(body):
        fields |= schema.get("properties", {})
    return {name for name, schema in fields.items() if '"integer"' in json.dumps(schema)}


def _resolved(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    known = described()["components"]["schemas"]
    for one in (schema, *schema.get("anyOf", []), *schema.get("allOf", [])):
        yield known[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
