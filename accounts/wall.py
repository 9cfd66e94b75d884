"""The last wall between workspaces: on PostgreSQL a request sees only rows of its own, whatever a query forgot to ask.

Inside `as_tenant` the database itself is told to look as a role that has no rows but those of one workspace (its
policies: `config.row_security`); outside of it, in workers, commands and the shell, nothing changes. `as_system` is for
the few functions that a request calls and that look across workspaces.

What is wanted stands in a context variable, the scope of django-scopes, which goes along into threads and tasks; the
managers of models go by the same one (`accounts.scoping`). The connection follows it: before each statement `guard`
compares what is wanted with what the server last said of the session, and moves it with one statement where they
differ. The role, the workspace and the session's name are set by that one statement, and a server tells every change
of the name by itself, also that a rollback took it back: so nothing is remembered here that a new connection, a crash
or another thread could make untrue.
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import structlog
from django.conf import settings
from django.db import DatabaseError, connections
from django_scopes import get_scope, scope  # noqa: TID251  (here and in `accounts.scoping` alone)
from psycopg.pq import ConnStatus, TransactionStatus

logger = structlog.get_logger(__name__)

Pieces = Iterator[bytes] | AsyncIterator[bytes]

# Where policies find the workspace of the session.
VARIABLE = "magnet.workspace"
# What the name of a session begins with that is a tenant's; the number of the workspace follows, if there is one.
_MARK = b"tenant:"

# Nothing is set where the wall is not up in this database, or this login may not become a tenant.
_ENTER = f"""
SELECT set_config('role', %(role)s, false),
       set_config('{VARIABLE}', %(workspace)s, false),
       set_config('application_name', %(name)s, false)
WHERE pg_has_role(session_user, to_regrole(quote_ident(%(role)s))::oid, 'USAGE')
  AND has_table_privilege(to_regrole(quote_ident(%(role)s))::oid, to_regclass('accounts_workspace')::oid, 'SELECT')
"""
_LEAVE = f"""
SELECT set_config('role', %(role)s, false),
       set_config('{VARIABLE}', '', false),
       set_config('application_name', %(name)s, false)
"""

# A tenant without a workspace, as a scope says it: its managers look for rows of any of these. None is the system.
_NOBODY: tuple[int, ...] = ()
# By connection of the driver: what the session was called before a tenant used it.
_names: "WeakKeyDictionary[Any, str]" = WeakKeyDictionary()
# Those to databases without a wall, which are not asked again.
_unwalled: "WeakSet[Any]" = WeakSet()


def is_system() -> bool:
    """Return whether the rows of all workspaces are looked at, as everywhere outside of requests."""
    return get_scope().get("workspace") is None


def _wanted() -> str | None:
    """Return whose rows are looked at: None is the system, '' a tenant without a workspace, else its number."""
    workspace = get_scope().get("workspace")
    if workspace is None:
        return None
    return "" if workspace == _NOBODY else str(workspace)


def tenant_role() -> str:
    """Return the name of the role that has the rows of one workspace."""
    return f"{settings.DATABASE_ROLE_PREFIX}_tenant"


def system_role() -> str:
    """Return the name of the role that has the rows of all."""
    return f"{settings.DATABASE_ROLE_PREFIX}_system"


@contextmanager
def as_tenant(workspace_id: int | None) -> Iterator[None]:
    """Look at the rows of one workspace alone; at no rows of any with None."""
    try:
        with _wanting(workspace_id):
            yield
    finally:
        if is_system():
            _settle()


@contextmanager
def as_system() -> Iterator[None]:
    """Look at the rows of all workspaces: the caller answers for what it asks. Nothing changes outside of a request."""
    with scope(workspace=None):
        yield


def streamed(pieces: Pieces, workspace_id: int | None) -> Pieces:
    """Return the pieces of an answer that are made after its request is over, each in the name of its tenant."""
    if isinstance(pieces, AsyncIterator):
        return _awaited(pieces, workspace_id)
    return _taken(pieces, workspace_id)


def _taken(pieces: Iterator[bytes], workspace_id: int | None) -> Iterator[bytes]:
    try:
        while True:
            with _wanting(workspace_id):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        with _wanting(workspace_id):
            if close := getattr(pieces, "close", None):
                close()
        _settle()


async def _awaited(pieces: AsyncIterator[bytes], workspace_id: int | None) -> AsyncIterator[bytes]:
    try:
        while True:
            with _wanting(workspace_id):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        with _wanting(workspace_id):
            if close := getattr(pieces, "aclose", None):
                await close()


@contextmanager
def _wanting(workspace_id: int | None) -> Iterator[None]:
    with scope(workspace=_NOBODY if workspace_id is None else workspace_id):
        yield


def guard(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Let a new connection follow: receives `connection_created`."""
    if connection.vendor == "postgresql" and _guarded not in connection.execute_wrappers:
        # The outermost: blocks of others put theirs at the end of the list, and take the last one away.
        connection.execute_wrappers.insert(0, _guarded)


def _guarded(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    _follow(context["connection"])
    return execute(sql, params, many, context)


def place_of(connection: Any) -> str | None:
    """Return whose rows a connection looks at now, as the server last said; see `_wanted`."""
    name: bytes = connection.connection.pgconn.parameter_status(b"application_name") or b""
    return name.removeprefix(_MARK).decode() if name.startswith(_MARK) else None


def _follow(connection: Any) -> None:
    """Move the connection to where the context is. A transaction that failed takes no statement but its rollback."""
    wanted, driver = _wanted(), connection.connection
    if place_of(connection) == wanted or driver.pgconn.transaction_status == TransactionStatus.INERROR:
        return
    if wanted is None:
        with connection.wrap_database_errors:
            role = connection.settings_dict["OPTIONS"].get("assume_role") or "none"
            driver.execute(_LEAVE, {"role": role, "name": _names.get(driver, "")})
    elif driver not in _unwalled:
        _enter(connection, wanted)


def _enter(connection: Any, workspace: str) -> None:
    driver = connection.connection
    if place_of(connection) is None:
        _names[driver] = (driver.pgconn.parameter_status(b"application_name") or b"").decode()
    values = {"role": tenant_role(), "workspace": workspace, "name": _MARK.decode() + workspace}
    with connection.wrap_database_errors:
        has_entered = driver.execute(_ENTER, values).fetchone() is not None
    if not has_entered:
        _unwalled.add(driver)
        logger.error("row_security.missing", hint="Run `manage.py row_security`, which says what to do.")


def _settle() -> None:
    """Take this thread's connections back to where the context is, so that nothing stays on them."""
    for connection in connections.all(initialized_only=True):
        driver = connection.connection
        if connection.vendor != "postgresql" or driver is None or driver.pgconn.status != ConnStatus.OK:
            continue
        try:
            _follow(connection)
        except DatabaseError:
            logger.warning("row_security.connection_lost", exc_info=True)
            connection.close()
