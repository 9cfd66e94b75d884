"""What people are told about runs and their limits: written in the transaction that ends or stops a run, sent after."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.urls import reverse

from accounts.models import Workspace
from accounts.notification_models import Kind
from accounts.notifications import notify
from accounts.queueing import enqueue
from billing.ceilings import this_month
from billing.models import Budget
from billing.warnings import NEARLY, NearLimit, near_limits
from hunts.figure_models import RunFigures
from hunts.models import Run
from integrations.providers import REGISTRY

# Whoever waited this long has gone to do something else: the e-mail goes at once.
LONG_RUN = timedelta(minutes=10)
# After a shorter run they may still be looking: the e-mail waits, and is not sent to those who do.
LOOKING = timedelta(minutes=3)
COUNTED = ("found", "known", "judged", "tier_a", "tier_b", "failed")


def run_ended(run: Run) -> None:
    """Tell how a run ended; nothing about one that somebody cancelled, or about a sample that was looked at."""
    run = _read(run)
    if run.status == Run.Status.FAILED:
        _tell(run, Kind.RUN_FAILED, _moment(run), {"note": run.note})
    elif run.status == Run.Status.SUCCEEDED and not run.is_sample:
        seconds = _seconds(run)
        wait = None if seconds >= LONG_RUN.total_seconds() else LOOKING
        _tell(run, Kind.RUN_COMPLETED, _moment(run), {**_counts(run), "seconds": seconds}, email_after=wait)


def needs_you(run: Run, why: str) -> None:
    """Tell that a run stopped and waits for somebody; `why` is a key of `notification_words.WAITS`.

    The caller has just stopped it: each stop is told.
    """
    run = _read(run)
    stop = run.events.aggregate(last=Max("pk"))["last"]
    _tell(run, Kind.NEEDS_YOU, f"{why}:{stop}", {"why": why, "note": run.note})


def warn_of_limits() -> int:
    """Warn of limits of this month that are nearly used up, once for each amount; return how many there are."""
    of_workspaces = Budget.objects.filter(
        period=this_month(), scope__in=(Budget.Scope.WORKSPACE, Budget.Scope.PROVIDER), cap_microusd__gt=0
    )
    near = of_workspaces.filter(cap_microusd__lte=F("spent_microusd") / NEARLY)
    limits = [(one, near_limits(one.pk)) for one in Workspace.objects.filter(pk__in=near.values("workspace"))]
    warnings = [(workspace, limit) for workspace, found in limits for limit in found if limit.ceiling.cap_microusd]
    for workspace, limit in warnings:
        _warn(workspace, limit)
    return len(warnings)


def _warn(workspace: Workspace, limit: NearLimit) -> None:
    ceiling = limit.ceiling
    provider = REGISTRY.get(limit.subject)
    notify(
        workspace,
        Kind.BUDGET_WARNING,
        f"limit:{workspace.pk}:{limit.key}:{ceiling.cap_microusd}",
        url=reverse("billing:spending"),
        label=provider.name if provider else limit.subject,
        parameters={
            "scope": ceiling.scope,
            "spent_microusd": ceiling.spent_microusd,
            "cap_microusd": ceiling.cap_microusd,
        },
    )


def _read(run: Run) -> Run:
    """Return the run as the transaction at hand has left it."""
    return Run.objects.select_related("hunt", "workspace", "started_by").get(pk=run.pk)


def _moment(run: Run) -> str:
    """A run that is tried again ends again, and that is told again."""
    return f"{run.status}:{run.finished_at:%Y%m%dT%H%M%S.%f}"


def _seconds(run: Run) -> int:
    if run.started_at is None or run.finished_at is None:
        return 0
    return round((run.finished_at - run.started_at).total_seconds())


def _counts(run: Run) -> dict[str, int]:
    """Return what is told of the figures that were kept of the run when it ended."""
    return dict(RunFigures.objects.values(*COUNTED).get(run=run))


def _tell(run: Run, kind: Kind, what: str, parameters: dict[str, Any], *, email_after: timedelta | None = None) -> None:
    users = [run.started_by] if run.started_by else None
    to_send = notify(
        run.workspace,
        kind,
        f"run:{run.pk}:{what}",
        users=users,
        url=run.get_absolute_url(),
        label=run.hunt.name,
        parameters=parameters,
        email_after=email_after,
    )
    if to_send:
        transaction.on_commit(lambda: enqueue("integrations.notice_tasks.send"))
