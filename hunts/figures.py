"""Keeps the figures of a run when it ends: a handful of queries, whatever the size of the run.

Money may still move afterwards: calls that were under way are charged, holds are written off or given back. What is
kept of the money is then counted again (`recount_money`); everything else stays as it was at the end.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from billing.models import Budget, Hold
from hunts.figure_models import RunFigures, RunSpend
from hunts.models import Candidate, Run, Stage
from leads.scoring import Tier

# A run at work says something more often than this; of a longer silence, which is a pause, only so much is counted.
LONGEST_SILENCE = timedelta(minutes=2)
MOST_RECOUNTED = 200  # at one look; the others come at the next

_ORDER: list[str] = list(Stage.values)


def _came_to(stage: Stage) -> Q:
    return Q(stage__in=_ORDER[_ORDER.index(stage) :])


_QUALIFIED = Q(status=Candidate.Status.QUALIFIED)
# A company is often known from a run that did not come to judge it: what counts is whether it qualified before.
_BEFORE = Candidate.objects.filter(_QUALIFIED, lead=OuterRef("lead"), run__lt=OuterRef("run"))
COUNTS = {
    "found": Count("pk"),
    "known": Count("pk", filter=Q(is_known=True)),
    "cached": Count("pk", filter=Q(is_cached=True)),
    "screened": Count(
        "pk",
        filter=Q(is_cached=False)
        & (_came_to(Stage.CRAWL) | Q(stage=Stage.PRESCREEN, status=Candidate.Status.REJECTED)),
    ),
    "prescreened": Count("pk", filter=_came_to(Stage.CRAWL)),
    "judged": Count("pk", filter=_came_to(Stage.ENRICH)),
    "scored": Count("pk", filter=Q(score__isnull=False)),
    "qualified": Count("pk", filter=_QUALIFIED),
    "qualified_new": Count("pk", filter=_QUALIFIED & ~Q(Exists(_BEFORE))),
    "with_contact": Count("pk", filter=_QUALIFIED & ~Q(lead__contact_email="")),
    "failed": Count("pk", filter=Q(status=Candidate.Status.FAILED)),
    "left": Count(
        "pk", filter=~Q(status__in=(Candidate.Status.QUALIFIED, Candidate.Status.REJECTED, Candidate.Status.FAILED))
    ),
    **{f"tier_{tier.lower()}": Count("pk", filter=Q(tier=tier)) for tier in Tier},
}


def keep(run: Run) -> RunFigures:
    """Keep what `run` has come to, in place of what was kept of it before; to be called where it ends or stops."""
    counts = run.candidates.aggregate(**COUNTS, mean_score=Avg("score"))
    ended_at = run.finished_at or timezone.now()
    columns = {
        **counts,
        "mean_score": None if counts["mean_score"] is None else float(counts["mean_score"]),
        "hunt_id": run.hunt_id,
        "workspace_id": run.workspace_id,
        "source": run.source,
        "judge": _judge(run),
        "status": run.status,
        "is_sample": run.is_sample,
        "ended_at": ended_at,
        "seconds": _seconds_at_work(run, ended_at),
    }
    with transaction.atomic():
        spent, by_provider = _charged(run)
        kept, _ = RunFigures.objects.update_or_create(run=run, defaults=columns | {"spent_microusd": spent})
        _keep_spends(kept, by_provider)
    run.figures = kept
    return kept


def recount_money(run: Run) -> None:
    """Keep what the books say now that `run` was charged, in all and by provider; nothing else changes."""
    with transaction.atomic():
        spent, by_provider = _charged(run)
        run.figures.spent_microusd = spent
        run.figures.save(update_fields=["spent_microusd"])
        _keep_spends(run.figures, by_provider)


def recount_moved_money() -> int:
    """Count the money of runs again that was moved after they ended or stopped; return how many there were."""
    kept = F("figures__spent_microusd")
    is_moved = Q(budget__spent_microusd__gt=kept) | Q(budget__spent_microusd__lt=kept)
    moved = Run.objects.exclude(status__in=Run.LIVE).filter(is_moved).select_related("figures").order_by("pk")
    runs = list(moved[:MOST_RECOUNTED])
    for run in runs:
        recount_money(run)
    return len(runs)


def _charged(run: Run) -> tuple[int, dict[str, int]]:
    """Return what a run was charged in micro-dollars, in all and by provider: the sums of `hunts.costs`.

    Its budget stays locked until the transaction ends, so that the two agree and the last count is the one that stays.
    """
    spent = Budget.objects.select_for_update().values_list("spent_microusd", flat=True).get(pk=run.budget_id)
    holds = Hold.objects.filter(budget=run.budget_id, status__in=Hold.CHARGED)
    charged = Sum(F("settled_microusd") - F("overdraw_microusd") - F("refunded_microusd"))
    return spent, dict(holds.values_list("provider").annotate(charged=charged).filter(charged__gt=0))


def _keep_spends(kept: RunFigures, by_provider: Mapping[str, int]) -> None:
    kept.spends.all().delete()
    RunSpend.objects.bulk_create(
        [RunSpend(figures=kept, provider=provider, spent_microusd=spent) for provider, spent in by_provider.items()]
    )


def _judge(run: Run) -> str:
    """Return who judged most of the run's companies, or ''."""
    judges = run.candidates.exclude(assessment=None).values_list("assessment__judged_by")
    most = judges.annotate(count=Count("pk")).order_by("-count", "assessment__judged_by").first()
    return str(most[0]) if most else ""


def _seconds_at_work(run: Run, ended_at: datetime) -> float | None:
    """Return how long the run was at work, in seconds: a run may be paused for a night, or retried days later."""
    if run.started_at is None:
        return None
    lines = run.events.filter(created_at__gt=run.started_at, created_at__lt=ended_at).order_by("created_at")
    moments = [run.started_at, *lines.values_list("created_at", flat=True), ended_at]
    silences = (min(after - before, LONGEST_SILENCE) for before, after in pairwise(moments))
    return max(sum(silences, timedelta()).total_seconds(), 0.0)
