"""Judging 100 companies by language models that are slow and limited, against the bound that latency and rate allow.

The vendors (bench/chaining/vendor.py) take 1.5 to 8 s an answer and 500 requests in any minute, and answer 429 beyond.
What is measured is the pipeline itself, one worker with WORKER_CONCURRENCY=128, from claiming the candidates to their
stored verdicts, with the pages read already; rates, money, journal and health are kept in SQLite. Nothing is scaled:
seconds are seconds.

The bound: with N calls of latencies l1 ≥ … ≥ lN and a rate of R in any 60 s, no schedule can begin more than R calls in
the first minute, R more in the second, and so on, and every call takes its latency. The best one begins the longest
calls first, so it ends at max over k of 60·⌊(k-1)/R⌋ + lk. For 100 calls at 500 a minute that is the longest latency.
With 20 a minute at the first vendor and 500 at the second, 520 can begin at once, so the bound is the same.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

FOLDER = tempfile.TemporaryDirectory(prefix="bench")
COMPANIES, RATE, LOW_RATE, TIMES_THE_BOUND = 100, 500, 20, 1.25
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
os.environ |= {
    "DATABASE_URL": f"sqlite:///{FOLDER.name}/bench.sqlite3",
    "REDIS_URL": "",
    "LANGUAGE_MODEL_ORDER": "kimi,openai,local",
    "LOG_LEVEL": "ERROR",
    "WORKER_CONCURRENCY": "128",
}
for name, model in (("KIMI", "kimi-k2.6"), ("OPENAI", "gpt-4.1-mini")):
    os.environ |= {
        f"{name}_API_KEY": f"sk-bench-{name}",
        f"{name}_BASE_URL": f"http://127.0.0.1:{PORT}/{name.lower()}/v1",
        f"{name}_MODEL": model,
        f"{name}_REQUESTS_PER_MINUTE": str(RATE),
        f"{name}_TOKENS_PER_MINUTE": "0",
        f"{name}_CALLS_AT_ONCE": "0",
    }
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402 - the database and the vendors have to be named before Django reads its settings

django.setup()

from asgiref.sync import async_to_sync  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import Min  # noqa: E402
from django.utils import timezone  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from accounts.models import Workspace  # noqa: E402
from enrichment.models import Page, Snapshot  # noqa: E402
from hunts import pipeline  # noqa: E402
from hunts.icp import Icp, criterion_key  # noqa: E402
from hunts.models import Candidate, Hunt, Run, Source, Stage  # noqa: E402
from integrations.capabilities import Criterion  # noqa: E402
from integrations.lexicon.text import sha256_of  # noqa: E402
from leads.models import Assessment, Lead  # noqa: E402

SENTENCES = ("Turns and mills precision parts.", "Has between 20 and 500 employees.", "Is certified to ISO 13485.")
ICP = Icp(
    brief="Makers of precision parts",
    criteria=tuple(Criterion(criterion_key(text), text, "must", 5, "other") for text in SENTENCES),
)
ABOUT = (
    "Firm {n} makes cakes.\nWe have baked for {n} years in a small town by the sea, and deliver to every door.\n" * 12
)


def main() -> int:
    call_command("migrate", verbosity=0)
    measured: list[dict[str, Any]] = []
    table = Table(
        "what", "seconds", "bound", "calls", "refused", "first verdict", title=f"{COMPANIES} companies", box=None
    )
    with vendors(kimi=RATE, openai=RATE):
        use_keys("warm-up")
        Judged(Workspace.start("Warm-up"), companies=2).run(Stage.QUALIFY)  # a worker has its modules loaded
        use_keys("first")
        first = Judged(Workspace.start("Bench"))
        first.run(Stage.QUALIFY)
        first.show(table, f"{RATE} a minute")
        measured += [first.line(f"judging {COMPANIES} companies at {RATE} calls a minute"), first.first_line()]
        warm = Judged(first.workspace)
        warm.run(Stage.DEDUPE)
        warm.show(table, "the same again")
        measured.append(warm.warm_line())
    settings.LANGUAGE_MODEL_LIMITS["kimi"]["requests"] = LOW_RATE
    use_keys("spilled")
    with vendors(kimi=LOW_RATE, openai=RATE):
        spilled = Judged(Workspace.start("Bench, spilled"))
        spilled.run(Stage.QUALIFY)
        spilled.show(table, f"{LOW_RATE} a minute at the first vendor")
        measured.append(spilled.line(f"the same with {LOW_RATE} a minute at the first vendor", spills=True))
    Console().print(table)
    print(json.dumps(measured))
    return 0


class Judged:
    """A run over the companies, and what came of it."""

    def __init__(self, workspace: Workspace, *, companies: int = COMPANIES) -> None:
        self.workspace = workspace
        self.companies = companies
        self.told: dict[str, Any] = {}
        self.seconds = self.first = 0.0

    def run(self, stage: str) -> None:
        """Judge all companies, from `stage` on."""
        run = run_of(self.workspace, stage, self.companies)
        told()
        began = time.time()
        async_to_sync(pipeline.work_on)(run.pk)
        self.seconds = time.time() - began
        run.refresh_from_db()
        assert run.status == Run.Status.SUCCEEDED, run.note
        assert run.candidates.filter(score__isnull=False).count() == self.companies
        judged_at = Assessment.objects.filter(lead__workspace=self.workspace).aggregate(first=Min("judged_at"))["first"]
        self.first = judged_at.timestamp() - began
        self.told = told()
        assert run.budget.reserved_microusd == 0

    @property
    def calls(self) -> int:
        return sum(vendor["answered"] for vendor in self.told.values())

    @property
    def refused(self) -> int:
        return sum(vendor["refused"] for vendor in self.told.values())

    @property
    def latencies(self) -> list[float]:
        return sorted((one for vendor in self.told.values() for one in vendor["latencies"]), reverse=True)

    @property
    def bound(self) -> float:
        """Return what no schedule can do better than: see the top of this file."""
        rate = RATE  # at the low rate of the first vendor, the second one has as much to itself
        return max((60 * (place // rate) + one for place, one in enumerate(self.latencies)), default=0.0)

    def show(self, table: Table, name: str) -> None:
        first = f"{self.first:.2f}" if self.calls else ""
        row = (f"{self.seconds:.2f}", f"{self.bound:.2f}", f"{self.calls}", f"{self.refused}", first)
        table.add_row(name, *row)

    def line(self, name: str, *, spills: bool = False) -> dict[str, Any]:
        ratio = self.seconds / self.bound
        met = ratio <= TIMES_THE_BOUND and self.calls == COMPANIES and not self.refused
        if spills:
            met = met and self.told["kimi"]["answered"] == LOW_RATE
        return {
            "name": name,
            "ours": round(self.seconds, 2),
            "peer": round(self.bound, 2),
            "peer_name": "bound of latency and rate",
            "unit": "s",
            "ratio": round(ratio, 3),
            "target": f"<= {TIMES_THE_BOUND} x the bound, no 429",
            "met": met,
        }

    def first_line(self) -> dict[str, Any]:
        shortest = self.latencies[-1]
        return {
            "name": "the first verdict",
            "ours": round(self.first, 2),
            "peer": round(shortest, 2),
            "peer_name": "the shortest call",
            "unit": "s",
            "ratio": round(self.first / shortest, 3),
            "target": f"<= {TIMES_THE_BOUND} x one call and a second",
            "met": self.first <= TIMES_THE_BOUND * shortest + 1,
        }

    def warm_line(self) -> dict[str, Any]:
        return {
            "name": "calls of a warm rerun",
            "ours": self.calls,
            "peer": COMPANIES,
            "peer_name": "calls of the first run",
            "unit": "calls",
            "ratio": 0.0,
            "target": "0",
            "met": self.calls == 0 and self.refused == 0,
        }


@contextmanager
def vendors(**limits: int) -> Iterator[None]:
    """Start the vendors with these rates, and let a minute's worth be theirs again."""
    command = [sys.executable, "-m", "bench.chaining.vendor", str(PORT), json.dumps(limits)]
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def told() -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/told") as answer:
        return json.load(answer)


