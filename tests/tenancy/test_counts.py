"""What A counts, pages through and is offered is the same whether B is there or not, also where answers are kept."""

import pytest
from django.core.cache import cache

from tests.tenancy.callers import Answer, signed_in
from tests.tenancy.doors import api_doors, pages
from tests.tenancy.planting import IDEMPOTENCY_KEY
from tests.tenancy.test_pages import is_nonsense
from tests.tenancy.walking import own_keys
from tests.tenancy.world import count_apart, planted, rows_of

pytestmark = pytest.mark.django_db

QUERIES = ("", "?status=all&q=Company&sort=name", "?tab=log&q=Judged", "?show=all", "?range=12m", "?month=2026-11")


def test_what_is_counted_and_listed_is_the_same_without_the_other_workspace(world, cast):
    """Asked in a world with B, and again where B's rows are gone; the doors are all that can be looked at."""
    reading = [door for door in (*pages(), *api_doors()) if "GET" in door.methods and not is_nonsense(door)]
    paths = [door.at(own_keys(door, world.a)) + query for door in reading for query in _queries(door)]
    alone = {path: cast["owner"].tried("GET", path) for path in paths}
    remove(world.b)
    compared = ((path, alone[path], cast["owner"].tried("GET", path)) for path in paths)
    differing = [(path, difference(one, other)) for path, one, other in compared if one != other]
    assert not differing, differing


def difference(one: Answer, other: Answer) -> list[tuple[str, str]]:
    """Return the lines in which two answers differ."""
    lines = zip(one.everything.split("\n"), other.everything.split("\n"), strict=False)
    return [(first, second) for first, second in lines if first != second][:5] or [(str(one.status), str(other.status))]


def _queries(door) -> tuple[str, ...]:
    told = {"leads:list": QUERIES[:2], "list_leads": QUERIES[:2], "hunts:run": QUERIES[2:4], "analytics": QUERIES[4:5]}
    return ("", *told.get(door.name, ()))


def remove(tenant) -> None:
    """Take away what a workspace has, as far as pages could count it."""
    for label in (
        "leads.Lead",
        "hunts.Hunt",
        "leads.CompanyList",
        "accounts.Notification",
        "integrations.ProviderCall",
    ):
        rows_of(label, tenant).delete()
    tenant.workspace.memberships.all().delete()


def test_an_answer_that_is_kept_for_one_is_not_given_to_another(world, cast):
    """Both ask the same of the same addresses, one after the other, and then in the other order."""
    paths = [
        *(
            "/hunts/",
            "/leads/?status=all",
            "/analytics/",
            "/settings/spending",
            "/hunts/new",
            "/inbox/",
            "/inbox/unread",
        ),
        *(
            "/settings/models",
            "/leads/export.csv",
            "/api/leads?status=all",
            "/api/analytics",
            "/api/hunts",
            "/api/members",
        ),
    ]
    b = signed_in("owner of B", world.b.people["owner"], world.b.workspace)
    for first, second, word in ((b, cast["owner"], world.b.word), (cast["owner"], b, world.a.word)):
        cache.clear()
        for path in paths:
            first.ask("GET", path)
            assert word not in second.ask("GET", path).everything, path


def test_a_key_of_one_workspace_brings_back_no_answer_of_another(world, cast):
    body = {"brief": "Fintech companies in the United Kingdom"}
    answer = cast["token-full"].ask("POST", "/api/hunts", body, json=True, **{"Idempotency-Key": IDEMPOTENCY_KEY})
    assert answer.status == 201
    assert world.b.word not in answer.everything


def test_a_third_workspace_can_be_planted_beside_the_two(world):
    count_apart()
    assert planted("thirdword")["lead"].pk
