"""What a workspace has spent in a month, for its page."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import Workspace
from billing import reconciling
from billing.ceilings import this_month
from billing.models import Budget, Hold, SpendingLimit

# The operation of holds for tests of language models, so that they are told apart from work on leads.
TRIAL = "trial"

_CHARGED = Sum(
    F("settled_microusd") - F("overdraw_microusd") - F("refunded_microusd"),
    default=0,
    filter=Q(settled_microusd__gte=0),
)
_HELD = Sum("amount_microusd", default=0, filter=Q(status=Hold.Status.HELD))


@dataclass(frozen=True, slots=True)
class Row:
    """What a provider, a member or a purpose stands for: spent, and set aside. `limit` is None where there is none."""

    name: str
    spent_microusd: int
    held_microusd: int = 0
    calls: int = 0
    limit_microusd: int | None = None

    @property
    def is_used(self) -> bool:
        return bool(self.spent_microusd or self.held_microusd or self.calls)


@dataclass(frozen=True, slots=True)
class Day:
    """What was spent on the calls that began on one day, in UTC."""

    date: date
    spent_microusd: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Calls that were sent and never answered; from `counted_at` on they count as spent, the oldest first."""

    count: int
    microusd: int
    counted_at: datetime | None


@dataclass(frozen=True)
class Spent:
    """A workspace's spending in one month, against its limits of today."""

    workspace: Workspace
    period: date

    @cached_property
    def ceiling(self) -> Budget | None:
        """The workspace's own ceiling; `None` before the first paid call of the month."""
        return Budget.objects.filter(workspace=self.workspace, scope=Budget.Scope.WORKSPACE, period=self.period).first()

    @property
    def spent_microusd(self) -> int:
        return self.ceiling.spent_microusd if self.ceiling else 0

    @property
    def held_microusd(self) -> int:
        return self.ceiling.reserved_microusd if self.ceiling else 0

    @property
    def committed_microusd(self) -> int:
        return self.spent_microusd + self.held_microusd

    @property
    def is_current(self) -> bool:
        return self.period == this_month()

    @cached_property
    def limits(self) -> dict[tuple[str, str], int]:
        """What the workspace allows itself now, by scope and provider."""
        rows = SpendingLimit.objects.filter(workspace=self.workspace)
        return {(one.scope, one.subject): one.limit_microusd for one in rows}

    @property
    def limit_microusd(self) -> int | None:
        return self.limits.get((Budget.Scope.WORKSPACE, ""))

    @property
    def projected_microusd(self) -> int | None:
        """What the month comes to at the pace until now; `None` for a month that is over, and on its first day."""
        gone = timezone.now() - datetime.combine(self.period, time.min, tzinfo=UTC)
        if not self.is_current or gone < timedelta(days=1):
            return None
        whole = timedelta(days=monthrange(self.period.year, self.period.month)[1])
        return round(self.spent_microusd * (whole / gone))

    @cached_property
    def providers(self) -> Sequence[Row]:
        """By provider, the dearest first; those without use are there because they can have a limit."""
        summed = self._holds.values_list("provider").annotate(spent=_CHARGED, held=_HELD, calls=Count("pk"))
        used = {slug: (spent, held, calls) for slug, spent, held, calls in summed}
        limited = {subject for scope, subject in self.limits if scope == Budget.Scope.PROVIDER}
        known = {slug for slug, values in settings.PROVIDERS.items() if "api_key" in values}
        rows = [
            Row(slug, *used.get(slug, (0, 0, 0)), limit_microusd=self.limits.get((Budget.Scope.PROVIDER, slug)))
            for slug in {*used, *limited, *known}
        ]
        return sorted(rows, key=lambda row: (-row.spent_microusd, row.name))

    @cached_property
    def days(self) -> Sequence[Day]:
        """Every day from the month's first on, until today or its end."""
        summed = self._holds.annotate(day=TruncDate("created_at")).values_list("day").annotate(spent=_CHARGED)
        spent: dict[date, int] = dict(summed)
        last = monthrange(self.period.year, self.period.month)[1]
        until = timezone.now().date() if self.is_current else self.period.replace(day=last)
        return [Day(day, spent.get(day, 0)) for day in (self.period.replace(day=n) for n in range(1, until.day + 1))]

    @property
    def dearest_day_microusd(self) -> int:
        return max((day.spent_microusd for day in self.days), default=0)

    @cached_property
    def members(self) -> Sequence[Row]:
        """By who began what the money went to; '' where nobody did, as with a schedule."""
        summed = self._holds.values_list("budget__started_by__email").annotate(
            spent=_CHARGED, held=_HELD, calls=Count("pk")
        )
        rows = [Row(email or "", spent, held, calls) for email, spent, held, calls in summed]
        return sorted(rows, key=lambda row: (-row.spent_microusd, row.name))

    @cached_property
    def trials(self) -> Row:
        """Tests of language models, which are made on the page of the models."""
        told = self._holds.filter(operation=TRIAL).aggregate(spent=_CHARGED, held=_HELD, calls=Count("pk"))
        return Row(TRIAL, told["spent"], told["held"], told["calls"])

    @property
    def work(self) -> Row:
        """All that is no test: runs, conversations and research."""
        calls = sum(row.calls for row in self.providers) - self.trials.calls
        spent, held = self.spent_microusd - self.trials.spent_microusd, self.held_microusd - self.trials.held_microusd
        return Row("", spent, held, calls)

    @cached_property
    def unknown(self) -> Unknown:
        """What is set aside for calls whose fate nobody knows, whenever they were made."""
        lost = reconciling.of_unknown_fate().filter(workspace=self.workspace)
        told = lost.aggregate(count=Count("pk"), total=Sum("amount_microusd", default=0), first=Min("created_at"))
        counted_at = told["first"] + timedelta(hours=settings.RECONCILE_AFTER_HOURS) if told["first"] else None
        return Unknown(told["count"], told["total"], counted_at)

    @cached_property
    def overdraw_microusd(self) -> int:
        """What providers asked beyond the limits, which was not charged."""
        total: int = self._holds.aggregate(total=Sum("overdraw_microusd", default=0))["total"]
        return total

    @property
    def _holds(self) -> QuerySet[Hold]:
        return Hold.objects.filter(workspace=self.workspace, period=self.period).order_by()


def months(workspace: Workspace) -> Sequence[date]:
    """Return the months in which a workspace spent, and this one, the newest first."""
    ceilings = Budget.objects.filter(workspace=workspace, scope=Budget.Scope.WORKSPACE, period__isnull=False)
    found = {period for period in ceilings.values_list("period", flat=True) if period}
    return sorted({*found, this_month()}, reverse=True)[:24]
