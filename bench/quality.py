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

The second table is about reading a brief: `bench.briefs`.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import briefs

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
    reading = briefs.measure(DATA / "icp_queries.jsonl")
    console.print(hunts_table(measured))
    console.print(briefs.table(reading))
    print(json.dumps([*scoreboard(measured), *briefs.scoreboard(reading)]))
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
    failed = [lead for lead in answer["leads"] if lead["status"] == "failed"]
    if failed:
        raise SystemExit(f"{len(failed)} candidates failed, the first with: {failed[0]['reason']}")
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


if __name__ == "__main__":
    sys.exit(main())
