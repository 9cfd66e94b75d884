"""Pages by keyset: each row once, there and back, and no cursor that anybody can make up breaks them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from leads.models import Lead
from leads.paging import MOST_ROWS, SORTS, BadCursor, page
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db

ORDERS = {"score": ("-score", "-pk"), "newest": ("-created_at", "-pk"), "name": ("name", "pk")}


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.fixture
def leads(workspace):
    """Leads of which many have the same score, name and age, so that the key must break ties."""
    for number in range(11):
        LeadFactory(workspace=workspace, score=Decimal(number // 4), name=f"Łódź & Söhne {number % 3}")
    moment = datetime(2026, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)
    for lead in Lead.objects.all():
        Lead.objects.filter(pk=lead.pk).update(created_at=moment + timedelta(microseconds=lead.pk % 3))
    return Lead.objects.visible_to(workspace)


@pytest.mark.parametrize("sort", SORTS)
def test_every_row_is_on_one_page_and_the_way_back_is_the_same(leads, sort):
    expected = list(leads.order_by(*ORDERS[sort]))
    there = [page(leads, sort=sort, size=3)]
    while there[-1].next_cursor:
        there.append(page(leads, sort=sort, size=3, cursor=there[-1].next_cursor))
    assert [lead for one in there for lead in one.rows] == expected
    back = [there[-1]]
    while back[-1].previous_cursor:
        back.append(page(leads, sort=sort, size=3, cursor=back[-1].previous_cursor))
    assert [one.rows for one in back] == [one.rows for one in reversed(there)]


def test_a_row_added_before_the_cursor_moves_nothing(leads, workspace):
    first = page(leads, size=4)
    expected = page(leads, size=4, cursor=first.next_cursor).rows
    LeadFactory(workspace=workspace, score=Decimal(99))
    assert page(leads, size=4, cursor=first.next_cursor).rows == expected


def test_a_list_that_fits_on_one_page_has_no_other(leads):
    only = page(leads, size=MOST_ROWS + 1_000)
    assert (len(only.rows), only.next_cursor, only.previous_cursor) == (11, "", "")


def test_an_empty_list_is_a_page_without_rows(workspace):
    assert page(Lead.objects.visible_to(workspace)).rows == []


@pytest.mark.parametrize("size", [-5, 0, 1])
def test_a_page_has_at_least_one_row(leads, size):
    assert len(page(leads, size=size).rows) == 1


def test_a_cursor_is_good_for_its_own_sort_only(leads):
    cursor = page(leads, sort="score", size=2).next_cursor
    with pytest.raises(BadCursor):
        page(leads, sort="name", cursor=cursor)


HOSTILE = {
    "no base64": ("score", "%%%"),
    "not ASCII": ("score", "é"),
    "no JSON": ("score", base64.urlsafe_b64encode(b"{").decode()),
    "not UTF-8": ("score", base64.urlsafe_b64encode(b"\xff\xfe\xfd\xfc").decode()),
    "endless nesting": ("score", base64.urlsafe_b64encode(b"[" * 100_000).decode()),
    "a number of many digits": ("score", base64.urlsafe_b64encode(b'[0,"score","1",' + b"9" * 5_000 + b"]").decode()),
    "too short": ("score", cursor_of(0, "score")),
    "no list": ("score", cursor_of()),
    "another column": ("score", cursor_of(0, "workspace_id", "1", 1)),
    "a column path": ("score", cursor_of(0, "workspace__members__password", "1", 1)),
    "a key that is text": ("score", cursor_of(0, "score", "1", "1")),
    "a key beyond 64 bits": ("score", cursor_of(0, "score", "1", 2**63)),
    "a value that is no text": ("score", cursor_of(0, "score", 1, 1)),
    "not a number": ("score", cursor_of(0, "score", "NaN", 1)),
    "infinity": ("score", cursor_of(0, "score", "-Infinity", 1)),
    "a score beyond its digits": ("score", cursor_of(0, "score", "1000", 1)),
    "no moment": ("newest", cursor_of(0, "created_at", "yesterday", 1)),
    "a moment without a zone": ("newest", cursor_of(0, "created_at", "2026-01-01", 1)),
    "a moment before all time": ("newest", cursor_of(0, "created_at", "0001-01-01T00:00:00+23:59", 1)),
    "a moment after all time": ("newest", cursor_of(0, "created_at", "9999-12-31T23:59:59-23:59", 1)),
    "NUL": ("name", cursor_of(0, "name", "\0", 1)),
    "half a surrogate pair": ("name", cursor_of(0, "name", "\ud800", 1)),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_it_refuses_a_cursor_that_is_none_of_ours(leads, hostile):
    sort, cursor = HOSTILE[hostile]
    with pytest.raises(BadCursor):
        page(leads, sort=sort, cursor=cursor)


@pytest.mark.parametrize("value", ["1e-999999", "0e999999", "999.99999", "-0"])
def test_an_odd_number_is_still_a_place_in_the_list(leads, value):
    as_kept = round(Decimal(value), 3)
    expected = [lead for lead in leads.order_by(*ORDERS["score"]) if lead.score < as_kept]
    assert page(leads, sort="score", cursor=cursor_of(0, "score", value, 1)).rows == expected


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the plan of a small table says something on SQLite only")
@pytest.mark.parametrize(("sort", "column"), [("score", "score"), ("newest", "created_at"), ("name", "name")])
def test_a_later_page_enters_the_index_where_the_last_one_ended(leads, sort, column, django_assert_num_queries):
    """Keys are looked up first, and then their rows."""
    cursor = page(leads, sort=sort, size=3).next_cursor
    with django_assert_num_queries(2) as asked:
        page(leads, sort=sort, size=3, cursor=cursor)
    with connection.cursor() as database:
        database.execute(f"EXPLAIN QUERY PLAN {asked.captured_queries[0]['sql']}")
        plan = " ".join(row[3] for row in database.fetchall())
    beyond = ">" if sort == "name" else "<"
    assert f"(workspace_id=? AND {column}{beyond}?)" in plan
    assert "TEMP B-TREE" not in plan
