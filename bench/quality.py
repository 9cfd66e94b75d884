"""How good the hunts are that need no key: precision, recall and checked quotes on real companies.

What is measured: each profile of `gold_icps.jsonl` is a hunt as a user starts it (`import_companies`, then `hunt ...
--source directory --limit 50 --json`, on a temporary SQLite database). Precision at 10 is the share of the first ten
leads that carry the label, recall at 50 the share of all labelled companies among the leads (a profile with 448
labelled companies cannot pass 50 / 448), quotes the share of shown quotes that stand in the stored snapshot.

The method behind the hunts is lexical: a hand-written taxonomy of industries (synonyms and what such companies write
about themselves, in several languages), weighed by where a phrase stands, rules for places, sizes, years and fairs,
and exclusions. There is no language model, no embedding and no training; nothing was fitted to the labels, which come
from tags that the data does not contain, so some are arguable. What a taxonomy does not name is found by its words
alone, and a company that describes itself in unusual words is missed.

The peer is plain full-text search: FTS5 with bm25 over the same fields, asked for the words of the same sentence.

The second table is about reading a brief: per field precision and recall of `read_brief` on `icp_queries.jsonl`. Its
labels do not hold everything that a sentence states (most sentences with a region have no region label), which is
counted against precision here.
"""

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hunts.brief import read_brief
from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import places
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.words import words

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
LIMIT, FIRST = 50, 10
LEAST_PRECISION, LEAST_RATIO = 0.60, 2.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One profile's outcome."""

    icp: str
    precision: float
    recall: float
    quotes: int
    quotes_found: int
    peer: float
    seconds: float


def main() -> int:
    if not (DATA / "gold_icps.jsonl").exists():
        print(f"Skipped: {DATA} is not there.", file=sys.stderr)
        print("[]")
        return 0
    console = Console()
    measured = list(measure_hunts())
    fields = measure_reading()
    console.print(hunts_table(measured))
    console.print(reading_table(fields))
    print(json.dumps(scoreboard(measured)))
    return 0


# ── hunts ────────────────────────────────────────────────────────────────────────────────────────────────


def measure_hunts() -> Iterator[Measured]:
    """Yield each gold profile's outcome, ours and the peer's in the same run."""
    peer = plain_search()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{folder}/quality.sqlite3",
            "SECRET_KEY": "only for this measurement",
            "DEBUG": "true",
        }
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "import_companies", str(DATA / "companies.jsonl.gz"))
        for line in (DATA / "gold_icps.jsonl").read_text().splitlines():
            gold = json.loads(line)
            answer = json.loads(
                manage(environment, "hunt", gold["icp"], "--source", "directory", "--limit", str(LIMIT), "--json")
            )
            yield judge_hunt(gold, answer, peer(gold["icp"]), Path(folder) / "quality.sqlite3")


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"manage.py {arguments[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def judge_hunt(gold: dict[str, Any], answer: dict[str, Any], peer: Sequence[str], database: Path) -> Measured:
    relevant = set(gold["relevant_domains"])
    leads = sorted(answer["leads"], key=lambda lead: -float(lead["score"] or 0))
    domains = [lead["domain"] for lead in leads]
    shown = [verdict for lead in leads for verdict in lead["verdicts"] if verdict["quote"]]
    texts = snapshots(database, {verdict["snapshot_sha256"] for verdict in shown})
    return Measured(
        icp=gold["icp"],
        precision=share(domains[:FIRST], relevant),
        recall=len(relevant.intersection(domains[:LIMIT])) / len(relevant),
        quotes=len(shown),
        quotes_found=sum(verdict["quote"] in texts.get(verdict["snapshot_sha256"], "") for verdict in shown),
        peer=share(peer[:FIRST], relevant),
        seconds=float(answer["run"]["duration_s"] or 0),
    )


def share(domains: Sequence[str], relevant: set[str]) -> float:
    return sum(domain in relevant for domain in domains) / FIRST


