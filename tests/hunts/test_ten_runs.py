"""Ten runs spend at once under caps of every kind, at prices that nobody foresees, while their workers are killed.

All of them get to an end, and at no moment is any cap crossed. TEN_RUNS_SEED gives the seed that is printed again;
TEN_RUNS_KILLS=100 kills so often.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.db.models import Count, F, Sum

from accounts.models import Workspace
from billing import ceilings, reconciling
from billing.models import Budget, Entry, Hold
from hunts import claims, invariants, pipeline
from hunts.meter import CEILINGS
from hunts.models import Hunt, Run, Source
from integrations.models import ProviderCall
from leads.models import Lead
from tests.factories import ICP
from tests.harness.nursery import Child, Nursery
from tests.harness.random_vendors import Bill

JOB = "tests.hunts.crash_jobs.work_with_random_vendors"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

Scope = Budget.Scope
Account = Entry.Account
ROOMY = 10**9
WORKERS = 4
KILLS = int(os.environ.get("TEN_RUNS_KILLS", "20"))
# Short, so that what a killed worker had in its hands is soon taken up, and soon known to be lost.
SHORT = {"LEASE_SECONDS": 2, "STAGE_DEADLINE_SECONDS": 3, "CANDIDATE_MAX_ATTEMPTS": 30}


def ten_runs() -> dict[str, list[Run]]:
    """Start two runs under each kind of limit; those of a workspace have some of their companies in common."""
    limits = {
        Scope.INSTALLATION: None,
        Scope.ACTIVITY: None,
        Scope.WORKSPACE: (600, ""),
        Scope.PROVIDER: (400, "openai"),
        Scope.LEAD: (100, ""),
    }
    runs: dict[str, list[Run]] = {}
    for scope, limit in limits.items():
        workspace = Workspace.start(f"Limited by {scope}")
        if limit is not None:
            ceilings.set_limit(workspace, scope, limit[0], subject=limit[1])
        caps = (200, 500) if scope == Scope.ACTIVITY else (ROOMY, ROOMY)
        companies = 14 if scope == Scope.INSTALLATION else 7
        runs[scope] = [
            start(workspace, cap, first=place * companies // 2, companies=companies) for place, cap in enumerate(caps)
        ]
    return runs


def start(workspace: Workspace, cap: int, *, first: int, companies: int) -> Run:
    hunt = Hunt.objects.create(
        workspace=workspace,
        name=f"From company {first}",
        icp_json=ICP.to_json() | {"brief": str(first)},
        source=Source.EXA,
        limit=companies,
        max_spend_microusd=cap,
    )
    return pipeline.start(hunt)


@dataclass
class Crew:
    """The workers: one that ends or is killed is replaced at once, until the runs are over."""

    nursery: Nursery
    bill: Bill
    chance: random.Random
    workers: list[Child] = field(default_factory=list)
    kills: int = 0
    kill_at: int = 0

    def hire(self) -> None:
        """Replace those that are gone; none of them may have broken down."""
        for gone in [worker for worker in self.workers if worker.is_gone]:
            gone.finish()
            self.workers.remove(gone)
        while len(self.workers) < WORKERS:
            self.workers.append(self.nursery.start(JOB, str(self.bill.path), self.chance.randrange(10**6), **SHORT))

    def may_lose_one(self) -> None:
        """Kill one of them a random moment after the vendors did some more work."""
        if self.kills >= KILLS or len(self.bill.lines()) < self.kill_at:
            return
        time.sleep(self.chance.uniform(0, 0.05))
        victim = self.workers.pop(self.chance.randrange(len(self.workers)))
        victim.send(signal.SIGKILL)
        self.kills += victim.was_killed
        self.kill_at = len(self.bill.lines()) + self.chance.randint(1, 4)


def watch_over(crew: Crew) -> int:
    """Keep the crew at work until no run is live; return how often the caps were looked at, and always found kept."""
    looks = 0
    ends_at = time.monotonic() + 200
    while Run.objects.live().exists():
        assert time.monotonic() < ends_at, f"they do not end: {list(Run.objects.live().values())}"
        crew.hire()
        for _look in range(5):
            crossed = Budget.objects.filter(cap_microusd__lt=F("spent_microusd") + F("reserved_microusd"))
            assert list(crossed) == []
            looks += 1
            time.sleep(0.005)
        crew.may_lose_one()
    for worker in crew.workers:
        worker.finish()
    return looks


def test_ten_concurrent_runs_with_random_prices_and_kills_never_cross_a_cap(nursery, tmp_path, settings):
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 6_000
    seed = os.environ.get("TEN_RUNS_SEED") or str(random.randrange(10**6))
    print(f"TEN_RUNS_SEED={seed}")
    bill = Bill(tmp_path / "bill")
    runs = ten_runs()
    crew = Crew(nursery, bill, random.Random(seed))
    looks = watch_over(crew)
    claims.sweep()
    print(f"{looks} looks, {crew.kills} kills, {len(bill.lines())} calls")

    assert looks > 50 and crew.kills >= 5
    for scope, limited in runs.items():
        reached = all_ended_and_said_why(limited)
        # These are so narrow that somebody must come to them, or before that to the one of all.
        if scope in (Scope.ACTIVITY, Scope.WORKSPACE, Scope.PROVIDER):
            assert reached & {CEILINGS[scope], Run.Ceiling.GLOBAL}, scope
    assert list(invariants.violations()) == []
    assert list(wrong_with_the_books()) == []
    assert list(wrong_with_charges(bill)) == []
    only_reconciling_closes_what_was_left()


def all_ended_and_said_why(runs: list[Run]) -> set[str]:
    """Return the kinds of limits that some runs stopped at; the others did all that there was to do."""
    for run in runs:
        run.refresh_from_db()
        assert run.status == Run.Status.SUCCEEDED or (run.status == Run.Status.PAUSED and "limit" in run.note), (
            f"Run {run.pk} is {run.status}: {run.note}"
        )
        assert (run.status == Run.Status.PAUSED) == bool(run.ceiling)
    return {run.ceiling for run in runs if run.ceiling}


def wrong_with_the_books() -> Iterator[str]:
    """Yield where the sums of all entries differ from what ceilings and holds say."""
    balance: Counter[str] = Counter()
    for debit, credit, amount in Entry.objects.values_list("debit", "credit", "amount_microusd"):
        balance[debit] += amount
        balance[credit] -= amount
    sums = {name: Sum(f"{name}_microusd") for name in ("cap", "reserved", "spent")}
    caps, reserved, spent = Budget.objects.filter(scope=Scope.ACTIVITY).aggregate(**sums).values()
    whole = Budget.objects.get(scope=Scope.INSTALLATION)
    said = {
        Account.AVAILABLE: caps - reserved - spent,
        Account.HELD: reserved,
        Account.COST: spent,
        Account.UNKNOWN: 0,
        Account.FUNDING: -caps - balance[Account.OVERDRAW],
    }
    yield from (f"{name} is {balance[name]}, not {amount}" for name, amount in said.items() if balance[name] != amount)
    if (whole.reserved_microusd, whole.spent_microusd) != (reserved, spent):
        yield f"{whole}, its activities {spent} + {reserved}"


def wrong_with_charges(bill: Bill) -> Iterator[str]:
    """Yield what was charged twice, for nothing, or never, by what the vendors say that they did."""
    paid = ProviderCall.objects.filter(status="answered").exclude(candidate_ref="")
    for run, candidate, count in paid.values_list("run_ref", "candidate_ref").annotate(count=Count("pk")).order_by():
        if count > 1:
            yield f"candidate {candidate} of run {run} was charged {count} times"
    sites = dict(Lead.objects.values_list("pk", "website"))
    owners = {budget: f"run {run}" for run, budget in Run.objects.values_list("pk", "budget")}
    kept, released = Counter[str](), Counter[str]()
    for hold in Hold.objects.all():
        of_kind = released if hold.status == Hold.Status.RELEASED else kept
        of_kind[sites[hold.lead_ref] if hold.lead_ref else owners[hold.budget_id]] += 1
        if hold.overdraw_microusd > max((hold.settled_microusd or 0) - hold.amount_microusd, 0):
            yield f"hold {hold.pk} is overdrawn by more than it was too small"
    yield from (
        f"{whom}: {billed} calls on {kept[whom]} holds"
        for whom, billed in bill.count("billed").items()
        if billed > kept[whom]
    )
    refused = bill.count("refused")
    yield from (
        f"{whom}: {count} released, {refused[whom]} refused"
        for whom, count in released.items()
        if count > refused[whom]
    )


def only_reconciling_closes_what_was_left() -> None:
    """What calls left that nobody knows the fate of stays set aside, until it has waited for long enough."""
    left = Hold.objects.filter(status=Hold.Status.HELD)
    unknown = left.aggregate(count=Count("pk"), microusd=Sum("amount_microusd"))
    assert unknown["count"]
    assert reconciling.reconcile().count == 0, "they are too young"
    assert left.count() == unknown["count"]
    left.update(created_at=F("created_at") - timedelta(hours=configured.RECONCILE_AFTER_HOURS + 1))
    assert reconciling.reconcile() == reconciling.Reconciled(**unknown)
    assert not Budget.objects.filter(reserved_microusd__gt=0).exists()
    assert list(invariants.violations()) == []
