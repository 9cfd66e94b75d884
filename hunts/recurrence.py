"""When something that recurs at a local time is due next. Pure: values in, a moment out.

Clocks that are put forward leave out some minutes, clocks that are put back have some twice. A time that a day does
not have is due at the first minute that exists after it; one that a day has twice is due the first time only.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Daily, weekly on `weekday` (0 is Monday), or monthly on `day` (the month's last day where it has no such day).

    `at` is by the clocks of `time_zone`, a name of the IANA database.
    """

    frequency: str
    at: time
    time_zone: str
    weekday: int | None = None
    day: int | None = None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first due time after `moment`, both aware; the answer is in UTC."""
        zone = ZoneInfo(self.time_zone)
        today = moment.astimezone(zone).date()
        return next(due for due in (first_existing(day, self.at, zone) for day in self._days(today)) if due > moment)

    def count_between(self, begin: datetime, end: datetime) -> int:
        """Return how many times are due after `begin`, up to `end`."""
        due, counted = self.next_after(begin), 0
        while due <= end:
            due, counted = self.next_after(due), counted + 1
        return counted

    def _days(self, today: date) -> Iterator[date]:
        """Yield the days that it is due on, from the last one before `today` onwards."""
        if self.frequency == "monthly":
            yield from self._days_of_months(today)
        step = 7 if self.frequency == "weekly" else 1
        begin = today - timedelta(days=step)
        if self.weekday is not None:
            begin += timedelta(days=(self.weekday - begin.weekday()) % 7)
        yield from (begin + timedelta(days=step * n) for n in count())

    def _days_of_months(self, today: date) -> Iterator[date]:
        for month in count(today.year * 12 + today.month - 2):
            year, index = divmod(month, 12)
            yield date(year, index + 1, min(self.day or 1, monthrange(year, index + 1)[1]))


def first_existing(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when the clocks of `zone` show `at` on `day` for the first time, or the first minute after it, in UTC."""
    local = datetime.combine(day, at)
    while not _exists(local, zone):
        local += timedelta(minutes=1)
    return local.replace(tzinfo=zone).astimezone(UTC)


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    there_and_back = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == local