def snapshots(database: Path, hashes: set[str]) -> dict[str, str]:
    """Return the stored texts with those hashes, read past the program that stored them."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT sha256, compressed FROM enrichment_snapshot").fetchall()
    return {key: zlib.decompress(data).decode() for key, data in rows if key in hashes}


def plain_search() -> Any:
    """Return the peer: a function from a sentence to domains, best first."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE companies USING fts5(domain UNINDEXED, name, one_liner, description, location)"
    )
    with gzip.open(DATA / "companies.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    connection.executemany(
        "INSERT INTO companies VALUES (?, ?, ?, ?, ?)",
        [[row.get(name) or "" for name in ("domain", "name", "one_liner", "description", "location")] for row in rows],
    )

    def search(sentence: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", sentence))
        found = connection.execute(
            f"SELECT domain FROM companies WHERE companies MATCH ? ORDER BY bm25(companies) LIMIT {LIMIT}", [query]
        )
        return [domain for (domain,) in found]

    return search


def hunts_table(measured: Sequence[Measured]) -> Table:
    table = Table(
        "profile", "P@10", "peer P@10", "R@50", "quotes found", "seconds", title="Hunts without a key", box=None
    )
    for row in measured:
        quotes = f"{row.quotes_found}/{row.quotes}"
        table.add_row(
            row.icp, f"{row.precision:.2f}", f"{row.peer:.2f}", f"{row.recall:.2f}", quotes, f"{row.seconds:.1f}"
        )
    table.add_row("mean", *(f"{mean(values):.2f}" for values in columns(measured)), style="bold")
    return table


def columns(measured: Sequence[Measured]) -> tuple[list[float], list[float], list[float]]:
    return [row.precision for row in measured], [row.peer for row in measured], [row.recall for row in measured]


def mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def scoreboard(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    precision, peer, recall = (mean(values) for values in columns(measured))
    quotes, found = sum(row.quotes for row in measured), sum(row.quotes_found for row in measured)
    ratio = precision / peer if peer else None
    return [
        {
            "name": "mean precision at 10 over the gold profiles",
            "ours": round(precision, 3),
            "peer": round(peer, 3),
            "peer_name": "FTS5 bm25",
            "unit": "share",
            "ratio": ratio and round(ratio, 2),
            "target": f">= {LEAST_PRECISION:.2f} and {LEAST_RATIO} times the peer",
            "met": precision >= LEAST_PRECISION and ratio is not None and ratio >= LEAST_RATIO,
        },
        {
            "name": "mean recall at 50 over the gold profiles",
            "ours": round(recall, 3),
            "peer": None,
            "peer_name": "none",
            "unit": "share",
            "ratio": None,
            "target": "as high as possible",
            "met": recall > 0,
        },
        {
            "name": "quotes found in their snapshot",
            "ours": round(found / quotes, 4) if quotes else 0.0,
            "peer": None,
            "peer_name": "none",
            "unit": "share",
            "ratio": None,
            "target": "1.0",
            "met": bool(quotes) and found == quotes,
        },
    ]


# ── reading briefs ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Field:
    """How often a field was read right, read where nothing was labelled (or wrongly), and missed."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def count(self, *, wanted: bool, got: bool, same: bool) -> None:
        if wanted and got and same:
            self.right += 1
            return
        self.extra += got
        self.missed += wanted

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.extra, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)


@dataclass(slots=True)
class Reading:
    fields: dict[str, Field] = field(default_factory=dict)

    def count(self, name: str, *, wanted: object, got: object, same: bool) -> None:
        self.fields.setdefault(name, Field()).count(wanted=bool(wanted), got=bool(got), same=same)


def measure_reading() -> dict[str, Field]:
    """Return each field's counts over all labelled sentences."""
    reading = Reading()
    for line in (DATA / "icp_queries.jsonl").read_text().splitlines():
        query = json.loads(line)
        count_fields(reading, query["constraints"], read_brief(query["text"], this_year=2024))
    return reading.fields


def count_fields(reading: Reading, wanted: dict[str, Any], icp: Icp) -> None:
    country = places.lookup(wanted["country"]["eq"]) if "country" in wanted else None
    codes = country.countries if country else ()
    reading.count("country", wanted=codes, got=icp.countries, same=codes == icp.countries)
    region = wanted.get("region", {}).get("contains", "")
    groups = [place.name for name in icp.regions if (place := places.lookup(name)) and place.kind == "group"]
    named = places.lookup(region)
    reading.count("region", wanted=region, got=groups, same=named is not None and named.name in groups)
    for name, got, slack in (("employees", icp.employees, 0.1), ("founded_year", icp.founded_year, 0.0)):
        asked = range_of(wanted.get(name, {}))
        reading.count(name, wanted=asked, got=got, same=nearly(asked, got, slack))
    for name in ("category", "industry"):
        if label := wanted.get(name, {}).get("contains", ""):
            reading.count(
                "category or industry", wanted=label, got=icp.industries or icp.keywords, same=means(icp, label)
            )
    stage = wanted.get("funding_stage", {}).get("contains", "")
    reading.count("funding_stage", wanted=stage, got=icp.funding_stage, same=stage == icp.funding_stage)
    kind = wanted.get("company_type", {}).get("eq", "")
    reading.count("company_type", wanted=kind, got=icp.company_type, same=kind == icp.company_type)


def range_of(asked: dict[str, int]) -> Range:
    if "eq" in asked:
        return Range(asked["eq"], asked["eq"])
    return Range(asked.get("gte"), asked.get("lte"))


def nearly(asked: Range, got: Range, slack: float) -> bool:
    pairs = [(asked.min, got.min), (asked.max, got.max)]
    return all(a == b or (a is not None and b is not None and abs(a - b) <= slack * a) for a, b in pairs)


def means(icp: Icp, label: str) -> bool:
    """Say whether a label is among the industries read, by the taxonomy, or stands in the keywords."""
    ids = {industry for group in industry_groups(label) for industry in group}
    said = {word for keyword in icp.keywords for word in words(keyword)}
    return bool(ids & set(icp.industries)) or set(words(label)) <= said


def reading_table(fields: dict[str, Field]) -> Table:
    table = Table("field", "precision", "recall", "labelled", title="Reading briefs", box=None)
    for name, counted in fields.items():
        labelled = str(counted.right + counted.missed)
        table.add_row(name, f"{counted.precision:.2f}", f"{counted.recall:.2f}", labelled)
    return table


if __name__ == "__main__":
    sys.exit(main())
