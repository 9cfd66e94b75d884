"""Exporting leads with their contacts and proofs: CSV against the bare csv module, XLSX against openpyxl.

The CSV peer is the limit: tuples of the same database columns, without contacts, proofs or any care for formulas.
The XLSX peer is openpyxl's write-only mode given the very same rows. Memory is the most that Python allocated.
"""

import csv
import io
import json
import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable

FOLDER = tempfile.TemporaryDirectory(prefix="bench")
os.environ["DATABASE_URL"] = f"sqlite:///{FOLDER.name}/bench.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402 - the database has to be named before Django reads its settings

django.setup()

from django.core.management import call_command  # noqa: E402
from openpyxl import Workbook  # noqa: E402
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from accounts.models import Workspace  # noqa: E402
from leads.exports import COLUMNS, rows_of, write_csv, write_xlsx  # noqa: E402
from leads.models import Assessment, Contact, Evidence, Lead, ScoringConfig  # noqa: E402

LEADS = 20_000
MEMORY_LEADS = 5_000
PLAIN = ["name", "website", "phone", "country", "location", "tier", "score", "status", "best_quote", "best_quote_url"]
QUOTE = "We turn and mill precision parts for medical devices in small series."


def main() -> int:
    call_command("migrate", verbosity=0)
    fill()
    ours_csv, peer_csv = pace(lambda leads: write_csv(io.BytesIO(), leads)), pace(plain_csv)
    ours_xlsx, peer_xlsx = pace(lambda leads: write_xlsx(io.BytesIO(), leads)), pace(openpyxl_xlsx)
    ours_memory, peer_memory = memory(lambda leads: write_xlsx(io.BytesIO(), leads)), memory(openpyxl_xlsx)
    measured = [
        line("exporting leads as CSV", ours_csv, peer_csv, "csv module alone", ">= 10000 leads/s", ours_csv >= 10_000),
        line(
            "exporting leads as XLSX", ours_xlsx, peer_xlsx, "openpyxl", "faster than the peer", ours_xlsx > peer_xlsx
        ),
        line(
            "memory of an XLSX export", ours_memory, peer_memory, "openpyxl", "<= 60 MB", ours_memory <= 60, unit="MB"
        ),
    ]
    table = Table("what", "ours", "peer", "peer's name", "unit", title=f"{LEADS:,} leads", box=None)
    for row in measured:
        table.add_row(*(str(row[name]) for name in ("name", "ours", "peer", "peer_name", "unit")))
    Console().print(table)
    print(json.dumps(measured))
    return 0


def fill() -> None:
    workspace, config = Workspace.start("Bench"), ScoringConfig.current()
    Lead.objects.bulk_create(
        Lead(
            workspace=workspace,
            handle=f"firm{number}.example",
            name=f"Firm {number}",
            website=f"https://firm{number}.example",
            location="Lyon, France",
            country="FR",
            status=Lead.Status.QUALIFIED,
            best_quote=QUOTE,
        )
        for number in range(LEADS)
    )
    leads = list(Lead.objects.order_by("pk"))
    assessments = Assessment.objects.bulk_create(
        Assessment(lead=lead, criteria_hash="x", judged_by="bench", scoring_config=config) for lead in leads
    )
    for lead, assessment in zip(leads, assessments, strict=True):
        lead.assessment = assessment
    Lead.objects.bulk_update(leads, ["assessment"], batch_size=400)
    Contact.objects.bulk_create(
        Contact(lead=lead, name="Ana Kovač", email=f"ana@{lead.handle}", found_by="bench") for lead in leads
    )
    Evidence.objects.bulk_create(
        Evidence(
            assessment=assessment, position=place, criterion=f"c{place}", text="Does precision machining", kind="must",
            weight=5, verdict="yes", claimed="yes", quote=QUOTE, start=0, end=len(QUOTE),
        )
        for assessment in assessments for place in range(3)
    )  # fmt: skip


def pace(write: Callable[[object], object]) -> float:
    """Return leads a second, the better of two goes."""
    goes = []
    for _go in range(2):
        began = time.perf_counter()
        write(Lead.objects.order_by("pk"))
        goes.append(time.perf_counter() - began)
    return LEADS / min(goes)


def memory(write: Callable[[object], object]) -> float:
    """Return the megabytes that Python allocated at most."""
    tracemalloc.start()
    write(Lead.objects.order_by("pk")[:MEMORY_LEADS])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1_000_000


def plain_csv(leads) -> None:
    csv.writer(io.StringIO()).writerows(leads.values_list(*PLAIN).iterator())


def openpyxl_xlsx(leads) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(COLUMNS)
    for row in rows_of(leads):
        sheet.append([ILLEGAL_CHARACTERS_RE.sub(" ", cell) if isinstance(cell, str) else cell for cell in row])
    book.save(io.BytesIO())


def line(
    name: str, ours: float, peer: float, peer_name: str, target: str, met: bool, unit: str = "leads/s"
) -> dict[str, object]:
    digits = 1 if unit == "MB" else 0
    return {
        "name": name,
        "ours": round(ours, digits),
        "peer": round(peer, digits),
        "peer_name": peer_name,
        "unit": unit,
        "ratio": round(ours / peer, 2),
        "target": target,
        "met": met,
    }


if __name__ == "__main__":
    sys.exit(main())
