"""What the engine itself costs: claims, stages, holds, journal, evidence, log, with providers that answer at once.

The companies are found, read and judged by stand-ins inside the worker, so that what is left is ours: seven stages a
candidate, one paid call (held, sent, settled, journaled), a snapshot, an assessment with its evidence, a contact.

* Processor time a candidate on PostgreSQL, of a worker's process that has worked before. The peer is the least that any
  engine with durable stages does: a transaction a stage that updates the candidate and adds a line of log, by plain
  psycopg.
* 1,000 candidates on SQLite, from nudge to summary, against the same plain transactions on SQLite.
* One worker and two, as processes, where pages and judges take their usual time (0.5 and 1.5 s), and, to show where
  the limit is, where they take none: then workers and database share the processors.

Where no PostgreSQL is reached under BENCH_DATABASE_URL, what needs it is left out and said so.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

POSTGRES = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/magnet_bench")
CANDIDATES, PATIENT_CANDIDATES = 1_000, 400
CPU_MS, SQLITE_SECONDS, TIMES = 15, 60, 1.7
PAGE_SECONDS, JUDGE_SECONDS = 0.5, 1.5
STAGES_A_CANDIDATE = 7


def main() -> int:
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        sqlite = f"sqlite:///{folder}/bench.sqlite3"
        prepared(sqlite)
        one = worked(sqlite, new_run(sqlite, CANDIDATES))[0]
        least = plain_sqlite(f"{folder}/plain.sqlite3")
        measured.append(
            line(f"{CANDIDATES:,} candidates on SQLite", one["seconds"], least, "s", f"<= {SQLITE_SECONDS} s")
            | {"met": one["seconds"] <= SQLITE_SECONDS}
        )
    with postgres() as url:
        if not url:
            print(f"PostgreSQL is not reached at {POSTGRES}: what needs it is left out.")
        else:
            measured += on_postgres(url)
    for row in measured:
        print(f"{row['name']}: {row['ours']} {row['unit']} ({row['peer_name']}: {row['peer']}), {row['target']}")
    print(json.dumps(measured))
    return 0


def on_postgres(url: str) -> list[dict[str, Any]]:
    prepared(url)
    worked(url, new_run(url, 20))  # a warm database
    one = worked(url, new_run(url, CANDIDATES))[0]
    cpu = one["cpu_seconds"] / CANDIDATES * 1000
    at_once = line(
        "engine, processor time a candidate on PostgreSQL", cpu, plain_postgres(url), "ms", f"<= {CPU_MS} ms"
    )
    measured = [at_once | {"met": cpu <= CPU_MS}]
    for name, count, takes in (
        ("at their usual pace", PATIENT_CANDIDATES, (PAGE_SECONDS, JUDGE_SECONDS)),
        ("that answer at once", CANDIDATES, (0.0, 0.0)),
    ):
        alone = elapsed(worked(url, new_run(url, count), takes=takes))
        both = elapsed(worked(url, new_run(url, count), takes=takes, workers=2))
        target = f">= {TIMES} x one" if takes[0] else "no target: they share the processors with the database"
        row = line(f"two workers, providers {name}", both, alone, "s", target) | {"peer_name": "one worker"}
        measured.append(row | {"ratio": round(alone / both, 2), "met": alone / both >= TIMES or not takes[0]})
    return measured


def line(name: str, ours: float, least: float, unit: str, target: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours, 2),
        "peer": round(least, 2),
        "peer_name": "plain transactions",
        "unit": unit,
        "ratio": round(ours / least, 2),
        "target": target,
    }


# --- the plain transactions ---------------------------------------------------------------------------------------

MADE = (
    "CREATE TABLE plain_candidate (id INTEGER PRIMARY KEY, stage TEXT)",
    "CREATE TABLE plain_line (candidate INTEGER, said TEXT)",
)
MOVED = "UPDATE plain_candidate SET stage = {0} WHERE id = {0}"
LOGGED = "INSERT INTO plain_line VALUES ({0}, {0})"


def plain_sqlite(path: str) -> float:
    """Return the seconds that the plain transactions take on SQLite, set up as ours is."""
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        for statement in MADE:
            database.execute(statement)
        database.executemany("INSERT INTO plain_candidate VALUES (?, '')", [(n,) for n in range(CANDIDATES)])
        began = time.perf_counter()
        for number in range(CANDIDATES):
            for stage in range(STAGES_A_CANDIDATE):
                database.execute("BEGIN IMMEDIATE")
                database.execute(MOVED.format("?"), (str(stage), number))
                database.execute(LOGGED.format("?"), (number, str(stage)))
                database.execute("COMMIT")
        return time.perf_counter() - began


def plain_postgres(url: str) -> float:
    """Return the milliseconds of our processor time that the plain transactions of one candidate take."""
    with psycopg.connect(url, autocommit=True) as database:
        for statement in MADE:
            database.execute(statement.encode())
        with database.cursor() as cursor:
            cursor.executemany("INSERT INTO plain_candidate VALUES (%s, '')", [(n,) for n in range(CANDIDATES)])
        began = time.process_time()
        for number in range(CANDIDATES):
            for stage in range(STAGES_A_CANDIDATE):
                with database.transaction():
                    database.execute(MOVED.format("%s").encode(), (str(stage), number))
                    database.execute(LOGGED.format("%s").encode(), (number, str(stage)))
        return (time.process_time() - began) / CANDIDATES * 1000


# --- databases and workers ----------------------------------------------------------------------------------------


@contextmanager
def postgres() -> Iterator[str]:
    """Give a database of our own for as long as it is used; '' where there is no server."""
    parts = urllib.parse.urlsplit(POSTGRES)
    name = sql.Identifier(parts.path.strip("/"))
    try:
        server = psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield ""
        return
    with server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield POSTGRES
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def started(url: str, *args: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "DEBUG": "false",
        "SECRET_KEY": "bench" * 12,
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bench.paced.worker", *args], env=environment, stdout=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen[str]) -> Any:
    out, _errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args} failed")
    return json.loads(out.splitlines()[-1])


def prepared(url: str) -> None:
    told(started(url, "migrate"))


def new_run(url: str, candidates: int) -> int:
    """Return a run of a workspace of its own, not begun yet."""
    return int(told(started(url, "start", str(candidates))))


def worked(url: str, run: int, *, workers: int = 1, takes: tuple[float, float] = (0.0, 0.0)) -> list[dict[str, float]]:
    """Have `workers` processes do `run`; what each of them used. They begin together, loaded."""
    begins_at = str(time.time() + 4)
    args = ("work", str(run), str(takes[0]), str(takes[1]), begins_at)
    return [told(process) for process in [started(url, *args) for _worker in range(workers)]]


def elapsed(workers: list[dict[str, float]]) -> float:
    return max(worker["seconds"] for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
