"""Many short-lived worker processes for the price of one start: a process with Django loaded that forks on demand.

`with Nursery(**environment) as nursery: nursery.start("tests.hunts.crash_jobs.work", 7, LEASE_SECONDS=2)` runs a job in
a process of its own, which can be killed, frozen and waited for. Keywords are settings of that process alone; where the
outside world is, it is told by the settings of the test.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pydoc import locate
from typing import Any

from django.conf import settings as configured

from tests.harness.processes import ROOT, environment

# Settings that a process has from the test that starts it, as they are at that moment.
TAKEN_OVER = ("PROVIDERS", "LANGUAGE_MODEL_LIMITS", "EMAIL_BACKEND", "MONTHLY_SPENDING_LIMIT_MICROUSD")

# What a child tells its test goes through its standard output, one JSON document a line.
_KILLED = -signal.SIGKILL


@dataclass
class Child:
    """A process of the nursery: its number and, once it has ended, how (-9: killed) and what it told."""

    nursery: "Nursery"
    pid: int
    told: list[Any] = field(default_factory=list)
    status: int | None = None

    def wait(self) -> "Child":
        """Wait until it ends."""
        while self.status is None:
            self.nursery.listen()
        return self

    def finish(self) -> Any:
        """Wait until it ends well, and return what it told last."""
        assert self.wait().status == 0, f"it ended with {self.status}:\n{self.nursery.errors()}"
        return self.told[-1] if self.told else None

    @property
    def is_gone(self) -> bool:
        """True once its process has ended; does not wait for that."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    @property
    def was_killed(self) -> bool:
        return self.wait().status == _KILLED

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended by itself."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Nursery:
    """Forks children of one prepared process. `environment` is theirs, beside the database that the test uses."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment
        self._children: dict[int, Child] = {}
        self.is_warm = False

    def __enter__(self) -> "Nursery":
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.nursery"],
            cwd=ROOT,
            env=environment(DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="ERROR", **self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self.end_all()
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._errors.close()

    def end_all(self) -> None:
        """Kill every child that is left."""
        for child in list(self._children.values()):
            child.send(signal.SIGKILL)
            child.wait()

    def start(self, job: str, *args: Any, **settings: Any) -> Child:
        """Begin a job, a function by its dotted name, in a process of its own."""
        self._order(job, args, settings)
        return self.listen(until_started=True)

    def run(self, job: str, *args: Any, **settings: Any) -> Any:
        """Do a job to its end and return what it told last."""
        return self.start(job, *args, **settings).finish()

    def warm_up(self, job: str, *args: Any) -> None:
        """Do a job in the nursery itself, so that its children find loaded what it needed."""
        self._order(job, args, {}, warms_up=True)
        report = json.loads(self._process.stdout.readline() or "{}")
        assert "warm" in report, f"the nursery died:\n{self.errors()}"
        self.is_warm = True

    def _order(self, job: str, args: tuple[Any, ...], settings: dict[str, Any], *, warms_up: bool = False) -> None:
        taken_over = {name: getattr(configured, name) for name in TAKEN_OVER}
        order = {"job": job, "args": args, "settings": taken_over | settings, "warms_up": warms_up}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def listen(self, *, until_started: bool = False) -> Child:
        """Take in the next thing that is reported, and return the child that it is about."""
        while True:
            line = self._process.stdout.readline()
            assert line, f"the nursery died:\n{self.errors()}"
            report = json.loads(line)
            child = self._children.setdefault(report["pid"], Child(self, report["pid"]))
            if "told" in report:
                child.told.append(report["told"])
            elif "ended" in report:
                child.status = report["ended"]
                del self._children[child.pid]
            if ("started" in report) or not until_started:
                return child

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-6_000:]


def tell(value: Any) -> None:
    """Called by a job: tell the test something."""
    # One write of a short line to a pipe does not mix with those of others.
    os.write(1, (json.dumps({"pid": os.getpid(), "told": value}) + "\n").encode())


def _main() -> None:
    import django

    django.setup()
    from django.db import connections

    from hunts import pipeline, research, tasks  # noqa: F401  (loaded once, for all children)

    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    unread = b""
    while True:
        for key, _events in selector.select():
            if key.fd != 0:
                _report_end(selector, key)
                continue
            data = os.read(0, 65_536)
            if not data:
                return
            *orders, unread = (unread + data).split(b"\n")
            for order in map(json.loads, orders):
                if order["warms_up"]:
                    _do(order)
                    connections.close_all()
                    os.write(1, b'{"warm": true}\n')
                    continue
                pid = _fork(order)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)


def _report_end(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    selector.unregister(key.fd)
    os.close(key.fd)
    _pid, status = os.waitpid(key.data, 0)
    report = {"pid": key.data, "ended": os.waitstatus_to_exitcode(status)}
    os.write(1, (json.dumps(report) + "\n").encode())


def _do(order: dict[str, Any]) -> Any:
    """Do a job under its settings and return what it did."""
    for name, value in order["settings"].items():
        setattr(configured, name, value)
    return locate(order["job"])(*order["args"])


def _fork(order: dict[str, Any]) -> int:
    from django.db import connections

    from integrations.egress import lookup

    connections.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reader)
        os.write(1, (json.dumps({"pid": pid, "started": True}) + "\n").encode())
        os.close(writer)  # now it may begin: the test knows of it before it tells anything
        return pid
    os.close(writer)
    os.read(reader, 1)
    lookup._lookups = lookup.Lookups()  # threads are not forked: those that it counts on are not here
    try:
        told = _do(order)
        if told is not None:
            tell(told)
        sys.stderr.flush()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    _main()
