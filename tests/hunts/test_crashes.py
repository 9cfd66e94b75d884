"""A worker is killed with SIGKILL at every place where it matters, and each time another one finishes the run.

Nothing is lost, nothing is charged twice, and the result is that of a run that nobody disturbed. CRASH_ROUNDS=20 kills
at so many random times; the seed is printed and can be given again as CRASH_SEED.
"""

import ast
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Workspace
from hunts import claims, invariants, research
from hunts.models import Candidate, Run
from hunts.privacy import erasing, looking
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from hunts.research_models import Research
from integrations.models import ProviderCall
from leads.models import Lead
from leads.wanted import Wanted
from tests.factories import JudgedLeadFactory
from tests.harness.language_model import LanguageModelServer, Reply, gullible, refused
from tests.harness.nursery import Child, Nursery
from tests.harness.processes import ROOT, outcome
from tests.hunts.conftest import asked_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

APPS = ("accounts", "billing", "config", "enrichment", "hunts", "integrations", "leads")
JOBS = "tests.hunts.crash_jobs"
COMPANIES = 3
AT_ONCE = 12
SHORT = {"LEASE_SECONDS": 1}
# Nobody works on a run there: tests/billing/test_refunds.py kills at that place.
OF_OPERATORS = {"refunds.paid"}
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "2"))


def failpoints() -> set[str]:
    """Return the names of the failpoints that stand in the source, but for those of operators."""
    found = {name for app in APPS for path in (ROOT / app).rglob("*.py") for name in _failpoints_of(path)}
    assert found >= OF_OPERATORS
    return found - OF_OPERATORS


def _failpoints_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
            yield node.args[0].value


def answer(question: dict) -> str | Reply:
    """A model that refuses some companies and judges the others, so that holds are both given back and charged.

    What is asked in a research it refuses, too.
    """
    pages = question.get("pages")
    if not pages or "criteria" not in question or len(pages[0]["url"]) % 2:
        return refused(400, {"message": "This cannot be answered.", "type": "invalid_request_error"})
    return gullible(question)


@pytest.fixture
def nursery(nursery, settings) -> Iterator[Nursery]:
    with LanguageModelServer(answer) as server:
        settings.PROVIDERS = settings.PROVIDERS | {"openai": asked_at(server)}
        settings.LANGUAGE_MODEL_LIMITS = settings.LANGUAGE_MODEL_LIMITS | {"openai": {}}
        yield nursery


@dataclass
class Stage:
    """The world of these tests: runs are set up here, and how an undisturbed one ends is known."""

    nursery: Nursery
    start_run: Callable[..., Run]
    made: int = 0

    def fresh(self) -> Run:
        """A run that nobody has worked on."""
        self.made += 1
        return self.start_run(limit=COMPANIES, cap=5_000_000, workspace=Workspace.start(f"Company {self.made}"))

    def undisturbed(self) -> list[tuple]:
        """How a run ends that nobody disturbs, once two in a row end alike: a busy machine may miss a page at first."""
        run = self.fresh()
        self.nursery.run(f"{JOBS}.recover", run.pk)
        for _try in range(4):
            before, run = outcome(run), self.fresh()
            self.nursery.run(f"{JOBS}.recover", run.pk)
            if outcome(run) == before:
                assert len(before) == COMPANIES
                return before
        raise AssertionError("runs that nobody disturbs end in different ways")

    def searched(self) -> Run:
        """A run whose companies were found, and not looked at."""
        run = self.fresh()
        self.nursery.run(f"{JOBS}.search", run.pk)
        return run

    def over(self) -> Run:
        """A run that is over, and one of whose companies failed."""
        run = self.fresh()
        self.nursery.run(f"{JOBS}.work", run.pk)
        failed = run.candidates.filter(status__in=(Candidate.Status.QUALIFIED, Candidate.Status.REJECTED)).first()
        columns = {"status": Candidate.Status.FAILED, "stage": "qualify", "score": None, "tier": ""}
        run.candidates.filter(pk=failed.pk).update(**columns)
        return run

    def with_poison(self) -> Run:
        """A run with a company that workers died with, again and again; the last of them just now."""
        run = self.searched()
        claims.claim(run.pk, 1)
        run.candidates.filter(status=Candidate.Status.WORKING).update(deaths=3)
        claims.abandon(run.candidates.filter(status=Candidate.Status.WORKING))
        return run

    def with_research(self) -> Research:
        self.made += 1
        judged = Lead.objects.exclude(assessment=None).order_by("pk")  # whose site can be read
        return research.start(judged[self.made % judged.count()])

    def with_erasure(self) -> Erasure:
        lead = self.with_old_contact().leads.get()
        wanted = Wanted.of(email=lead.contact_email)
        return erasing.begin(wanted, workspace_id=lead.workspace_id, by=None)

    def with_lookup(self) -> Lookup:
        lead = self.with_old_contact().leads.get()
        return looking.begin(Wanted.of(email=lead.contact_email), lead.workspace, by=None)

    def with_old_contact(self) -> Workspace:
        """A workspace that has kept somebody for too long."""
        self.made += 1
        lead = JudgedLeadFactory(workspace=Workspace.start(f"Company {self.made}"))
        lead.contacts.update(first_collected_at=timezone.now() - timedelta(days=1_000))
        return lead.workspace