def use_keys(name: str) -> None:
    """Ask by keys of which nobody remembers anything: what one measurement used is not missing to the next."""
    for slug in ("kimi", "openai"):
        settings.PROVIDERS[slug]["api_key"] = f"sk-bench-{slug}-{name}"


def run_of(workspace: Workspace, stage: str, companies: int) -> Run:
    """Return a run whose candidates are found already and stand before `stage`, their pages read."""
    hunt = Hunt.objects.create(
        workspace=workspace, name="Bench", icp_json=ICP.to_json(), source=Source.DIRECTORY, max_spend_microusd=10**9
    )
    run = pipeline.start(hunt)
    Run.objects.filter(pk=run.pk).update(discovered_at=timezone.now())
    leads = leads_of(workspace)[:companies]
    texts = [ABOUT.format(n=number) for number in range(companies)]
    Candidate.objects.bulk_create(
        Candidate(run=run, lead=lead, position=place, stage=stage, facts=facts(lead, text))
        for place, (lead, text) in enumerate(zip(leads, texts, strict=True))
    )
    return run


def facts(lead: Lead, text: str) -> dict[str, Any]:
    page = {"url": lead.website, "title": lead.name, "sha256": sha256_of(text)}
    return {"pages": [page], "final_url": lead.website, "from_cache": True}


def leads_of(workspace: Workspace) -> Sequence[Lead]:
    """Return the workspace's companies; their pages were read just now."""
    found = list(Lead.objects.filter(workspace=workspace).order_by("pk"))
    if found:
        return found
    texts = [ABOUT.format(n=number) for number in range(COMPANIES)]
    Snapshot.keep(texts)
    sites = [f"https://firm{number}.example/" for number in range(COMPANIES)]
    Page.objects.bulk_create(
        [
            Page(url_sha256=sha256_of(site), url=site, final_url=site, host=f"firm{number}.example",
                 snapshot_id=sha256_of(texts[number]), fetched_at=timezone.now())
            for number, site in enumerate(sites)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Lead.objects.bulk_create(
        Lead(workspace=workspace, handle=f"firm{number}.example", name=f"Firm {number}", website=site)
        for number, site in enumerate(sites)
    )


if __name__ == "__main__":
    sys.exit(main())
