"""Pages of leads by keyset: the next page begins behind the last row's own values, so page 1,000 is as fast as 1."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet

from accounts.wall import as_system
from leads.models import Lead

# By name: the column, and whether the largest comes first. The key breaks ties in the same direction.
SORTS: dict[str, tuple[str, bool]] = {"score": ("score", True), "newest": ("created_at", True), "name": ("name", False)}
MOST_ROWS = 200
MOST_SCORE = 1_000  # what the column has digits for
NOT_OURS = "This cursor is not one of ours: begin at the first page."


class BadCursor(ValueError):
    """The cursor is none that we gave."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursors of the pages after and before them ('' where there are none)."""

    rows: list[Lead]
    next_cursor: str = ""
    previous_cursor: str = ""


def page(leads: QuerySet[Lead], *, sort: str = "score", cursor: str = "", size: int = 50) -> Page:
    """Return up to `size` of `leads` in the order `sort`, from `cursor` on. Raises BadCursor, KeyError (`sort`)."""
    column, is_descending = SORTS[sort]
    size = min(max(size, 1), MOST_ROWS)
    backwards, value, pk = _decoded(cursor, column) if cursor else (False, None, None)
    down = is_descending is not backwards
    sign = "-" if down else ""
    rows = leads.order_by(f"{sign}{column}", f"{sign}pk")
    if cursor:
        beyond = "lt" if down else "gt"
        # `column <= value AND (...)` and not a plain OR, so that an index on the column is entered at `value`.
        rows = rows.filter(
            Q(**{f"{column}__{beyond}": value}) | Q(**{f"pk__{beyond}": pk}), **{f"{column}__{beyond}e": value}
        )
    found = list(_looked_up(rows, size + 1))
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before, after = (has_more, True) if backwards else (bool(cursor), has_more)
    return Page(
        found,
        _encoded(found[-1], column, backwards=False) if found and after else "",
        _encoded(found[0], column, backwards=True) if found and before else "",
    )


def _looked_up(rows: QuerySet[Lead], most: int) -> QuerySet[Lead]:
    """Return up to `most` of `rows`, whose keys are looked up as the system and which are read as the tenant.

    PostgreSQL trusts neither comparisons of decimals nor what it knows of frequent words with rows that a tenant may
    not see: it would walk an index from its beginning, or sort all leads that have a word in search of fifty.
    """
    with as_system():
        keys = list(rows.values_list("pk", flat=True)[:most])
    return rows.model._default_manager.filter(pk__in=keys).order_by(*rows.query.order_by)


def _encoded(lead: Lead, column: str, *, backwards: bool) -> str:
    values = [int(backwards), column, str(getattr(lead, column)), lead.pk]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decoded(cursor: str, column: str) -> tuple[bool, Any, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        backwards, of_column, value, pk = json.loads(text)
        if of_column != column or not isinstance(pk, int) or not isinstance(value, str) or abs(pk) >= 2**63:
            raise BadCursor("This cursor belongs to another list.")
        return bool(backwards), _parsed(column, value), pk
    except (ValueError, TypeError, binascii.Error, InvalidOperation, RecursionError) as error:
        raise BadCursor(NOT_OURS) from error


def _parsed(column: str, value: str) -> Any:
    """Return `value` as the column has it. What no row can have is refused here, before the database chokes on it."""
    if column == "score":
        number = Decimal(value)
        if not (number.is_finite() and abs(number) < MOST_SCORE):
            raise BadCursor(NOT_OURS)
        return number.quantize(Decimal("0.001"))  # as the column keeps it
    if column == "created_at":
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() != timedelta(0):
            raise BadCursor(NOT_OURS)
        return moment
    if "\0" in value:
        raise BadCursor(NOT_OURS)
    value.encode()  # half a surrogate pair is a UnicodeEncodeError, which is a ValueError
    return value
