"""When something is due next: gaps and folds of the clocks, ends of months, leap years."""

from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunts.recurrence import Recurrence

# Clocks that change on either half of the year, at midnight, by half an hour, near a date line, and not at all.
ZONES = (
    "UTC",
    "Europe/Belgrade",
    "America/New_York",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "America/Santiago",
    "Africa/Casablanca",
)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))
RECURRENCES = st.one_of(
    st.builds(lambda at, zone: Recurrence("daily", at, zone), TIMES, st.sampled_from(ZONES)),
    st.builds(
        lambda at, zone, day: Recurrence("weekly", at, zone, weekday=day),
        TIMES,
        st.sampled_from(ZONES),
        st.integers(0, 6),
    ),
    st.builds(
        lambda at, zone, day: Recurrence("monthly", at, zone, day=day),
        TIMES,
        st.sampled_from(ZONES),
        st.integers(1, 31),
    ),
)


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def fits(day, recurrence: Recurrence) -> bool:
    if recurrence.weekday is not None:
        return day.weekday() == recurrence.weekday
    if recurrence.day is not None:
        return day.day == min(recurrence.day, monthrange(day.year, day.month)[1])
    return True


@given(RECURRENCES, MOMENTS)
def test_the_next_time_is_later_on_the_right_day_and_at_the_right_minute_or_the_first_one_after_a_gap(
    recurrence, moment
):
    due = recurrence.next_after(moment)
    there = local(due, recurrence.time_zone)
    assert due > moment
    assert due.tzinfo is UTC
    assert fits(there.date(), recurrence)
    assert there.fold == 0
    if there.time() != recurrence.at:
        minute_before = local(due - timedelta(minutes=1), recurrence.time_zone).replace(tzinfo=None)
        asked_for = datetime.combine(there.date(), recurrence.at)
        assert minute_before < asked_for < there.replace(tzinfo=None)


@given(RECURRENCES, MOMENTS)
def test_each_day_that_fits_has_one_due_time(recurrence, moment):
    days, due = [], recurrence.next_after(moment)
    for _ in range(5):
        days.append(local(due, recurrence.time_zone).date())
        due = recurrence.next_after(due)
    between = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if fits(day, recurrence)]


@given(RECURRENCES, MOMENTS, st.integers(0, 10**8))
def test_whenever_one_looks_before_it_is_due_the_answer_is_the_same(recurrence, moment, seconds):
    due = recurrence.next_after(moment)
    earlier = moment + timedelta(seconds=seconds % max(int((due - moment).total_seconds()), 1))
    assert recurrence.next_after(earlier) == due
    assert recurrence.count_between(moment, due) == 1


@pytest.mark.parametrize(
    ("recurrence", "moment", "due"),
    [
        pytest.param(
            Recurrence("daily", time(2, 30), "Europe/Belgrade"),
            "2026-03-28T12:00",
            ["2026-03-29T01:00", "2026-03-30T00:30"],
            id="in the gap at the first minute after it",
        ),
        pytest.param(
            Recurrence("daily", time(2, 30), "Europe/Belgrade"),
            "2026-10-24T12:00",
            ["2026-10-25T00:30", "2026-10-26T01:30"],
            id="in the fold once",
        ),
        pytest.param(
            Recurrence("daily", time(0, 0), "Africa/Cairo"),
            "2026-04-23T12:00",
            ["2026-04-23T22:00", "2026-04-24T21:00"],
            id="a gap at midnight",
        ),
        pytest.param(
            Recurrence("monthly", time(9), "UTC", day=31),
            "2028-01-31T09:00",
            ["2028-02-29T09:00", "2028-03-31T09:00", "2028-04-30T09:00"],
            id="the 31st in shorter months and a leap year",
        ),
        pytest.param(
            Recurrence("monthly", time(9), "UTC", day=29),
            "2027-01-30T00:00",
            ["2027-02-28T09:00", "2027-03-29T09:00"],
            id="the 29th in a common year",
        ),
        pytest.param(
            Recurrence("weekly", time(9), "Asia/Tokyo", weekday=0),
            "2026-11-22T23:59",
            ["2026-11-23T00:00", "2026-11-30T00:00"],
            id="a Monday that is Sunday in UTC",
        ),
    ],
)
def test_clocks_and_calendars(recurrence, moment, due):
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found = []
    for _ in due:
        at = recurrence.next_after(at)
        found.append(at.strftime("%Y-%m-%dT%H:%M"))
    assert found == due
