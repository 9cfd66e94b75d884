"""What past runs of a workspace brought, cost and took, as the measure of the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

from hunts.figure_models import RunFigures

LOOKED_AT = 30  # runs, the newest
# Fewer say little of how much the next one costs.
LEAST_RUNS = 3

Basis = Literal["filters", "source", ""]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run that came to its end. `worked_on` are the companies that were read and judged, not known or dropped."""

    filters_sha256: str
    judge: str
    asked_for: int
    found: int
    worked_on: int
    spent_microusd: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What `runs` past runs tell of one company. `basis`: they had the same filters, or just the same source."""

    basis: Basis = ""
    runs: int = 0
    low_microusd: float = 0.0
    usual_microusd: float = 0.0
    high_microusd: float = 0.0
    seconds: float | None = None

    @property
    def tells_cost(self) -> bool:
        return self.runs >= LEAST_RUNS


@dataclass(frozen=True, slots=True)
class Past:
    """The last runs of a workspace over one source."""

    runs: Sequence[PastRun]
    filters_sha256: str

    def found_share(self) -> tuple[Basis, float]:
        """Return how much of what was asked for was found, 0 to 1, and by which runs; 1 where none tells."""
        asked = [run for run in self.runs if run.asked_for]
        same = [run for run in asked if run.filters_sha256 == self.filters_sha256]
        basis: Basis = "filters" if same else "source" if asked else ""
        return basis, median(min(run.found / run.asked_for, 1.0) for run in same or asked) if asked else 1.0

    def measure(self, judge: str) -> Measure:
        """Return what a company costs and takes when `judge` judges; runs that others judged do not count."""
        told = [run for run in self.runs if run.judge == judge and run.worked_on]
        same = [run for run in told if run.filters_sha256 == self.filters_sha256]
        chosen = same if len(same) >= LEAST_RUNS else told
        if not chosen:
            return Measure()
        low, usual, high = _range([run.spent_microusd / run.worked_on for run in chosen])
        times = [run.seconds / run.worked_on for run in chosen if run.seconds]
        basis: Basis = "filters" if chosen is same else "source"
        return Measure(basis, len(chosen), low, usual, high, median(times) if times else None)


def past(workspace_id: int, *, source: str, filters_sha256: str) -> Past:
    """Return the last runs over `source` that came to their end: one query."""
    ended = RunFigures.objects.filter(workspace_id=workspace_id, source=source, status="succeeded", found__gt=0)
    rows = ended.select_related("run__filter_history").order_by("-ended_at")[:LOOKED_AT]
    return Past([_past_run(row) for row in rows], filters_sha256)


def _past_run(row: RunFigures) -> PastRun:
    brought = getattr(row.run, "filter_history", None)  # gone with its run, or never written down
    return PastRun(
        brought.filters_sha256 if brought else "",
        row.judge,
        brought.limit if brought else 0,
        row.found,
        row.screened,
        row.spent_microusd,
        row.seconds,
    )


def _range(costs: Sequence[float]) -> tuple[float, float, float]:
    """Return where the middle four fifths of `costs` begin and end, with their middle: one stray run moves nothing."""
    if len(costs) < 2:
        return costs[0], costs[0], costs[0]
    tenths = quantiles(costs, n=10, method="inclusive")
    return tenths[0], median(costs), tenths[-1]
