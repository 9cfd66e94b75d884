"""What a run tells people: how far it is, how it ended and why, what it would cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import NullIf
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.failpoints import failpoint
from billing import ledger
from billing.models import Budget
from hunts import figures, notices, summaries
from hunts.figure_models import RunFigures
from hunts.languages import speaking
from hunts.models import Candidate, Run, RunEvent, Stage
from integrations.errors import CapReached, OwnCapReached
from leads.models import Lead
from leads.scoring import Tier

FUNNEL_STAGES: tuple[str, ...] = tuple(Stage.values)


@dataclass(frozen=True)
class Step:
    """One step of the funnel and how many candidates have come at least that far."""

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class Progress:
    """How far a run is, from one look at its rows."""

    found: int
    known: int  # the workspace had their leads before this run
    repeats: int  # answers of the searches that named a company again; not counted among the found
    cached: int
    duplicates: int
    over: int
    reached: dict[str, int]  # by stage: candidates that came to it or beyond
    by_status: dict[str, int]
    by_tier: dict[str, int]
    with_contact: int
    spent_microusd: int
    cap_microusd: int
    seconds: float
    over_lately: int  # since work began last: a run may have been paused, or over for days before a retry
    seconds_lately: float
    is_live: bool

    @cached_property
    def judged(self) -> int:
        """Candidates that have been through `qualify`, or were spared it by an earlier judgement."""
        return self.reached[Stage.ENRICH]

    @property
    def new(self) -> int:
        return self.found - self.known

    @property
    def qualified(self) -> int:
        return self.by_status.get(Candidate.Status.QUALIFIED, 0)

    @property
    def failed(self) -> int:
        return self.by_status.get(Candidate.Status.FAILED, 0)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.over / self.found if self.found else 0.0

    @property
    def eta_seconds(self) -> int | None:
        """How long the rest takes at the pace since work began last; `None` while there is no pace to tell it from."""
        if not self.is_live or self.over_lately < 3 or self.over == self.found or self.seconds_lately < 3:
            return None
        return round(self.seconds_lately / self.over_lately * (self.found - self.over))

    @property
    def funnel(self) -> list[Step]:
        return [
            Step("found", _("Found"), self.found),
            Step("new", _("New"), self.new),
            Step("prescreened", _("Prescreened"), self.reached[Stage.CRAWL]),
            Step("judged", _("Judged"), self.judged),
            Step("qualified", _("Qualified"), self.qualified),
            Step("with_contact", _("With contact"), self.with_contact),
        ]


def progress(run: Run, money: Budget | None = None) -> Progress:
    """Return how far `run` is: one query over its candidates, and one for its money where that is not given.

    How many have a contact is counted while the run goes on; of one that is over it is what was kept at its end.
    """
    ended = run.finished_at or timezone.now()
    since = run.resumed_at or run.started_at or ended
    kept = _kept(run)
    # No join: it would have PostgreSQL read all leads of the workspace.
    address = Subquery(Lead.objects.filter(pk=OuterRef("lead")).values("contact_email")[:1])
    mailable = Count(Case(When(status=Candidate.Status.QUALIFIED, then=NullIf(address, Value("")))))
    rows = list(
        run.candidates.values("stage", "status", "tier", "is_cached", "is_known").annotate(
            count=Count("pk"),
            lately=Count("pk", filter=Q(finished_at__gte=since)),
            mailable=mailable if kept is None else Value(0),
        )
    )
    money = money or Budget.objects.get(pk=run.budget_id)
    over = [row for row in rows if row["status"] in Candidate.OVER]
    return Progress(
        found=_total(rows),
        known=_total(row for row in rows if row["is_known"]),
        repeats=run.repeats,
        cached=_total(row for row in rows if row["is_cached"]),
        duplicates=_total(r for r in rows if r["status"] == Candidate.Status.REJECTED and r["stage"] == Stage.CRAWL),
        over=_total(over),
        reached={stage: _total(row for row in rows if _came_to(row, stage)) for stage in FUNNEL_STAGES},
        by_status={
            status: _total(row for row in rows if row["status"] == status) for status in Candidate.Status.values
        },
        by_tier={tier: _total(row for row in over if row["tier"] == tier) for tier in Tier},
        with_contact=sum(row["mailable"] for row in rows) if kept is None else kept.with_contact,
        spent_microusd=money.spent_microusd,
        cap_microusd=money.cap_microusd,
        seconds=(ended - run.started_at).total_seconds() if run.started_at else 0.0,
        over_lately=sum(row["lately"] for row in over),
        seconds_lately=(ended - since).total_seconds(),
        is_live=run.is_live,
    )


def _kept(run: Run) -> RunFigures | None:
    """Return what was kept of a run at its end; None while it goes on."""
    kept: RunFigures | None = getattr(run, "figures", None) if run.is_over else None
    return kept if kept is not None and kept.status == run.status else None


def _total(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(row["count"] for row in rows)


def _came_to(row: Mapping[str, object], stage: str) -> bool:
    return FUNNEL_STAGES.index(str(row["stage"])) >= FUNNEL_STAGES.index(stage)


def is_unfinished(run: Run) -> bool:
    """True while the run has work left for some worker; a run whose last candidate is over is concluded here."""
    if not Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).exists():
        return False
    if run.candidates.unfinished().exists():
        return True
    if not Run.objects.filter(pk=run.pk, discovered_at__isnull=False).exists():
        return True  # another worker is still searching
    with transaction.atomic():
        ended = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(
            status=Run.Status.SUCCEEDED, finished_at=timezone.now()
        )
        if ended and run.candidates.unfinished().exists():
            transaction.set_rollback(True)  # somebody had one of them retried after we looked, and held the run's row
            return True
        if ended:
            ledger.close(run.budget_id)
            failpoint("run.ended")
            conclude(run)
    failpoint("run.concluded")
    return False


def conclude(run: Run) -> None:
    """Keep the figures of a run that is over, and sum it up in its log."""
    run.refresh_from_db()
    figures.keep(run)
    with speaking(run.icp.language):
        RunEvent.objects.create(run=run, message=run.summary[:500])
    notices.run_ended(run)


def fail(run: Run, message: str) -> None:
    """End a run that could not begin, with a reason that can be shown."""
    with transaction.atomic():
        if (
            not Run.objects.live()
            .filter(pk=run.pk)
            .update(status=Run.Status.FAILED, note=message[:500], finished_at=timezone.now())
        ):
            return  # somebody ended it first, or deleted it
        ledger.close(run.budget_id)
        RunEvent.objects.create(run=run, level=RunEvent.Level.ERROR, message=message[:500])
        run.refresh_from_db()
        figures.keep(run)
        notices.run_ended(run)


def cap_note(run: Run, reached: CapReached) -> str:
    """Say at which limit a run stopped, how far it is and what to do."""
    now = progress(run)
    expected = now.found or run.limit
    if isinstance(reached, OwnCapReached):
        return summaries.cap_note(cap_microusd=now.cap_microusd, judged=now.judged, expected=expected)
    return summaries.ceiling_note(str(reached), judged=now.judged, expected=expected)
