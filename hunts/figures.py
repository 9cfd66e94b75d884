"""Keeps the figures of a run when it ends: a handful of queries, whatever the size of the run."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import Avg, Count, Q, Sum
from django.utils import timezone

from billing.models import Budget
from hunts.figure_models import RunFigures, RunSpend
from hunts.models import Candidate, Run, Stage
from integrations.models import ProviderCall
from leads.scoring import Tier

# A run at work says something more often than this; of a longer silence, which is a pause, only so much is counted.
LONGEST_SILENCE = timedelta(minutes=2)

_ORDER: list[str] = list(Stage.values)


def _came_to(stage: Stage) -> Q:
    return Q(stage__in=_ORDER[_ORDER.index(stage) :])


_QUALIFIED = Q(status=Candidate.Status.QUALIFIED)
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
    "qualified_new": Count("pk", filter=_QUALIFIED & Q(is_known=False)),
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
        "spent_microusd": Budget.objects.values_list("spent_microusd", flat=True).get(pk=run.budget_id),
    }
    with transaction.atomic():
        kept, _ = RunFigures.objects.update_or_create(run=run, defaults=columns)
        kept.spends.all().delete()
        RunSpend.objects.bulk_create(
            [RunSpend(figures=kept, provider=provider, spent_microusd=cost) for provider, cost in _spends(run)]
        )
    run.figures = kept
    return kept


def _judge(run: Run) -> str:
    """Return who judged most of the run's companies, or ''."""
    judges = run.candidates.exclude(assessment=None).values_list("assessment__judged_by")
    most = judges.annotate(count=Count("pk")).order_by("-count", "assessment__judged_by").first()
    return str(most[0]) if most else ""


def _spends(run: Run) -> Iterable[tuple[str, int]]:
    calls = ProviderCall.objects.filter(run_ref=str(run.pk), cost_microusd__gt=0)
    return calls.values_list("provider").annotate(cost=Sum("cost_microusd")).order_by("provider")


def _seconds_at_work(run: Run, ended_at: datetime) -> float | None:
    """Return how long the run was at work, in seconds: a run may be paused for a night, or retried days later."""
    if run.started_at is None:
        return None
    lines = run.events.filter(created_at__gt=run.started_at, created_at__lt=ended_at).order_by("created_at")
    moments = [run.started_at, *lines.values_list("created_at", flat=True), ended_at]
    silences = (min(after - before, LONGEST_SILENCE) for before, after in pairwise(moments))
    return max(sum(silences, timedelta()).total_seconds(), 0.0)
