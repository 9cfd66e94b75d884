"""Test databases: migrated once, and copied for every process of the same test run.

A hundred migrations take each process as long as dozens of tests; a copy takes as long as one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

creation = connection.creation


@contextmanager
def database_of(process: str, shared: Path, *, is_kept: bool = False) -> Iterator[None]:
    """Make the test database of one process and drop it in the end.

    `process` is its name in the test run, or "master" where it is alone; `shared` a folder that all processes of the
    run have in common. The database of "gw1" is a copy of one that whoever comes first migrates, and the last drops.
    One that is alone may be kept for the next run (`--reuse-db`).
    """
    real, migrated = connection.settings_dict["NAME"], creation._get_test_db_name()
    if process == "master":
        if not is_kept:
            _forget_logs(migrated)
        creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=is_kept)
    else:
        _copy(migrated, process, shared)
    yield
    _end_other_connections()
    creation.destroy_test_db(real, verbosity=0, keepdb=is_kept and process == "master")
    if process != "master":
        _drop_after_the_last(migrated, process, shared)


def _forget_logs(name: str) -> None:
    """Delete what a run that was killed left beside a file of SQLite: it would be taken for a log of the new one."""
    if connection.vendor == "sqlite":
        for end in ("-wal", "-shm", "-journal"):
            Path(name + end).unlink(missing_ok=True)


def _end_other_connections() -> None:
    """Let go of the database what threads of the tests, servers above all, never closed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _copy(migrated: str, process: str, shared: Path) -> None:
    with _alone(shared):
        is_there = shared / "database-is-migrated"
        if not is_there.exists():
            _forget_logs(migrated)
            creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            is_there.touch()
        connection.close()  # PostgreSQL copies no database that somebody is connected to
        _use(migrated)
        copy = creation.get_test_db_clone_settings(process)["NAME"]
        _forget_logs(copy)
        creation.clone_test_db(process, verbosity=0, autoclobber=True)
    _use(copy)


def _drop_after_the_last(migrated: str, process: str, shared: Path) -> None:
    with _alone(shared):
        (shared / f"{process}.ended").touch()
        if len([*shared.glob("*.ended")]) == int(os.environ["PYTEST_XDIST_WORKER_COUNT"]):
            real = connection.settings_dict["NAME"]
            _use(migrated)
            creation.destroy_test_db(real, verbosity=0)


def _use(name: str) -> None:
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    with (shared / "databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
