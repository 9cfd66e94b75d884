"""Importing companies into SQLite: rows a second, against the loop that most projects write.

The peer is `csv.DictReader` with `update_or_create` for each row, in one transaction, which does less: it takes
the cells as they are, guesses no encoding, no domain, no country and no size, and stops at the first bad row.
"""

import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="bench")
os.environ["DATABASE_URL"] = f"sqlite:///{FOLDER.name}/bench.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402 - the database has to be named before Django reads its settings

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from leads.importing import import_companies  # noqa: E402
from leads.models import Company, CompanyList  # noqa: E402

ROWS = 20_000
PEER_ROWS = 3_000
LEAST_PACE = 2_000  # rows a second
COLUMNS = ["name", "domain", "website", "one_liner", "description", "location", "phone"]
WORDS = "precision machining of steel and aluminium parts for medical railway and energy customers in small series"
PLACES = ["Lyon, France", "Stuttgart, Germany", "Novi Sad, Serbia", "Austin, TX, USA", "Suzhou, China"]


def main() -> int:
    call_command("migrate", verbosity=0)
    ours = pace_of_ours(write(ROWS))
    again = pace_of_ours(write(ROWS))
    peer = pace_of_peer(write(PEER_ROWS))
    measured = [line("importing a CSV file into SQLite", ours, peer), line("importing it again", again, peer)]
    table = Table("what", "ours", "peer", "times", title="Rows a second, indexed for search as they go in", box=None)
    for row in measured:
        table.add_row(str(row["name"]), f"{row['ours']:,}", f"{row['peer']:,}", f"{row['ratio']}")
    Console().print(table)
    print(json.dumps(measured))
    return 0


def write(rows: int) -> Path:
    path = Path(FOLDER.name) / f"fair-{rows}.csv"
    words = WORDS.split()
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for number in range(rows):
            said = " ".join(words[(number + place) % len(words)] for place in range(40))
            domain = f"firm{number}.com"
            place = PLACES[number % len(PLACES)]
            writer.writerow(
                [f"Firm {number}", domain, f"https://www.{domain}", said[:80], said, place, "+49 711 123456"]
            )
    return path


def pace_of_ours(path: Path) -> float:
    began = time.perf_counter()
    report = import_companies(path)
    assert report.imported + report.updated == ROWS
    return ROWS / (time.perf_counter() - began)


def pace_of_peer(path: Path) -> float:
    companies = CompanyList.objects.create(name="peer")
    began = time.perf_counter()
    with path.open(newline="") as stream, transaction.atomic():
        for row in csv.DictReader(stream):
            Company.objects.update_or_create(list=companies, domain=row.pop("domain"), defaults=row)
    return PEER_ROWS / (time.perf_counter() - began)


def line(name: str, ours: float, peer: float) -> dict[str, object]:
    return {
        "name": name,
        "ours": round(ours),
        "peer": round(peer),
        "peer_name": "csv.DictReader + update_or_create",
        "unit": "rows/s",
        "ratio": round(ours / peer, 2),
        "target": f">= {LEAST_PACE} rows/s",
        "met": ours >= LEAST_PACE,
    }


if __name__ == "__main__":
    sys.exit(main())
