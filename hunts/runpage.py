"""What the page of a run shows: one context for the page, its parts and the live stream."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from hunts import answers, baselines, logs, reports
from hunts.limits import RaiseForm, enough_microusd
from hunts.models import Candidate, Run, RunEvent
from hunts.searches import WHY

ROWS = 50
LINES = 12
# Of candidates and their leads no more than what a row has.
COLUMNS = (
    *("run", "stage", "status", "reason", "tier", "score", "is_cached"),
    *("lead__name", "lead__handle", "lead__best_quote"),
)
LANGUAGE_NAMES = {
    "en": _("English"),
    "fr": _("French"),
    "de": _("German"),
    "zh": _("Chinese"),
    "sr": _("Serbian"),
    "es": _("Spanish"),
    "it": _("Italian"),
    "pt": _("Portuguese"),
    "ja": _("Japanese"),
    "ko": _("Korean"),
}


# Which companies are shown, as the address names it; '' leaves out those that were rejected for whatever reason.
SHOWN: dict[str, Q] = {
    "": ~Q(status=Candidate.Status.REJECTED),
    "qualified": Q(status=Candidate.Status.QUALIFIED),
    "failed": Q(status=Candidate.Status.FAILED),
    "hidden": Q(status=Candidate.Status.REJECTED),
    "all": Q(),
}
SHOWN_LABELS = {
    "": _("In the running"),
    "qualified": _("Qualified"),
    "failed": _("Failed"),
    "hidden": _("Rejected or known"),
    "all": _("All"),
}


def context(run: Run, *, may_change: bool, show: str = "", limit_form: RaiseForm | None = None) -> dict[str, Any]:
    """Return what the overview needs of a run that was read just now: a handful of queries, whatever its size."""
    now = reports.progress(run, run.budget)
    choices = _shown(now, show)
    return {
        **head_context(run, now, limit_form, may_change=may_change),
        "warnings": baselines.warnings_of(run),
        "rows": rows(run, show),
        "show": show,
        "shown": choices,
        "current": next(one for one in choices if one["is_current"]),
        "criteria": answers.criteria(run),
        "searches": asked(run),
        "log": log(run),
    }


def log_context(run: Run, wanted: logs.Wanted, after: str, *, may_change: bool) -> dict[str, Any]:
    """Return what the log's tab needs."""
    page, counts = logs.look(run, wanted, after)
    return {
        **head_context(run, reports.progress(run, run.budget), None, may_change=may_change),
        "tab": "log",
        "wanted": wanted,
        "page": page,
        "after": after,
        "levels": _levels(counts, wanted),
        "stages": logs.STAGES,
    }


def head_context(run: Run, now: reports.Progress, limit_form: RaiseForm | None, *, may_change: bool) -> dict[str, Any]:
    """Return what stands above the tabs: how the run is, what can be done with it, and why it stopped."""
    can_raise = run.status == Run.Status.PAUSED and run.ceiling == Run.Ceiling.RUN
    enough = enough_microusd(run) if can_raise else 0
    return {
        "run": run,
        "now": now,
        "tab": "",
        "may_change": may_change,
        "can_raise": can_raise,
        "enough_microusd": enough,
        "suggested": Decimal(enough) / 1_000_000,
        "limit_form": limit_form,
        "conversation": run.hunt.conversations.order_by("-pk").first() if run.is_sample and run.is_over else None,
    }


def _shown(now: reports.Progress, show: str) -> list[dict[str, Any]]:
    """Return the choices of what is shown, each with how many companies that is."""
    hidden = now.by_status.get(Candidate.Status.REJECTED, 0)
    counts = {
        "": now.found - hidden,
        "qualified": now.qualified,
        "failed": now.failed,
        "hidden": hidden,
        "all": now.found,
    }
    return [
        {"name": name, "label": SHOWN_LABELS[name], "count": count, "is_current": name == show}
        for name, count in counts.items()
    ]


def _levels(counts: Mapping[str, int], wanted: logs.Wanted) -> list[dict[str, Any]]:
    is_cut = {level: bool(wanted.text) and counts[level] >= logs.MOST_COUNTED for level in logs.LEVELS}
    every = {"name": "", "label": _("All"), "count": sum(counts.values()), "is_current": not wanted.level}
    return [{**every, "is_cut": any(is_cut.values())}] + [
        {
            "name": level,
            "label": RunEvent.Level(level).label,
            "count": counts[level],
            "is_cut": is_cut[level],
            "is_current": level == wanted.level,
        }
        for level in logs.LEVELS
    ]


def rows(run: Run, show: str = "") -> list[Candidate]:
    """Return the candidates to show: scored ones best first, then those at work, then the others."""
    at_work = Case(
        When(score__isnull=False, then=Value(0)),
        When(status=Candidate.Status.WORKING, then=Value(1)),
        When(status=Candidate.Status.QUEUED, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    order = ("group", "-score", "position")
    first = run.candidates.filter(SHOWN[show]).annotate(group=at_work).order_by(*order)
    # Leads are looked up for the few that are shown, and not for all that they are chosen from.
    shown = Candidate.objects.filter(pk__in=first.values("pk")[:ROWS]).annotate(group=at_work).order_by(*order)
    return list(shown.select_related("lead").only(*COLUMNS))


def asked(run: Run) -> list[dict[str, Any]]:
    """Return what the source was asked and what came of it, as the run keeps it; [] before the search is done."""
    return [
        one | {"why": WHY.get(one["why"], one["why"]), "language": LANGUAGE_NAMES.get(one["language"], "")}
        for one in run.plan_json
    ]


def log(run: Run) -> dict[str, Any]:
    """Return the run's first lines, warnings and errors before the others, and how many there are besides.

    They are counted up to `logs.MOST_COUNTED`: `is_cut` says that there are more.
    """
    shown = list(logs.lines(run, logs.Wanted(), most=LINES))
    hidden = run.events.order_by()[: logs.MOST_COUNTED + LINES + 1].count() - len(shown)
    return {"lines": shown, "hidden": min(hidden, logs.MOST_COUNTED), "is_cut": hidden > logs.MOST_COUNTED}
