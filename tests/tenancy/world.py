"""Two workspaces that have nothing to do with each other, each with a row of whatever a workspace can own.

`build_world()` makes them in the database that is open: inside a transaction, or in a test that has one of its own.

- What is B's can be told apart in any text: its `word` stands in every one of its texts and in nobody else's.
- So can its numbers: every table counts from a place of its own, so that a key names one row of one table.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import connection
from django.db.models import Model, QuerySet

from accounts.models import User
from config.tenancy import OWNED
from tests.factories import UserFactory
from tests.tenancy import planting, planting_people, planting_work
from tests.tenancy.planting import Tenant

WORD_OF_A, WORD_OF_B = "anvilword", "quartzword"
# No amount, no limit and no count in the program is as high as the first key of a table, nor does a key reach the next.
FIRST_KEY, KEYS_A_TABLE = 710_000_000_001, 10_000_000


@dataclass(frozen=True)
class World:
    """`a` and `b`, and somebody who is a member of neither."""

    a: Tenant
    b: Tenant
    nobody: User

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all that the two were made with."""
        return frozenset(str(key) for tenant in (self.a, self.b) for key in keys_of(tenant))


def build_world() -> World:
    """Make both workspaces and return them."""
    count_apart()
    world = World(planted(WORD_OF_A), planted(WORD_OF_B), UserFactory(email="nobody@elsewhere.example"))
    assert world.keys, "they are known before anything else is made"
    return world


def planted(word: str) -> Tenant:
    """Make one workspace with everything in it."""
    tenant = Tenant(word)
    planting.plant_people(tenant)
    planting.plant_tokens(tenant)
    planting_work.plant_leads(tenant)
    planting_work.plant_hunts(tenant)
    planting_work.plant_runs(tenant)
    planting_work.plant_presets(tenant)
    planting_work.plant_talk(tenant)
    planting_work.plant_research(tenant)
    planting.plant_money(tenant)
    planting.plant_connections(tenant)
    planting.plant_news(tenant)
    planting.plant_records(tenant)
    planting_people.plant_rights(tenant)
    planting_people.plant_operations(tenant)
    return tenant


def count_apart() -> None:
    """Have every table whose rows somebody owns count its keys from a place of its own."""
    with connection.cursor() as cursor:
        for place, model in enumerate([User, UserSession, *owned_models().values()]):
            table, first = model._meta.db_table, FIRST_KEY + place * KEYS_A_TABLE
            if connection.vendor == "postgresql":
                # Beyond what is there: that of an earlier world, beside which this one may be.
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(%s, max(id) + 1), false) FROM {table}",  # noqa: S608
                    [table, first],
                )
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first - 1])


def owned_models() -> dict[str, type[Model]]:
    """Return the models whose rows a workspace owns, by label."""
    return {label: apps.get_model(label) for label in sorted(OWNED)}


def rows_of(label: str, tenant: Tenant) -> QuerySet[Model]:
    """Return the rows of a model that a tenant owns."""
    return owned_models()[label]._default_manager.filter(**{OWNED[label]: tenant.workspace.pk})


def keys_of(tenant: Tenant) -> dict[int, str]:
    """Return the keys of all that a tenant owns, and of its people, each with what it is the key of."""
    keys = {pk: label for label in OWNED for pk in rows_of(label, tenant).values_list("pk", flat=True)}
    return keys | {person.pk: "accounts.User" for person in tenant.people.values()}


def digest_of(tenant: Tenant, *, without: Mapping[str, frozenset[str]] | None = None) -> dict[str, str]:
    """Return a digest of each table's rows that a tenant owns: equal where nothing was added, changed or taken away.

    `without` names columns, by model, that do not count.
    """
    left_out = without or {}
    return {label: _digest(_lines(label, tenant, left_out.get(label, frozenset()))) for label in OWNED}


def _lines(label: str, tenant: Tenant, left_out: frozenset[str]) -> Iterator[str]:
    fields = [one.attname for one in owned_models()[label]._meta.concrete_fields if one.attname not in left_out]
    for row in rows_of(label, tenant).order_by("pk").values_list(*fields):
        yield repr([bytes(value) if isinstance(value, memoryview) else value for value in row])


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
