"""What the database is asked while a door is opened, and whether each question is bound to one workspace.

Run time tells this better than the source: whatever way a view comes to its rows, it ends in a statement. A statement
that touches a table whose rows somebody owns must name a key of the workspace that asks, or of a row that was found to
be its own. The tables of the world count from places of their own, so that such a key cannot be taken for another.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tests.tenancy.world import FIRST_KEY, owned_models

# What is found by a secret, or by the address of a person: nobody knows which workspace it is of before.
UNBOUND_WAYS = (
    r'FROM "accounts_apitoken" .*"digest" IN',
    r'FROM "accounts_invitation" .*"token_hash" (=|IN)',
    r'FROM "accounts_invitation" .*"email" IN',
    # A new workspace, under a name that is free.
    r'FROM "accounts_workspace" WHERE "accounts_workspace"."slug" LIKE',
    r'^INSERT INTO "accounts_workspace"',
)


@dataclass
class Said:
    """The statements of a while, each with its parameters."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for one in params if many else [params]:
            self.statements.append((sql, tuple(_flat(one or ()))))
        return execute(sql, params, many, context)

    def unbound(self, theirs: frozenset[int]) -> list[str]:
        """Return the statements on owned tables that name no key of a row but `theirs`, if any at all."""
        return [sql for sql, params in self.statements if _is_owned(sql) and not _is_bound(sql, params, theirs)]


@contextmanager
def recorded() -> Iterator[Said]:
    """Write down what the database is asked."""
    said = Said()
    with connection.execute_wrapper(said):
        yield said


def _flat(params: Any) -> Iterator[Any]:
    for one in params.values() if isinstance(params, dict) else params:
        if isinstance(one, list | tuple):
            yield from _flat(one)
        else:
            yield one


def _is_owned(sql: str) -> bool:
    tables = {model._meta.db_table for model in owned_models().values()}
    return bool(tables & set(re.findall(r'(?:FROM|JOIN|UPDATE|INTO) "(\w+)"', sql)))


def _is_bound(sql: str, params: Sequence[Any], theirs: frozenset[int]) -> bool:
    # Keys also stand in columns of text, such as the reference of a call to its run.
    numbers = {int(one) for one in params if isinstance(one, int) or (isinstance(one, str) and one.isdigit())}
    ours = {one for one in numbers if one >= FIRST_KEY and one not in theirs}
    return bool(ours) or any(re.search(way, sql) for way in UNBOUND_WAYS)
