"""Trends: what is summed up, by which days, for whom, and what the page makes of it."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Workspace
from hunts import analytics, charts
from hunts.analytics import SPANS, Totals
from hunts.figure_models import RunFigures, RunSpend
from hunts.models import Hunt
from tests.factories import HuntFactory

TODAY = date(2026, 3, 1)
UTC_ZONE = ZoneInfo("UTC")
ONE = {
    "source": "exa",
    "status": "succeeded",
    "found": 20,
    "known": 5,
    "screened": 20,
    "prescreened": 10,
    "judged": 10,
    "scored": 10,
    "qualified": 6,
    "qualified_new": 4,
    "with_contact": 5,
    "tier_a": 2,
    "spent_microusd": 800_000,
    "seconds": 120.0,
}


def keep(workspace: Workspace, *, days_ago: int = 0, hunt: Hunt | None = None, **changes: object) -> RunFigures:
    """Keep the figures of a run that ended some days before now, at noon."""
    noon = timezone.now().replace(hour=12, minute=0) - timedelta(days=days_ago)
    return RunFigures.objects.create(workspace=workspace, hunt=hunt, ended_at=noon, **ONE | changes)


def sums(workspace: Workspace, span: analytics.Span = "30d", **filters: object) -> analytics.Trends:
    return analytics.trends(workspace, span=span, today=timezone.localdate(), zone=UTC_ZONE, **filters)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("span", "unit", "starts", "first", "before", "after"),
    [
        ("7d", "day", 7, date(2026, 2, 23), date(2026, 2, 16), date(2026, 2, 23)),
        ("30d", "day", 30, date(2026, 1, 31), date(2026, 1, 1), date(2026, 1, 31)),
        ("90d", "week", 13, date(2025, 12, 2), date(2025, 9, 3), date(2025, 12, 2)),
        ("12m", "month", 12, date(2025, 4, 1), date(2024, 4, 1), date(2025, 3, 2)),
    ],
)
def test_a_span_is_cut_into_days_weeks_or_months_without_gaps(workspace, span, unit, starts, first, before, after):
    found = analytics.trends(workspace, span=span, today=TODAY, zone=UTC_ZONE)
    assert (found.unit, len(found.buckets), found.start, found.end) == (unit, starts, first, TODAY)
    assert analytics.calendar(span, TODAY)[2] == (before, after)
    gaps = {(later.start - earlier.start).days for earlier, later in pairwise(found.buckets)}
    assert gaps <= {"day": {1}, "week": {6, 7}, "month": {28, 29, 30, 31}}[unit]


@pytest.mark.django_db
@pytest.mark.parametrize("span", SPANS)
def test_every_run_is_in_the_span_or_before_it_and_none_is_in_both(workspace, span):
    for days_ago in range(0, 760, 4):
        keep(workspace, days_ago=days_ago)
    found = sums(workspace, span)
    days = (timezone.localdate() - found.start).days + 1
    assert found.totals.runs == sum(bucket.totals.runs for bucket in found.buckets) == len(range(0, days, 4))
    first, after = analytics.calendar(span, timezone.localdate())[2]
    ended_on = [timezone.localdate() - timedelta(days=days_ago) for days_ago in range(0, 760, 4)]
    assert found.previous.runs == len([day for day in ended_on if first <= day < after])
    assert after <= found.start


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 3, 10), date(2025, 3, 10)),
        (date(2026, 3, 31), date(2025, 3, 31)),
        (date(2028, 2, 29), date(2027, 2, 28)),
    ],
)
def test_twelve_months_that_are_not_over_are_compared_with_no_more_of_the_year_before(workspace, today, last):
    first = date(last.year - 1, last.month % 12 + 1, 1)
    for day in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        RunFigures.objects.create(workspace=workspace, ended_at=noon, **ONE)
    found = analytics.trends(workspace, span="12m", today=today, zone=UTC_ZONE)
    assert found.previous.runs == 2


@pytest.mark.django_db
def test_runs_are_summed_up_and_each_lead_counts_once(workspace):
    keep(workspace)
    keep(workspace, found=10, known=10, qualified_new=0, spent_microusd=0, seconds=None)
    keep(workspace, days_ago=31)
    found = sums(workspace)
    assert (found.totals.runs, found.totals.found, found.totals.new, found.totals.leads) == (2, 30, 15, 4)
    assert found.totals.cost_per_lead_microusd == 200_000
    assert (found.totals.qualified_yield, found.totals.seconds_a_run) == (0.6, 120.0)
    assert (found.previous.runs, found.previous.spent_microusd) == (1, 800_000)


def test_nothing_has_no_yield_and_no_price():
    nothing = Totals()
    assert (nothing.prescreen_yield, nothing.qualified_yield, nothing.cost_per_lead_microusd) == (None, None, None)


@pytest.mark.django_db
def test_what_was_paid_is_told_by_provider(workspace):
    for days_ago, provider, paid in ((0, "kimi", 5), (0, "exa", 7), (1, "kimi", 3), (40, "kimi", 9)):
        RunSpend.objects.create(figures=keep(workspace, days_ago=days_ago), provider=provider, spent_microusd=paid)
    *_, yesterday, today = sums(workspace).buckets
    assert (dict(yesterday.spends), dict(today.spends)) == ({"kimi": 3}, {"exa": 7, "kimi": 5})


@pytest.mark.django_db
def test_hunts_and_sources_can_be_looked_at_alone(workspace):
    hunt = HuntFactory(workspace=workspace)
    RunSpend.objects.create(figures=keep(workspace, hunt=hunt, source="file"), provider="kimi", spent_microusd=1)
    RunSpend.objects.create(figures=keep(workspace), provider="exa", spent_microusd=1)
    assert sums(workspace).totals.runs == 2
    for filters in ({"hunt": hunt}, {"source": "file"}):
        found = sums(workspace, **filters)
        assert found.totals.runs == 1
        assert list(found.buckets[-1].spends) == ["kimi"]


@pytest.mark.django_db
def test_a_chart_is_a_table_too(workspace):
    keep(workspace)
    leads, yields, *_, duration = charts.charts(sums(workspace, "7d"))
    assert leads.rows[-1][1] == ["15", "4"]
    assert leads.rows[0][1] == ["0", "0"]
    assert (yields.rows[-1][1], yields.rows[0][1]) == (["50 %", "60 %"], ["–", "–"])
    assert duration.rows[-1][1] == ["2.0"]
    assert [len(chart.rows) for chart in (leads, yields, duration)] == [7, 7, 7]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "ended_at", "day"),
    [
        ("UTC", (2026, 3, 1, 23, 30), date(2026, 3, 1)),
        ("Europe/Belgrade", (2026, 3, 1, 23, 30), date(2026, 3, 2)),
        ("America/Los_Angeles", (2026, 3, 1, 7, 59), date(2026, 2, 28)),
        # Midnight is 23:00 in winter and 22:00 in summer: clocks are put forward on 29 March, back on 25 October.
        ("Europe/Belgrade", (2026, 3, 28, 22, 59), date(2026, 3, 28)),
        ("Europe/Belgrade", (2026, 3, 28, 23, 0), date(2026, 3, 29)),
        ("Europe/Belgrade", (2026, 3, 29, 21, 59), date(2026, 3, 29)),
        ("Europe/Belgrade", (2026, 3, 29, 22, 0), date(2026, 3, 30)),
        ("Europe/Belgrade", (2026, 10, 25, 22, 59), date(2026, 10, 25)),
        # In Havana 8 March 2026 has no midnight, and 1 November has two: its hour from 0:00 to 1:00 comes twice.
        ("America/Havana", (2026, 3, 8, 4, 59), date(2026, 3, 7)),
        ("America/Havana", (2026, 3, 8, 5, 0), date(2026, 3, 8)),
        ("America/Havana", (2026, 11, 1, 4, 0), date(2026, 11, 1)),
        ("America/Havana", (2026, 11, 1, 5, 30), date(2026, 11, 1)),
    ],
)
def test_a_run_belongs_to_the_day_that_the_readers_clocks_showed(workspace, zone, ended_at, day):
    figures = RunFigures.objects.create(workspace=workspace, ended_at=datetime(*ended_at, tzinfo=UTC), **ONE)
    RunSpend.objects.create(figures=figures, provider="kimi", spent_microusd=1)
    for today, runs in ((day, 1), (day - timedelta(days=1), 0), (day + timedelta(days=6), 1)):
        found = analytics.trends(workspace, span="7d", today=today, zone=ZoneInfo(zone))
        assert found.totals.runs == runs
        on = {bucket.start for bucket in found.buckets if bucket.totals.runs and bucket.spends}
        assert on == ({day} if runs else set())
    week_later = analytics.trends(workspace, span="7d", today=day + timedelta(days=7), zone=ZoneInfo(zone))
    assert (week_later.totals.runs, week_later.previous.runs) == (0, 1)


@pytest.mark.django_db
def test_the_page_and_the_api_say_whose_days_they_show(client_of_owner, owner, workspace):
    keep(workspace, days_ago=2)  # today's noon is not yet where the day has not begun
    for zone in ("UTC", "Europe/Belgrade", "America/Los_Angeles"):
        owner.time_zone = zone
        owner.save(update_fields=["time_zone"])
        page = client_of_owner.get("/analytics/").text
        assert f"Days are those of your time zone ({zone.replace('_', ' ')})" in page
        body = client_of_owner.get("/api/analytics").json()
        assert (body["time_zone"], body["end"]) == (zone, str(datetime.now(ZoneInfo(zone)).date()))


def shown_on(page: str) -> list[dict]:
    return json.loads(re.search(r'<script id="chart-data" type="application/json">(.*?)</script>', page)[1])


@pytest.mark.django_db
def test_the_page_gives_its_charts_as_data_and_as_tables(client_of_owner, workspace, django_assert_max_num_queries):
    RunSpend.objects.create(figures=keep(workspace), provider="kimi", spent_microusd=800_000)
    keep(workspace, days_ago=40, qualified_new=2, spent_microusd=400_000)
    with django_assert_max_num_queries(9):
        answer = client_of_owner.get("/analytics/?range=30d")
    page = answer.text
    assert [chart["key"] for chart in shown_on(page)] == ["leads", "yield", "tiers", "cost", "spend", "duration"]
    assert "+100 % against the time before" in page
    assert page.count("<details><summary>As a table") == 6
    nonce = re.search(r'charts\.js" nonce="([^"]+)"', page)[1]
    assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_other_pages_allow_no_style_elements(client_of_owner):
    assert "nonce" not in client_of_owner.get("/leads/").headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_address_keeps_what_was_chosen(client_of_owner, workspace):
    hunt = HuntFactory(workspace=workspace)
    keep(workspace, hunt=hunt, days_ago=60)
    page = client_of_owner.get(f"/analytics/?range=12m&hunt={hunt.pk}&source=exa").text
    assert 'value="exa" selected' in page
    assert f'value="{hunt.pk}" selected' in page
    assert f"?range=90d&amp;hunt={hunt.pk}&amp;source=exa" in page
    assert len(shown_on(page)[0]["labels"]) == 12


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["?range=1000y", "?source=nobody", "?range=", "?hunt="])
def test_an_address_of_nonsense_shows_the_usual(client_of_owner, workspace, address):
    keep(workspace)
    assert len(shown_on(client_of_owner.get(f"/analytics/{address}").text)[0]["labels"]) == 30


@pytest.mark.django_db
def test_an_empty_page_says_what_to_do(client_of_owner, workspace):
    assert "Nothing to show yet" in client_of_owner.get("/analytics/").text
    keep(workspace, days_ago=3)
    assert "Choose a longer time" in client_of_owner.get("/analytics/?source=file").text


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["/analytics/", "/api/analytics"])
def test_another_workspaces_runs_are_not_seen(client_of_stranger, workspace, place):
    hunt = HuntFactory(workspace=workspace)
    keep(workspace, hunt=hunt, found=98_765, known=0)
    answer = client_of_stranger.get(place)
    assert answer.status_code == 200
    assert "98,765" not in answer.text and "98765" not in answer.text and hunt.name not in answer.text
    assert client_of_stranger.get(f"{place}?hunt={hunt.pk}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("hunt", ["x", "-1", "0", "9" * 30, "²"])
def test_a_hunt_that_cannot_be_is_not_there(client_of_owner, hunt):
    assert client_of_owner.get("/analytics/", {"hunt": hunt}).status_code == 404
    assert client_of_owner.get("/api/analytics", {"hunt": hunt}).status_code in (404, 422)


@pytest.mark.django_db
def test_strangers_are_asked_to_log_in(client):
    assert client.get("/analytics/").headers["Location"].startswith("/accounts/login/")
    assert client.get("/api/analytics").status_code == 401


@pytest.mark.django_db
def test_the_api_gives_the_same_sums(client_of_owner, workspace):
    RunSpend.objects.create(figures=keep(workspace), provider="kimi", spent_microusd=800_000)
    body = client_of_owner.get("/api/analytics", {"range": "7d", "source": "exa"}).json()
    assert (body["range"], body["unit"], len(body["buckets"])) == ("7d", "day", 7)
    assert body["totals"]["cost_per_lead_microusd"] == 200_000
    assert body["totals"]["tiers"] == {"A": 2, "B": 0, "C": 0, "D": 0}
    assert body["buckets"][-1]["spent_microusd_by_provider"] == {"kimi": 800_000}
    assert body["buckets"][0]["totals"]["qualified_yield"] is None
    assert client_of_owner.get("/api/analytics", {"range": "soon"}).status_code == 422
