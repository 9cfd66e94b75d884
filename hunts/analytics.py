"""What the runs of a workspace found and cost over time, summed up from the figures that each run left.

Days begin and end by the clocks of the reader's time zone. A lead that several runs found counts in the first of them
only.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Workspace
from hunts.figure_models import RunFigures, RunSpend
from hunts.models import Hunt
from hunts.recurrence import first_existing

Span = Literal["7d", "30d", "90d", "12m"]
Unit = Literal["day", "week", "month"]
SPANS: tuple[Span, ...] = get_args(Span)
USUAL_SPAN: Span = "30d"
DAYS: Mapping[Span, int] = {"7d": 7, "30d": 30, "90d": 90}
MONTHS = 12
MOST_DAYS = 31  # a longer span is shown by weeks


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over some runs. Money is whole micro-dollars."""

    runs: int = 0
    found: int = 0
    new: int = 0
    cached: int = 0
    screened: int = 0
    prescreened: int = 0
    judged: int = 0
    qualified: int = 0
    leads: int = 0  # qualified, and by no earlier run
    with_contact: int = 0
    failed: int = 0
    tier_a: int = 0
    tier_b: int = 0
    tier_c: int = 0
    tier_d: int = 0
    spent_microusd: int = 0
    timed: int = 0  # runs whose time at work is known
    seconds: float = 0.0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{one.name: row[one.name] or 0 for one in fields(cls)})

    @property
    def prescreen_yield(self) -> float | None:
        return (self.prescreened - self.cached) / self.screened if self.screened else None

    @property
    def qualified_yield(self) -> float | None:
        return self.qualified / self.judged if self.judged else None

    @property
    def cost_per_lead_microusd(self) -> int | None:
        return round(self.spent_microusd / self.leads) if self.leads else None

    @property
    def seconds_a_run(self) -> float | None:
        return self.seconds / self.timed if self.timed else None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One day, week or month: its first day, the sums, and what was paid to each provider, in micro-dollars."""

    start: date
    totals: Totals
    spends: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trends:
    """The sums of a span in order, those of the whole span, and those of as long a time before it.

    Days begin and end by the clocks of `zone`, a name of the IANA database.
    """

    span: Span
    unit: Unit
    zone: str
    end: date
    buckets: Sequence[Bucket]
    totals: Totals
    previous: Totals

    @property
    def start(self) -> date:
        return self.buckets[0].start

    @property
    def place(self) -> str:
        """The zone as people read it."""
        return self.zone.replace("_", " ")


SUMS = {
    "runs": Count("pk"),
    "timed": Count("seconds"),
    "new": Sum(F("found") - F("known")),
    "leads": Sum("qualified_new"),
    **{
        name: Sum(name)
        for name in (
            *("found", "cached", "screened", "prescreened", "judged", "qualified", "with_contact", "failed"),
            *("tier_a", "tier_b", "tier_c", "tier_d", "spent_microusd", "seconds"),
        )
    },
}


def trends(
    workspace: Workspace, *, span: Span, today: date, zone: ZoneInfo, hunt: Hunt | None = None, source: str = ""
) -> Trends:
    """Return what the runs that ended in the `span` up to `today` came to: two queries, whatever their number."""
    unit, starts, before = calendar(span, today)
    end = today + timedelta(days=1)
    figures = RunFigures.objects.visible_to(workspace)
    spends = RunSpend.objects.filter(figures__workspace=workspace)
    if hunt is not None:
        figures, spends = figures.filter(hunt=hunt), spends.filter(figures__hunt=hunt)
    if source:
        figures, spends = figures.filter(source=source), spends.filter(figures__source=source)
    earliest, first, last = (first_existing(day, time.min, zone) for day in (before[0], starts[0], end))
    sums = _sums(figures.filter(ended_at__gte=earliest, ended_at__lt=last), zone)
    paid = _paid(spends.filter(figures__ended_at__gte=first, figures__ended_at__lt=last), zone)
    buckets = [_bucket(sums, paid, start, following) for start, following in pairwise([*starts, end])]
    previous = (totals for day, totals in sums.items() if before[0] <= day < before[1])
    return Trends(
        span=span,
        unit=unit,
        zone=zone.key,
        end=today,
        buckets=buckets,
        totals=sum((bucket.totals for bucket in buckets), Totals()),
        previous=sum(previous, Totals()),
    )


def calendar(span: Span, today: date) -> tuple[Unit, list[date], tuple[date, date]]:
    """Return the unit, the first days of the buckets, and the time before, as long as the span: its first day and the
    first day after it.
    """
    if span == "12m":
        # The month at hand is not over: it is compared with as much of the same month a year ago.
        starts = [_month_before(today, months) for months in reversed(range(MONTHS))]
        return "month", starts, (_month_before(starts[0], MONTHS), _year_before(today) + timedelta(days=1))
    days = DAYS[span]
    start = today - timedelta(days=days - 1)
    before = (start - timedelta(days=days), start)
    if days <= MOST_DAYS:
        return "day", [start + timedelta(days=number) for number in range(days)], before
    # Counted back from today, so that the newest week is a whole one; the oldest has what is left.
    weeks = [today - timedelta(days=7 * number + 6) for number in range(days // 7)]
    return "week", sorted({start, *weeks}), before


def _year_before(day: date) -> date:
    """Return the same day a year earlier; 28 February for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _month_before(day: date, months: int) -> date:
    """Return the first day of the month that is `months` before the one of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _sums(figures: QuerySet[RunFigures], zone: ZoneInfo) -> dict[date, Totals]:
    rows = figures.annotate(day=TruncDate("ended_at", tzinfo=zone)).values("day").annotate(**SUMS).order_by("day")
    return {row["day"]: Totals.of_row(row) for row in rows}


def _paid(spends: QuerySet[RunSpend], zone: ZoneInfo) -> list[tuple[date, str, int]]:
    """Return what was paid on each day to each provider."""
    by_day = spends.annotate(day=TruncDate("figures__ended_at", tzinfo=zone)).values_list("day", "provider")
    return list(by_day.annotate(paid=Sum("spent_microusd")).order_by("day", "provider"))


def _bucket(sums: Mapping[date, Totals], paid: Sequence[tuple[date, str, int]], start: date, end: date) -> Bucket:
    spends: Counter[str] = Counter()
    for day, provider, microusd in paid:
        if start <= day < end:
            spends[provider] += microusd
    return Bucket(start, sum((totals for day, totals in sums.items() if start <= day < end), Totals()), spends)
