"""Two machines share a run; the cable of one is pulled in the middle, and the other finishes alone."""

import subprocess
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import Workspace
from hunts import invariants
from hunts.models import Candidate, Run
from tests.harness import machines
from tests.harness.machines import Machine
from tests.harness.processes import PATIENCE, database_url, outcome, until
from tests.hunts.test_zombies import rows_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite serves one machine"),
    pytest.mark.skipif(not machines.are_possible(), reason="network namespaces need root and `ip netns`"),
]

# Each machine has the sandbox on a loopback of its own.
WORKER = """
from asgiref.sync import async_to_sync
from django.conf import settings
from hunts import pipeline
from integrations.sandbox.server import SandboxServer
with SandboxServer(port=0, slowness=float(sys.argv[2])) as sandbox:
    settings.PROVIDERS["sandbox"]["base_url"] = sandbox.base_url
    print("ready", flush=True)
    sys.stdin.readline()
    async_to_sync(pipeline.work_on)(int(sys.argv[1]), concurrency=3)
"""
SHORT = {"LEASE_SECONDS": "4", "STAGE_DEADLINE_SECONDS": "3", "SITE_TURN_SECONDS": "3", "DB_IDLE_SECONDS": "10"}


def start(machine: Machine, run: Run, *, slowness: float = 0.02) -> subprocess.Popen[str]:
    database = urlsplit(database_url())
    address = database._replace(netloc=f"{database.netloc.rpartition('@')[0]}@{machine.here}:15432").geturl()
    redis = f"redis://{machine.here}:16379{urlsplit(settings.REDIS_URL).path}" if settings.REDIS_URL else ""
    return machine.start_python(WORKER, str(run.pk), str(slowness), DATABASE_URL=address, REDIS_URL=redis, **SHORT)


def finish(worker: subprocess.Popen[str]) -> None:
    _out, errors = worker.communicate("\n", timeout=PATIENCE)
    assert worker.returncode == 0, errors[-6_000:]


@pytest.fixture
def ports() -> dict[int, int]:
    database = int(connection.settings_dict["PORT"] or 5432)
    return {15432: database, 16379: (urlsplit(settings.REDIS_URL).port or 6379) if settings.REDIS_URL else 1}


def test_a_machine_that_is_cut_off_in_the_middle_loses_nothing_and_writes_nothing_when_it_is_back(start_run, ports):
    run = start_run(limit=12, workspace=Workspace.start("Shared"))
    with Machine(1, ports) as cut_off, Machine(2, ports) as other:
        workers = [start(cut_off, run, slowness=0.5), start(other, run, slowness=0.5)]
        for worker in workers:
            assert worker.stdout.readline() == "ready\n", worker.stderr.read()
        for worker in workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        until(lambda: run.candidates.filter(status=Candidate.Status.WORKING).count() >= 4)
        until(lambda: run.candidates.filter(status__in=Candidate.OVER).exists())
        cut_off.pull_cable()
        finish(workers[1])
        run.refresh_from_db()
        assert run.status == Run.Status.SUCCEEDED
        done = rows_of(run)

        cut_off.put_cable_back()
        workers[0].communicate("\n", timeout=PATIENCE)
        assert rows_of(run) == done
        whole = start_run(limit=12, workspace=Workspace.start("Whole"))
        finish(start(other, whole))
    assert outcome(run) == outcome(whole)
    assert list(invariants.violations()) == []