@dataclass(frozen=True)
class Way:
    """A way in which a run is changed or worked on; `is_whole`: it ends as a run that nobody disturbed."""

    job: str
    set_up: Callable[[Stage], Any]
    recover: str = "recover"
    ends: tuple[str, ...] = ("succeeded",)
    is_whole: bool = True

    def number(self, subject: Any) -> int:
        return subject.hunt_id if self.job == "start" else subject.pk


WAYS = (
    Way("work", Stage.fresh),
    Way("start", Stage.over, is_whole=False),
    Way("cancel", Stage.fresh, ends=("succeeded", "cancelled"), is_whole=False),
    Way("retry", Stage.over, is_whole=False),
    Way("sweep", Stage.with_poison, is_whole=False),
    Way("hand_back", Stage.searched),
    Way("fail_one", Stage.searched, is_whole=False),
    Way("drop_discovery", Stage.fresh),
    Way("do_research", Stage.with_research, recover="recover_research", is_whole=False),
    Way("erase", Stage.with_erasure, recover="recover_erasure", ends=("done",), is_whole=False),
    Way("look", Stage.with_lookup, recover="recover_lookup", ends=("each once",), is_whole=False),
    Way("grow_old", Stage.with_old_contact, recover="recover_old", ends=("gone",), is_whole=False),
)


def test_wherever_a_worker_is_killed_another_finishes_the_run_with_the_same_result(nursery, start_run):
    stage = Stage(nursery, start_run)
    undisturbed = stage.undisturbed()
    passed = {way: nursery.run(f"{JOBS}.count_passes", way.job, way.number(way.set_up(stage))) for way in WAYS}
    assert {name for names in passed.values() for name in names} == failpoints(), "all are reached, and no others"

    plan = [(name, next(way for way in WAYS if name in passed[way])) for name in sorted(failpoints())]
    problems = [
        problem
        for start in range(0, len(plan), AT_ONCE)
        for problem in crashed(stage, plan[start : start + AT_ONCE], undisturbed)
    ]
    assert problems == []
    assert list(invariants.violations()) == []


def crashed(stage: Stage, plan: list[tuple[str, Way]], undisturbed: list[tuple]) -> Iterator[str]:
    """Kill a process at each of some places, let others recover what it left, and yield what is wrong then."""
    subjects = [way.set_up(stage) for _name, way in plan]
    children = [
        stage.nursery.start(f"{JOBS}.{way.job}", way.number(subject), CRASH_AT=f"{name}:1", **SHORT)
        for (name, way), subject in zip(plan, subjects, strict=True)
    ]
    for (name, _way), child in zip(plan, children, strict=True):
        if not child.was_killed:
            yield f"{name} was not reached: {stage.nursery.errors()}"
    newest = [
        subject.hunt.runs.latest("pk") if way.job == "start" else subject
        for (_name, way), subject in zip(plan, subjects, strict=True)
    ]
    recoveries = [
        stage.nursery.start(f"{JOBS}.{way.recover}", subject.pk)
        for (_name, way), subject in zip(plan, newest, strict=True)
    ]
    for (name, way), subject, recovery in zip(plan, newest, recoveries, strict=True):
        yield from (f"{name}: {problem}" for problem in wrong(way, subject, recovery, undisturbed))


def wrong(way: Way, subject: Any, recovery: Child, undisturbed: list[tuple]) -> Iterator[str]:
    """Yield what is wrong with what another worker made of a run that was left."""
    status = recovery.finish()
    if status not in way.ends:
        yield f"it ended as {status}"
    if isinstance(subject, Run):
        yield from wrong_with_leads(subject)
        if way.is_whole and outcome(subject) != undisturbed:
            yield f"it ended with {outcome(subject)} instead of {undisturbed}"


def wrong_with_leads(run: Run) -> Iterator[str]:
    if run.workspace.leads.count() > COMPANIES:
        yield f"{run.workspace.leads.count()} leads"
    paid = ProviderCall.objects.filter(run_ref=str(run.pk), status="answered", cost_microusd__gt=0)
    if paid.count() != paid.values("candidate_ref").distinct().count():
        yield f"charged twice: {list(paid.values_list('candidate_ref', 'cost_microusd'))}"


def test_a_worker_that_is_killed_at_any_moment_loses_nothing(nursery, start_run):
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**6))
    print(f"CRASH_SEED={seed}")
    chance = random.Random(seed)
    stage = Stage(nursery, start_run)
    undisturbed = stage.undisturbed()
    began = time.monotonic()
    nursery.run(f"{JOBS}.work", stage.fresh().pk)
    took = time.monotonic() - began

    runs = [stage.fresh() for _ in range(ROUNDS)]
    for run in runs:
        for _times in range(2):
            victim = nursery.start(f"{JOBS}.work", run.pk, **SHORT)
            time.sleep(chance.uniform(0, took))
            victim.send(signal.SIGKILL)
            victim.wait()
            claims.abandon(run.candidates.filter(status=Candidate.Status.WORKING))
            Run.objects.filter(discover_lease_expires_at__gt=Now()).update(discover_lease_expires_at=Now())
    recoveries = [nursery.start(f"{JOBS}.recover", run.pk) for run in runs]
    found = [
        problem
        for run, recovery in zip(runs, recoveries, strict=True)
        for problem in wrong(WAYS[0], run, recovery, undisturbed)
    ]
    assert found == []
    assert list(invariants.violations()) == []
