"""Every page, asked for what belongs to another workspace: the answer is that for what does not exist."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.urls import resolve

from tests.tenancy.callers import Answer, Caller
from tests.tenancy.doors import Door, pages
from tests.tenancy.planting import Tenant
from tests.tenancy.routes import FOR_STRANGERS, FOR_VIEWERS, FORMS, REFERENCES
from tests.tenancy.statements import recorded
from tests.tenancy.walking import HTMX, UNKNOWN, compared, foreign_keys, own_keys, told_apart
from tests.tenancy.world import digest_of

pytestmark = pytest.mark.django_db

PAGES = pages()
NAMING = [door for door in PAGES if door.rows]


@pytest.mark.parametrize("door", NAMING, ids=str)
def test_what_belongs_to_others_is_not_there(door, world, cast, theirs):
    asked_for = list(foreign_keys(door, world))
    wrong = list(told_apart(cast["owner"], door, world, asked_for))
    plain = replace(door, methods=("GET", "POST"))
    for name in ("leaver", "stranger"):
        wrong += told_apart(cast[name], plain, world, asked_for[:1])
    assert not wrong, "\n".join(wrong)
    assert digest_of(world.b) == theirs


def form_of(door: Door, tenant: Tenant) -> dict[str, Any]:
    """Return what is sent to a page that takes a form."""
    said = FORMS.get(door.name, {}).items()
    return {name: tenant[one[1:]].pk if str(one).startswith("@") else one for name, one in said}


def opened(caller: Caller, door: Door, tenant: Tenant) -> Iterator[tuple[str, Answer]]:
    """Look at a page, and send its form; yield what was answered, and undo what was done."""
    path = door.at(own_keys(door, tenant))
    for method, headers in (("GET", {}), ("GET", HTMX), ("POST", {})):
        data = form_of(door, tenant) if method == "POST" else None
        yield f"{caller}: {method} {path} {headers or ''}", caller.tried(method, path, data, **headers)


def is_nonsense(door: Door) -> bool:
    return bool({"nonsense", "of-nothing"} & {*door.words.values()})


@pytest.mark.parametrize("door", PAGES, ids=str)
def test_it_is_there_for_its_own_and_says_nothing_of_others(door, world, cast, theirs, their_keys):
    """Without the first half the walk would prove nothing: what is never there is not there for others either."""
    keys = re.compile("|".join(map(str, their_keys)))
    with recorded() as said:
        answers = list(opened(cast["owner"], door, world.a))
    assert not said.unbound(their_keys), "Ask for rows of the workspace, as by `visible_to`."
    read = list(opened(cast["viewer"], door, world.a))
    assert door.name in FOR_VIEWERS or read[-1][1].status in (403, 404, 405), read[-1]
    for asked, answer in (*answers, *read):
        assert answer.status < 500, asked
        assert world.b.word not in answer.everything, asked
        assert not keys.search(answer.everything), asked
    if not is_nonsense(door) and door.name not in NOT_THERE:
        assert any(answer.status not in (404, 405) for _asked, answer in answers), answers[0]
    assert digest_of(world.b) == theirs


# Of one's own, and not there all the same: an invitation waits for somebody else, no picture was taken.
NOT_THERE = frozenset(
    {
        "security_txt",
        "trials:try",
        "workspaces:accept",
        "enrichment:screenshot",
        "workspaces:opened",
        "notifications:undo-read-all",
    }
)


@pytest.mark.parametrize("door", [door for door in PAGES if door.name not in FOR_STRANGERS], ids=str)
def test_strangers_and_former_members_come_nowhere(door, world, cast, ours):
    for name in ("stranger", "leaver", "nobody"):
        for asked, answer in opened(cast[name], door, world.a):
            assert world.a.word not in answer.everything, asked
            assert answer.status in REFUSED.get(door.name, (302, 404, 405)) or door.name in OF_ONES_OWN, (
                f"{asked} {answer.status}"
            )
    assert digest_of(world.a) == ours


# The end of a look is for who looks: others are told that they do not.
REFUSED = {"support_end": (302, 403, 404, 405)}
# What somebody without a workspace does all the same.
OF_ONES_OWN = frozenset({"person", "person_data", "delete_account", "workspaces:list", "workspaces:menu"})

# Modules that read a form or a query for the views of another one.
READERS = {
    "hunts.chat_views": ("hunts.forms",),
    "hunts.preset_views": ("hunts.preset_forms",),
    "leads.views": ("leads.filters",),
    "accounts.audit_views": ("accounts.audit_page",),
    "accounts.member_views": ("accounts.member_page", "accounts.workspace_forms"),
}


def fields_of(door: Door, tenant: Tenant) -> list[str]:
    """Return the fields that name a row and that the module of a page, or those that read for it, speak of."""
    view = inspect.unwrap(resolve(door.at(own_keys(door, tenant))).func)
    modules = (view.__module__, *READERS.get(view.__module__, ()))
    source = "".join(inspect.getsource(sys.modules[one]) for one in modules)
    return [name for name in REFERENCES if re.search(rf"""["']{name}["']|^    {name} = forms""", source, re.MULTILINE)]


@pytest.mark.parametrize("door", PAGES, ids=str)
def test_what_belongs_to_others_is_not_there_in_forms_and_queries_either(door, world, cast, theirs, their_keys):
    path, wrong = door.at(own_keys(door, world.a)), []
    methods = [one for one in ("GET", "POST") if cast["owner"].tried(one, path).status != 405]
    for name in fields_of(door, world.a):
        for method in methods:
            form = form_of(door, world.a) if method == "POST" else {}
            form |= {"source": "file", "action": "start"} if name in ("list", "company_list") else {}
            foreign = cast["owner"].tried(method, path, form | {name: world.b[REFERENCES[name]].pk})
            unknown = cast["owner"].tried(method, path, form | {name: UNKNOWN})
            wrong += compared(f"{method} {path} {name}", foreign, unknown, their_keys, world)
    # A form may name the other workspace as much as it likes: what is asked for is done in one's own, or refused.
    form = {name: world.b[row].pk for name, row in REFERENCES.items()} | form_of(door, world.a)
    answer = cast["owner"].ask("POST", path, form)
    assert not wrong, "\n".join(wrong)
    assert world.b.word not in answer.everything
    assert digest_of(world.b) == theirs
