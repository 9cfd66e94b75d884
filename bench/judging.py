"""Judging leads without a language model: leads a second and core, against plain full-text scoring of the same texts.

Measured are a company's directory record, as the directory source has it, and a site of five pages of about 4,000
characters each, as the crawler reads it. The texts are real companies' descriptions where the shared data is there,
otherwise made up. Each text is judged once, by the criteria of one brief, in processor time of one core, so no answer
comes from a cache; the taxonomy is loaded before the clock starts.

The peer is SQLite's FTS5: it indexes the texts and ranks them by bm25 for the words of each criterion. It does far
less: no yes or no, no quote, no number, place or negation is understood. It is there as the limit, not to be beaten.
"""

import asyncio
import gzip
import json
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hunts.brief import read_brief
from integrations.capabilities import Criterion, Range, ReadPage
from integrations.lexicon.text import normalise, sha256_of
from integrations.providers.directory import DirectoryRow, record_text
from integrations.providers.local import Local

ROOT = Path(__file__).resolve().parents[1]
COMPANIES = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "companies.jsonl.gz"
BRIEF = (
    "Manufacturers of precision machined parts in France or Germany with 11-200 employees, founded after 1990, "
    "ISO 9001 certified, exhibiting at Hannover Messe, no distributors"
)
RECORDS, SITES, WARM_UP = 2_000, 200, 20
PAGES, PAGE_LENGTH = 5, 4_000
LEAST_PACE = 50  # leads a second and core
MADE_UP = "We turn and mill precision parts of steel and aluminium for medical, railway and energy customers. "

Lead = Sequence[ReadPage]


def main() -> int:
    criteria = read_brief(BRIEF).criteria
    rows = list(islice(companies(), RECORDS + WARM_UP))
    records = [[page(f"https://{row.domain}", record_text(row), is_record=True)] for row in rows]
    pages = sites(rows)
    measured = [
        line("judging directory records", records, criteria),
        line(f"judging sites of {PAGES} pages", pages, criteria),
    ]
    Console().print(f"{len(criteria)} criteria; texts {'of real companies' if COMPANIES.exists() else 'made up'}")
    table = Table("what", "ours", "peer", "times", title="Leads a second and core", box=None)
    for row in measured:
        table.add_row(row["name"], f"{row['ours']:,}", f"{row['peer']:,}", f"{row['ratio']}")
    Console().print(table)
    print(json.dumps(measured))
    return 0


def companies() -> Iterator[DirectoryRow]:
    """Yield real companies, or made-up ones where there are none."""
    if not COMPANIES.exists():
        for number in range(RECORDS + WARM_UP):
            said = MADE_UP.replace("precision", f"precision no. {number}") * 6
            yield company(f"firm{number}.example", f"Firm {number}", said, "Lyon, France", number % 300 or None)
        return
    with gzip.open(COMPANIES, "rt") as lines:
        for row in map(json.loads, lines):
            if row.get("domain") and row.get("description"):
                yield company(row["domain"], row["name"], row["description"], row.get("location") or "", None)


def company(domain: str, name: str, description: str, location: str, employees: int | None) -> DirectoryRow:
    return DirectoryRow(
        name=name,
        domain=domain,
        website=f"https://{domain}",
        description=description,
        location=location,
        employees=Range(employees, employees),
    )


def sites(rows: Sequence[DirectoryRow]) -> list[Lead]:
    """Return sites whose pages are filled with descriptions; each page begins at another one, so none is a copy."""
    texts = [normalise(row.description.replace(". ", ".\n")) for row in rows]
    found: list[Lead] = []
    for number in range(SITES + WARM_UP):
        start = number * PAGES
        found.append(
            [page(f"https://s{number}.example/{place}", filled(texts, start + place)) for place in range(PAGES)]
        )
    return found


def filled(texts: Sequence[str], start: int) -> str:
    # A step that shares no factor with the number of texts, so that two pages share few sentences.
    text = ""
    place = start * 7
    while len(text) < PAGE_LENGTH:
        text += texts[place % len(texts)] + "\n"
        place += 1_009
    return normalise(text[:PAGE_LENGTH])


def page(url: str, text: str, *, is_record: bool = False) -> ReadPage:
    return ReadPage(url, text, sha256_of(text), how="record" if is_record else "http")


def line(name: str, leads: Sequence[Lead], criteria: Sequence[Criterion]) -> dict[str, Any]:
    ours, peer = pace_of_ours(leads, criteria), pace_of_peer(leads[WARM_UP:], criteria)
    return {
        "name": name,
        "ours": round(ours),
        "peer": round(peer),
        "peer_name": "FTS5 bm25, no verdicts",
        "unit": "leads/s/core",
        "ratio": round(ours / peer, 3),
        "target": f">= {LEAST_PACE} leads/s/core",
        "met": ours >= LEAST_PACE,
    }


def pace_of_ours(leads: Sequence[Lead], criteria: Sequence[Criterion]) -> float:
    asyncio.run(judge(leads[:WARM_UP], criteria))
    began = time.process_time()
    asyncio.run(judge(leads[WARM_UP:], criteria))
    return (len(leads) - WARM_UP) / (time.process_time() - began)


async def judge(leads: Sequence[Lead], criteria: Sequence[Criterion]) -> None:
    judge = Local()
    for lead in leads:
        judgement = await judge.judge(lead, criteria)
        assert len(judgement.opinions) == len(criteria)


def pace_of_peer(leads: Sequence[Lead], criteria: Sequence[Criterion]) -> float:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(body)")
    began = time.process_time()
    connection.executemany("INSERT INTO texts VALUES (?)", [["\n".join(page.text for page in lead)] for lead in leads])
    for criterion in criteria:
        query = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", criterion.text))
        connection.execute("SELECT rowid, bm25(texts) FROM texts WHERE texts MATCH ?", [query]).fetchall()
    return len(leads) / (time.process_time() - began)


if __name__ == "__main__":
    sys.exit(main())
