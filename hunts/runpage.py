"""What the page of a run shows: one context for the page, its parts and the live stream."""

from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from hunts import reports
from hunts.models import Candidate, Run, RunEvent
from hunts.searches import WHY
from leads.models import Evidence

ROWS = 50
LINES = 12
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


def context(run: Run, *, show_all_lines: bool = False) -> dict[str, Any]:
    """Return what the live part of the page needs: seven queries, whatever the size of the run."""
    return {
        "run": run,
        "now": reports.progress(run),
        "rows": rows(run),
        "criteria": criteria(run),
        "searches": asked(run),
        "log": log(run, show_all=show_all_lines),
        "conversation": run.hunt.conversations.order_by("-pk").first() if run.is_sample else None,
    }


def rows(run: Run) -> list[Candidate]:
    """Return the candidates to show: scored ones best first, then those at work, then the others."""
    at_work = Case(
        When(score__isnull=False, then=Value(0)),
        When(status=Candidate.Status.WORKING, then=Value(1)),
        When(status=Candidate.Status.QUEUED, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    shown = run.candidates.select_related("lead").annotate(group=at_work)
    return list(shown.order_by("group", "-score", "position")[:ROWS])


def criteria(run: Run) -> list[dict[str, Any]]:
    """Return how often each criterion was met, so that people see which one leaves them without leads."""
    judged = Evidence.objects.filter(assessment__in=run.candidates.exclude(assessment=None).values("assessment"))
    counted = judged.values("text", "kind").annotate(met=Count("pk", filter=Q(verdict="yes")), asked=Count("pk"))
    by_text = {(row["text"], row["kind"]): row for row in counted}
    found = [(asked, by_text.get((asked.text, asked.kind))) for asked in run.icp.criteria]
    return [
        {"text": asked.text, "kind": asked.kind, "met": row["met"], "asked": row["asked"]}
        for asked, row in found
        if row
    ]


def asked(run: Run) -> list[dict[str, Any]]:
    """Return what the source was asked and what came of it, as the run keeps it; [] before the search is done."""
    return [
        one | {"why": WHY.get(one["why"], one["why"]), "language": LANGUAGE_NAMES.get(one["language"], "")}
        for one in run.plan_json
    ]


def log(run: Run, *, show_all: bool) -> dict[str, Any]:
    """Return the run's lines, warnings and errors first, and how many there are besides."""
    order = Case(
        When(level=RunEvent.Level.ERROR, then=Value(0)),
        When(level=RunEvent.Level.WARNING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    lines = run.events.annotate(order=order).order_by("order", "-pk")
    total = lines.count()
    shown = list(lines[: 2_000 if show_all else LINES])
    return {"lines": shown, "hidden": total - len(shown)}
