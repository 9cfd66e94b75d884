"""Hunts and presets as lists show them: each with its latest run, that run's counts, and when it runs next."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import User, Workspace
from hunts.models import Hunt, Run
from hunts.preset_models import Preset, Schedule
from leads.scoring import Tier


@dataclass(frozen=True, slots=True)
class Row:
    """One hunt of a list; `run` is its latest one, counted."""

    hunt: Hunt
    run: Run | None
    preset: Preset | None

    @property
    def schedule(self) -> Schedule | None:
        return schedule_of(self.preset)


def schedule_of(preset: Preset | None) -> Schedule | None:
    """Return the preset's schedule; `None` where it has none, or none that nobody deleted."""
    schedule: Schedule | None = getattr(preset, "schedule", None)
    return schedule if schedule and schedule.deleted_at is None else None


def hunts_found(workspace: Workspace, user: User, words: str) -> QuerySet[Hunt]:
    """Return the hunts with `words` in their name or brief, or in the name of a preset that `user` may see."""
    hunts = Hunt.objects.visible_to(workspace).order_by("-pk")
    if not words:
        return hunts
    named = Preset.objects.visible_to(workspace, user).filter(name__icontains=words)
    return hunts.filter(Q(name__icontains=words) | Q(pk__in=named.values("hunt")))


def rows(hunts: list[Hunt], workspace: Workspace, user: User) -> list[Row]:
    """Return each hunt with its latest run and its preset: three queries for any number."""
    visible = Preset.objects.visible_to(workspace, user).filter(hunt__in=hunts).select_related("schedule")
    presets = {preset.hunt_id: preset for preset in visible}
    runs = latest_runs(hunts)
    return [Row(hunt, runs.get(hunt.pk), presets.get(hunt.pk)) for hunt in hunts]


def latest_runs(hunts: Iterable[Hunt]) -> dict[int, Run]:
    """Return the latest run of each hunt that has one, by the hunt's number, with its companies counted."""
    latest = Run.objects.kept().filter(hunt__in=hunts).values("hunt").annotate(latest=Max("pk")).values("latest")
    counted = Run.objects.filter(pk__in=list(latest.values_list("latest", flat=True))).annotate(
        found=Count("candidates"),
        new=Count("candidates", filter=Q(candidates__is_known=False)),
        **{f"tier_{tier.lower()}": Count("candidates", filter=Q(candidates__tier=tier)) for tier in Tier},
    )
    return {run.hunt_id: run for run in counted}
