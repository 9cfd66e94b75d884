"""Real processes against the test database: for races, kills and restarts."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:  # processes import this before Django is set up
    from hunts.models import Run

ROOT = Path(__file__).resolve().parents[2]
# How many seconds a process may take for what takes a second on an idle machine.
PATIENCE = 240.0
SETUP = "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup()\n"


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which our commands use the database that the test uses."""
    return os.environ | {"DATABASE_URL": database_url(), "DEBUG": "true", "SECRET_KEY": "test", **more}


def database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    password = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    return f"postgres://{values['USER']}{password}@{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"


def start_python(code: str, *args: str, **more: str) -> subprocess.Popen[str]:
    """Start a process that has Django set up and then runs `code`; what it prints can be read from `stdout`."""
    return subprocess.Popen(
        [sys.executable, "-c", SETUP + code, *args],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_command(
    *args: str, timeout: float = PATIENCE, stdin: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py ARGS` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=environment(**more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something that another process does; fails when it does not happen."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.02)


def outcome(run: "Run") -> list[tuple]:
    """Return how the companies of a run ended, to compare it with another run."""
    rows = run.candidates.order_by("lead__handle")
    return list(rows.values_list("lead__handle", "status", "tier", "score", "stage"))
