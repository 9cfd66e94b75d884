"""Fills the database that DATABASE_URL names, asks for every page, and prints what each took as JSON."""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - the models need what stands above
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

from accounts.audit_models import AuditEntry  # noqa: E402
from accounts.models import User, Workspace  # noqa: E402
from accounts.notification_models import Notification  # noqa: E402
from bench.big_workspace.rows import fill, settle  # noqa: E402
from bench.pages import ELSEWHERE, FILES, LEADS, ROUNDS, VARIANTS  # noqa: E402
from hunts.models import Conversation, Run  # noqa: E402
from leads import paging  # noqa: E402
from leads.models import Lead  # noqa: E402
from tests.harness.addresses import addresses  # noqa: E402

# Served as they are: no list of what `collectstatic` made is needed.
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def main() -> int:
    call_command("migrate", verbosity=0)
    owner = User.objects.filter(email="owner@bench.example").first()
    if owner is None:
        with transaction.atomic():  # all of it or nothing, so that what stays can be used again
            fill("Neighbour", leads=LEADS)
            _workspace, owner = fill("Bench", leads=LEADS)
        settle()
    workspace = Workspace.objects.get(name="Bench")
    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    client.force_login(owner)
    rows = rows_of(workspace, owner)
    asked = [one for one in addresses(rows) if not one.startswith(ELSEWHERE) and "logout" not in one]
    asked += [one.format(**rows) for one in VARIANTS]
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": PLAIN}):
        measured_pages, yardsticks = timed(client, dict.fromkeys(asked))
    print(json.dumps({"pages": measured_pages, "yardsticks": yardsticks}))
    return 0


def timed(client: Client, asked: Iterable[str]) -> tuple[list[tuple[str, int, int, float, float, float]], list[float]]:
    """Return for each address that is a page: status, queries, milliseconds at best and usually, and of work at best.

    They are asked in turn, each once a round and unmeasured before the first, so that an hour in which the machine
    is slow is the same for all of them and not the whole measurement of one. With them is returned how many
    milliseconds a yardstick took in each round.
    """
    found = {address: status for address in asked if (status := answered(client, address)) not in (404, 405)}
    took: dict[str, list[tuple[int, float, float]]] = {address: [] for address in found}
    yardsticks = []
    for number in range(ROUNDS):
        yardsticks.append(yardstick())
        for address in found:
            if number == 0 or not address.startswith(FILES):
                took[address].append(measured(client, address))
    return [(address, status, *summed_up(took[address])) for address, status in found.items()], yardsticks


def yardstick() -> float:
    """Return the milliseconds that a million squares take Python, which tell one machine and one hour from another."""
    began = time.perf_counter()
    sum(number * number for number in range(1_000_000))
    return (time.perf_counter() - began) * 1_000


def measured(client: Client, address: str) -> tuple[int, float, float]:
    """Ask for a page once; return its queries, and its milliseconds that passed and were worked."""
    began, worked = time.perf_counter(), cpu_seconds()
    with counted() as queries:
        answered(client, address)
    return len(queries), (time.perf_counter() - began) * 1_000, (cpu_seconds() - worked) * 1_000


def summed_up(times: list[tuple[int, float, float]]) -> tuple[int, float, float, float]:
    queries, passed, worked = zip(*times, strict=True)
    return max(queries), min(passed), statistics.median(passed), min(worked)


def cpu_seconds() -> float:
    """Return what this process has worked, and PostgreSQL's for it where that runs on the same machine."""
    mine = time.process_time()
    connection.ensure_connection()  # what asks for it may just have found it closed
    server = 0 if connection.vendor == "sqlite" else connection.connection.info.backend_pid
    schedule = f"/proc/{server}/schedstat"
    if not server or not os.path.exists(schedule):
        return mine
    with open(schedule) as file:
        return mine + int(file.read().split()[0]) / 1e9


def answered(client: Client, address: str) -> int:
    """Ask for a page; of a file that is written while it is sent, its beginning."""
    answer = client.get(address, HTTP_ACCEPT="text/html")
    if answer.streaming:
        next(iter(answer.streaming_content), b"")
        answer.close()
    return answer.status_code


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def rows_of(workspace: Workspace, owner: User) -> dict[str, Any]:
    """Return the numbers of rows that addresses have in them."""
    lead = Lead.objects.visible_to(workspace).filter(contacts__isnull=False, facts__isnull=False).earliest("pk")
    big_run = Run.objects.filter(workspace=workspace).latest("pk")
    usual = Run.objects.filter(workspace=workspace).earliest("pk")
    assert lead.assessment is not None
    return {
        "run": usual.pk,
        "hunt": usual.hunt_id,
        "big_hunt": big_run.hunt_id,
        "big_run": big_run.pk,
        "lead": lead.pk,
        "preset": workspace.presets.earliest("pk").pk,
        "conversation": Conversation.objects.filter(workspace=workspace).earliest("pk").pk,
        "notification": Notification.objects.filter(user=owner).latest("pk").pk,
        "evidence_pk": lead.assessment.evidence.earliest("pk").pk,
        "contact_pk": lead.contacts.earliest("pk").pk,
        "fact_pk": lead.facts.earliest("pk").pk,
        "owner": owner.pk,
        "old_entry": AuditEntry.objects.filter(workspace=workspace).earliest("pk").pk + 1_000,
        "old_news": Notification.objects.filter(user=owner).earliest("pk").pk + 100,
        **{f"deep_{sort}": deep(workspace, sort) for sort in paging.SORTS},
    }


def deep(workspace: Workspace, sort: str) -> str:
    """Return the cursor of a page far behind the first."""
    column, is_descending = paging.SORTS[sort]
    leads = Lead.objects.visible_to(workspace).order_by(f"{'-' if is_descending else ''}{column}", "pk")
    return paging._encoded(leads[int(leads.count() * 0.9)], column, backwards=False)


if __name__ == "__main__":
    sys.exit(main())
