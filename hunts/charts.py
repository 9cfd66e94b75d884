"""How trends are shown: headline numbers, and charts that are tables too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from hunts import amounts
from hunts.analytics import Bucket, Totals, Trends, Unit

DOLLAR = 1_000_000

Value = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of bars; `colour` is a name that the style sheet knows. None where there is no value."""

    name: str
    colour: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, and the same as rows of a table. `shown` writes a value in the reader's language.

    `kind` is bar, stacked or line; `unit` tells the axis how to write numbers: count, percent, dollars or minutes.
    """

    key: str
    title: str
    kind: str
    unit: str
    step: Unit
    starts: Sequence[date]
    labels: Sequence[str]
    series: Sequence[Series]

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.series for value in series.values)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Return each time with its values as text; what is not known is a dash."""
        shown = SHOWN[self.unit]
        columns = zip(*(series.values for series in self.series), strict=True)
        texts = [["–" if value is None else shown(value) for value in values] for values in columns]
        return list(zip(self.labels, texts, strict=False))

    def to_json(self) -> dict[str, Any]:
        """Return what the script draws from."""
        series = [{"name": one.name, "colour": one.colour, "values": list(one.values)} for one in self.series]
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "unit": self.unit,
            "step": self.step,
            "starts": [day.isoformat() for day in self.starts],
            "labels": list(self.labels),
            "series": series,
        }


SHOWN: dict[str, Callable[[float], str]] = {
    "count": lambda value: amounts.count(round(value)),
    "percent": amounts.percent,
    "dollars": lambda value: amounts.dollars(value * DOLLAR),
    "minutes": lambda value: amounts.decimal(value),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One number above the charts; `change` says how it moved against the time before, '' where nothing can be said."""

    label: str
    value: str
    change: str


def headlines(trends: Trends) -> list[Headline]:
    """Return the numbers above the charts."""
    now, before = trends.totals, trends.previous
    return [
        Headline(_("runs"), amounts.count(now.runs), _growth(now.runs, before.runs)),
        Headline(_("new companies"), amounts.count(now.new), _growth(now.new, before.new)),
        Headline(_("new qualified leads"), amounts.count(now.leads), _growth(now.leads, before.leads)),
        Headline(_("of the judged qualified"), _or_dash(amounts.percent, now.qualified_yield), _points(now, before)),
        Headline(_("spent"), amounts.dollars(now.spent_microusd), _growth(now.spent_microusd, before.spent_microusd)),
        Headline(
            _("per new qualified lead"),
            _or_dash(amounts.dollars, now.cost_per_lead_microusd),
            _growth(now.cost_per_lead_microusd, before.cost_per_lead_microusd),
        ),
    ]


def _growth(now: float | None, before: float | None) -> str:
    if now is None or not before:
        return ""
    return _signed(amounts.percent(abs(now - before) / before), now - before)


def _points(now: Totals, before: Totals) -> str:
    if now.qualified_yield is None or before.qualified_yield is None:
        return ""
    moved = now.qualified_yield - before.qualified_yield
    points = round(abs(moved) * 100)
    return _signed(ngettext("%(n)s point", "%(n)s points", points) % {"n": amounts.count(points)}, moved)


def _signed(text: str, moved: float) -> str:
    return f"+{text}" if moved > 0 else f"−{text}" if moved < 0 else f"±{text}"


def _or_dash(shown: Callable[[float], str], value: float | None) -> str:
    return "–" if value is None else shown(value)


def charts(trends: Trends) -> list[Chart]:
    """Return the charts of a page, in its order."""
    starts = [bucket.start for bucket in trends.buckets]
    labels = [label(day, trends.unit) for day in starts]

    def drawn(key: str, title: str, kind: str, unit: str, *series: Series) -> Chart:
        return Chart(key, title, kind, unit, trends.unit, starts, labels, series)

    def of(name: str, colour: str, value: Callable[[Bucket], Value]) -> Series:
        return Series(name, colour, [value(bucket) for bucket in trends.buckets])

    return [
        drawn(
            *("leads", _("New companies and new qualified leads"), "bar", "count"),
            of(_("New companies"), "quiet", lambda one: one.totals.new),
            of(_("New qualified leads"), "main", lambda one: one.totals.leads),
        ),
        drawn(
            *("yield", _("Yield"), "line", "percent"),
            of(_("Passed prescreen, of those screened"), "second", lambda one: one.totals.prescreen_yield),
            of(_("Qualified, of those judged"), "main", lambda one: one.totals.qualified_yield),
        ),
        drawn(
            *("tiers", _("Tiers"), "stacked", "count"),
            of(_("Tier A"), "tier-a", lambda one: one.totals.tier_a),
            of(_("Tier B"), "tier-b", lambda one: one.totals.tier_b),
            of(_("Tier C"), "tier-c", lambda one: one.totals.tier_c),
            of(_("Tier D"), "tier-d", lambda one: one.totals.tier_d),
        ),
        drawn(
            *("cost", _("Cost per new qualified lead"), "line", "dollars"),
            of(_("Cost per new qualified lead"), "main", lambda one: _dollars(one.totals.cost_per_lead_microusd)),
        ),
        drawn(*("spend", _("Spent, by provider"), "stacked", "dollars"), *_by_provider(trends)),
        drawn(
            *("duration", _("Minutes a run was at work, on average"), "bar", "minutes"),
            of(_("Minutes"), "second", lambda one: _minutes(one.totals.seconds_a_run)),
        ),
    ]


def _by_provider(trends: Trends) -> list[Series]:
    """Return a series for each provider, the dearest first."""
    paid: dict[str, int] = {}
    for bucket in trends.buckets:
        for provider, microusd in bucket.spends.items():
            paid[provider] = paid.get(provider, 0) + microusd
    dearest = sorted(paid, key=lambda provider: (-paid[provider], provider))
    return [
        Series(
            provider,
            f"part-{place % PART_COLOURS + 1}",
            [_dollars(bucket.spends.get(provider, 0)) for bucket in trends.buckets],
        )
        for place, provider in enumerate(dearest)
    ]


PART_COLOURS = 6  # that the style sheet has


def _dollars(microusd: int | None) -> Value:
    return None if microusd is None else microusd / DOLLAR


def _minutes(seconds: float | None) -> Value:
    return None if seconds is None else seconds / 60


def label(day: date, unit: Unit) -> str:
    """Return a day, the first day of a week, or a month, as short as the reader writes it."""
    if unit == "month":
        return date_format(day, pgettext("format of a month on an axis, in Django's letters", "M Y"))
    return date_format(day, pgettext("format of a day on an axis, in Django's letters", "M j"))
