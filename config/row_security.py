"""The policies of PostgreSQL behind `accounts.wall`, made of the list in `config.tenancy`.

Two roles that nobody logs in as: the tenant's has the rows of the workspace that the session names, the system's has
all. Each table of OWNED gets a policy for either, is closed to everybody else, its owner included, and only then is
granted; a table that stands in no list is granted to no tenant. What is already so is left alone, so that this can be
done after every `migrate` without a lock. https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import structlog
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connections, transaction
from django.db.models import ForeignKey, Model

from accounts.models import Workspace
from accounts.wall import VARIABLE, system_role, tenant_role
from config.tenancy import OWNED, READABLE_WITHOUT_OWNER, SHARED, SHARED_APPS

logger = structlog.get_logger(__name__)

# The workspace of the session; NULL, which no row has, where it names none.
CURRENT = f"nullif(current_setting('{VARIABLE}', true), '')::bigint"
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
# Roles belong to the whole server: another database's `migrate` may make them at the same moment.
ATTEMPTS, PAUSE_SECONDS = 5, 0.2
# Any number, the same for everybody who changes policies of one database.
LOCK = 7_220_021


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of a table: which rows `role` may do `command` with. Its name tells another version of it apart."""

    kind: str
    role: str
    command: str
    rows: str

    @property
    def name(self) -> str:
        digest = sha256(f"{self.role} {self.command} {self.rows}".encode()).hexdigest()[:8]
        return f"{self.kind}_{digest}"

    def sql(self, table: str) -> str:
        check = f" WITH CHECK ({self.rows})" if self.command == "ALL" else ""
        return f'CREATE POLICY {self.name} ON "{table}" FOR {self.command} TO "{self.role}" USING ({self.rows}){check}'


@dataclass(slots=True)
class Found:
    """A table as it is now."""

    is_closed: bool
    policies: set[str] = field(default_factory=set)
    is_granted: bool = False


def policies_of(model: type[Model]) -> list[Policy]:
    """Return the rules of a table: none for one that all workspaces share."""
    path = OWNED.get(model._meta.label)
    if path is None:
        return []
    rules = [
        Policy("tenant", tenant_role(), "ALL", _belongs(model, path.split("__"), f"= {CURRENT}")),
        Policy("system", system_role(), "ALL", "true"),
    ]
    if model._meta.label in READABLE_WITHOUT_OWNER:
        rules.append(Policy("readable", tenant_role(), "SELECT", _belongs(model, path.split("__"), "IS NULL")))
    return rules


def _belongs(model: type[Model], path: list[str], condition: str) -> str:
    """Return SQL that is true of a row whose workspace, along `path`, meets `condition`."""
    table, step = model._meta.db_table, path[0]
    column = model._meta.pk if step == "pk" else model._meta.get_field(step)
    mine = f'"{table}"."{column.column}"'  # type: ignore[union-attr]
    if len(path) == 1:
        return f"{mine} {condition}"
    assert isinstance(column, ForeignKey), f"{model._meta.label}.{step} leads nowhere"
    parent = column.related_model
    key = f'"{parent._meta.db_table}"."{column.target_field.column}"'
    within = _belongs(parent, path[1:], condition)
    return f'EXISTS (SELECT FROM "{parent._meta.db_table}" WHERE {key} = {mine} AND {within})'


def declared() -> list[type[Model]]:
    """Return the models whose tables a tenant may use: those that stand in a list of `config.tenancy`.

    That of workspaces comes last: by the right to it the web knows that all others are done (`accounts.wall`).
    """
    models = apps.get_models(include_auto_created=True)
    ours = [model for model in models if model._meta.managed and not model._meta.proxy and _is_declared(model)]
    return sorted(ours, key=lambda model: model is Workspace)


def _is_declared(model: type[Model]) -> bool:
    # A table between two models belongs to the one that has the field.
    label = getattr(model._meta.auto_created, "_meta", model._meta).label
    return label in OWNED or label in SHARED or model._meta.app_label in SHARED_APPS


