"""Tells a run that went unlike the ones before it: "Prescreen yield 8 %, your 30-day average is 22 %."

A run is compared with the whole runs of the 30 days before its end on the same track: those of its own hunt where there
are enough of them, else those of its workspace that looked in the same place and were judged by the same judge. Another
source or another judge finds and scores so differently that a comparison would say nothing.

What is "average" is the median, so that one odd run does not move it. How far off a run must be to be told of is
measured by the spread of the earlier runs (median absolute deviation), by chance in a run of its size (8 of 10 is no
better than 7 of 10), and by a least distance below which nobody needs to act; few earlier runs make it wider.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.utils.translation import gettext

from hunts.figure_models import RunFigures
from hunts.measures import MEASURES, Measure, Off
from hunts.models import Run

WINDOW = timedelta(days=30)
LEAST_RUNS = 3  # two runs have no spread to speak of
MOST_RUNS = 100
TOLERANCE = 3.0  # how many times its usual spread a figure must be off
MAD_TO_DEVIATION = 1.4826  # of normally distributed values


@dataclass(frozen=True, slots=True)
class Deviation:
    """One figure of a run that is unlike the runs before it. Its words are in the language that is spoken."""

    measure: Measure
    value: float
    usual: float
    runs: int  # that it was compared with

    @property
    def off(self) -> Off:
        return "low" if self.value < self.usual else "high"

    @property
    def text(self) -> str:
        shown = self.measure.shown
        return gettext(self.measure.sentence) % {"now": shown(self.value), "usual": shown(self.usual)}

    @property
    def advice(self) -> str:
        return gettext(self.measure.advice[self.off])


def warnings_of(run: Run) -> list[Deviation]:
    """Return in what `run` is unlike the ones before it; [] while it is not over. One query, or two."""
    now: RunFigures | None = getattr(run, "figures", None) if run.is_over else None
    if now is None or not _is_whole(now):
        return []
    earlier = RunFigures.objects.comparable().filter(
        workspace_id=now.workspace_id, ended_at__gte=now.ended_at - WINDOW, ended_at__lt=now.ended_at
    )
    return deviations(now, list(earlier.exclude(pk=now.pk).order_by("-ended_at")[:MOST_RUNS]))


def deviations(now: RunFigures, earlier: Sequence[RunFigures]) -> list[Deviation]:
    """Return in what `now` is unlike the `earlier` whole runs; [] where too few of them can be compared with it."""
    if not _is_whole(now):
        return []
    alike = track(now, earlier)
    found = (_deviation(measure, now, alike) for measure in MEASURES)
    return [one for one in found if one]


def track(now: RunFigures, earlier: Sequence[RunFigures]) -> list[RunFigures]:
    """Return those of the `earlier` runs that `now` can be compared with."""
    own = [one for one in earlier if one.hunt_id is not None and one.hunt_id == now.hunt_id]
    if len(own) >= LEAST_RUNS:
        return own
    return [one for one in earlier if (one.source, one.judge) == (now.source, now.judge)]


def _is_whole(figures: RunFigures) -> bool:
    return figures.status == Run.Status.SUCCEEDED and not figures.is_sample


def _deviation(measure: Measure, now: RunFigures, earlier: Sequence[RunFigures]) -> Deviation | None:
    sample = measure.read(now)
    values = [one.value for figures in earlier if (one := measure.read(figures))]
    if sample is None or len(values) < LEAST_RUNS:
        return None
    usual = median(values)
    between_runs = MAD_TO_DEVIATION * median(abs(value - usual) for value in values)
    spread = max(math.hypot(between_runs, measure.chance(usual, sample.size)), measure.least(usual))
    found = Deviation(measure, sample.value, usual, len(values))
    is_far = abs(sample.value - usual) > TOLERANCE * (1 + 1 / len(values)) * spread
    return found if is_far and found.off in measure.advice else None
