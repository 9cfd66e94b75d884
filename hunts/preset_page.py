"""What pages show of a preset: what it runs, when, and what its schedule brought."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts.models import User, Workspace
from hunts.listing import schedule_of
from hunts.models import Candidate, Hunt, Run
from hunts.preset_models import Firing, Preset, Schedule
from hunts.recurrence import Recurrence

FIRINGS = 30
RUNS = 50


@dataclass(frozen=True, slots=True)
class Brought:
    """One time that a schedule was due, and its run with companies counted."""

    firing: Firing
    run: Run | None


@dataclass(frozen=True, slots=True)
class Panel:
    """What the page of a hunt shows of its preset; all of it is empty where it is none that the person may see.

    `deleted` is a schedule that can be brought back.
    """

    preset: Preset | None
    schedule: Schedule | None
    brought: list[Brought]
    deleted: Schedule | None = None


def panel(hunt: Hunt, workspace: Workspace, user: User) -> Panel:
    """Return what to show `user` of the preset that `hunt` is."""
    preset = preset_of(hunt, workspace, user)
    schedule = schedule_of(preset)
    deleted = None if schedule else getattr(preset, "schedule", None)
    return Panel(preset, schedule, brought_by(schedule) if schedule else [], deleted)


def preset_of(hunt: Hunt, workspace: Workspace, user: User) -> Preset | None:
    """Return the preset that `hunt` was saved as, where `user` may see it."""
    visible = Preset.objects.visible_to(workspace, user).filter(hunt=hunt)
    return visible.select_related("schedule__made_by", "made_by").first()


def brought_by(schedule: Schedule) -> list[Brought]:
    """Return the latest times that `schedule` was due, newest first, each with what its run brought."""
    firings = list(schedule.firings.order_by("-pk")[:FIRINGS])
    runs = {run.pk: run for run in counted(Run.objects.kept().filter(pk__in=[one.run_id for one in firings]))}
    return [Brought(firing, runs.get(firing.run_id or 0)) for firing in firings]


def counted(runs: "QuerySet[Run]") -> "QuerySet[Run]":
    """Count each run's companies: found, new to the workspace, and qualified among the new and in all."""
    qualified = Q(candidates__status=Candidate.Status.QUALIFIED)
    return runs.select_related("budget").annotate(
        found=Count("candidates"),
        new=Count("candidates", filter=Q(candidates__is_known=False)),
        qualified=Count("candidates", filter=qualified),
        new_qualified=Count("candidates", filter=qualified & Q(candidates__is_known=False)),
    )


def when(recurrence: Recurrence) -> str:
    """Say when something recurs: “Every Monday at 09:00 (Europe/Berlin)”."""
    values = {
        "time": time_format(recurrence.at, "H:i"),
        "zone": recurrence.time_zone.replace("_", " "),
        "weekday": WEEKDAYS[recurrence.weekday or 0],
        "day": recurrence.day,
    }
    if recurrence.frequency == Schedule.Frequency.DAILY:
        return _("Every day at %(time)s (%(zone)s)") % values
    if recurrence.frequency == Schedule.Frequency.WEEKLY:
        return _("Every %(weekday)s at %(time)s (%(zone)s)") % values
    if (recurrence.day or 0) > 28:
        return _("Every month on day %(day)s, or its last one, at %(time)s (%(zone)s)") % values
    return _("Every month on day %(day)s at %(time)s (%(zone)s)") % values