def missing(connection: Any) -> list[list[str]]:
    """Return what is to be done until the wall is up, in groups that belong together; [] where it is, or on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        roles = list(_about_roles(cursor))
        found = _tables(cursor)
    tables = (_about_table(model, found[model._meta.db_table]) for model in declared() if model._meta.db_table in found)
    return [group for group in ([*roles], *tables) if group]


def _about_roles(cursor: Any) -> Iterator[str]:
    names = [tenant_role(), system_role()]
    cursor.execute("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = ANY(%s)", [names])
    known = dict(cursor.fetchall())
    for name in names:
        if name not in known:
            yield f'CREATE ROLE "{name}" NOLOGIN'
        elif known[name]:
            yield f'ALTER ROLE "{name}" NOSUPERUSER NOBYPASSRLS'
        if name not in known or not _is_member(cursor, name):
            yield f'GRANT "{name}" TO CURRENT_USER'
    cursor.execute("SELECT quote_ident(current_schema())")
    (schema,) = cursor.fetchone()
    for name in names:
        if name not in known or not _may_use(cursor, name):
            yield f'GRANT USAGE ON SCHEMA {schema} TO "{name}"'


def _is_member(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT pg_has_role(current_user, %s, 'USAGE')", [role])
    return bool(cursor.fetchone()[0])


def _may_use(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT has_schema_privilege(%s, current_schema(), 'USAGE')", [role])
    return bool(cursor.fetchone()[0])


_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid),
       coalesce((SELECT bool_and(has_table_privilege(r.oid, c.oid, p)) AND count(*) = 8
                 FROM pg_roles r, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
                 WHERE r.rolname = ANY(%s)), false)
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(current_schema())
"""


def _tables(cursor: Any) -> dict[str, Found]:
    cursor.execute(_TABLES, [[tenant_role(), system_role()]])
    return {name: Found(closed, set(policies), granted) for name, closed, policies, granted in cursor.fetchall()}


def _about_table(model: type[Model], found: Found) -> list[str]:
    """Return what a table lacks: closed and with its rules before anybody is let to it."""
    table, rules = model._meta.db_table, {rule.name: rule for rule in policies_of(model)}
    to_do = []
    if rules and not found.is_closed:
        to_do += [f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY', f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY']
    if rules:
        to_do += [f'DROP POLICY "{name}" ON "{table}"' for name in sorted(found.policies - rules.keys())]
    to_do += [rule.sql(table) for name, rule in rules.items() if name not in found.policies]
    if not found.is_granted:
        to_do.append(f'GRANT {RIGHTS} ON "{table}" TO "{tenant_role()}", "{system_role()}"')
    return to_do


def put_up(connection: Any) -> int:
    """Do what is missing; return how many statements that took. Raises DatabaseError where the login may not.

    Each table is done by itself, so that no more than one is locked at a time.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _put_up(connection)
        except DatabaseError as error:
            # Roles are the whole server's, and no lock of a database keeps another one from making them.
            if attempt + 1 == ATTEMPTS or not _is_race(error):
                raise
            time.sleep(PAUSE_SECONDS * (attempt + 1))
    raise AssertionError("unreachable")


def _is_race(error: DatabaseError) -> bool:
    """Return whether somebody else did the same at the same moment: then it is there at the next look."""
    state = getattr(error.__cause__, "sqlstate", "")
    return state in ("42710", "23505") or (state == "XX000" and "concurrently" in str(error))


def _put_up(connection: Any) -> int:
    if not missing(connection):
        return 0
    with _alone(connection):
        groups = missing(connection)  # somebody else may have done it while we waited
        for group in groups:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                for statement in group:
                    cursor.execute(statement)
    return sum(map(len, groups))


@contextmanager
def _alone(connection: Any) -> Iterator[None]:
    """Keep others from changing the policies of this database meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def after_migrate(sender: Any, using: str, **kwargs: Any) -> None:
    """Put the wall up for tables that a migration made: receives `post_migrate` of one app, which comes last of all.

    A login that may not is no reason to end the migration; `manage.py row_security` says what to run instead.
    """
    try:
        put_up(connections[using])
    except ProgrammingError as error:
        logger.error("row_security.not_put_up", why=str(error).strip(), hint="Run `manage.py row_security`.")
