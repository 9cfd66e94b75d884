"""The API's trends: the same sums as the page shows."""

from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.api import PROBLEMS_OF_ONE
from accounts.middleware import MemberRequest
from hunts import analytics
from hunts.analytics import USUAL_SPAN, Bucket, Span, Totals
from hunts.models import Hunt

router = Router(tags=["analytics"])

MOST_ID = 2**63


class TotalsOut(Schema):
    """Sums over the runs that ended in a time. Money is whole micro-dollars, yields are 0 to 1 or null.

    `leads` are qualified and no earlier run had qualified them; `cost_per_lead_microusd` is for each of those.
    """

    runs: int
    found: int
    new: int
    judged: int
    qualified: int
    leads: int
    with_contact: int
    failed: int
    tiers: dict[str, int]
    prescreen_yield: float | None
    qualified_yield: float | None
    spent_microusd: int
    cost_per_lead_microusd: int | None
    seconds_a_run: float | None

    @staticmethod
    def resolve_tiers(totals: Totals) -> dict[str, int]:
        return {"A": totals.tier_a, "B": totals.tier_b, "C": totals.tier_c, "D": totals.tier_d}


class BucketOut(Schema):
    """One day, week or month: its first day, its sums, and what was paid to each provider."""

    start: date
    totals: TotalsOut
    spent_microusd_by_provider: dict[str, int]

    @staticmethod
    def resolve_spent_microusd_by_provider(bucket: Bucket) -> dict[str, int]:
        return dict(bucket.spends)


class TrendsOut(Schema):
    """The sums of a range by day, week or month, of the whole range, and of as long a time before it."""

    range: str = Field(alias="span")
    unit: str
    time_zone: str = Field(alias="zone")
    start: date
    end: date
    totals: TotalsOut
    previous: TotalsOut
    buckets: list[BucketOut]


class TrendsIn(Schema):
    """Which runs to sum up."""

    range: Span = Field(USUAL_SPAN, description="up to today: days are summed up to 30d, weeks to 90d, then months")
    hunt: int | None = Field(None, ge=1, lt=MOST_ID, description="of this hunt only")
    source: Literal["directory", "exa", "file", "sandbox"] | None = Field(None, description="of this source only")


@router.get("", response={200: TrendsOut, **PROBLEMS_OF_ONE}, operation_id="read_analytics")
def read_analytics(request: MemberRequest, asked: Query[TrendsIn]) -> Any:
    """What the workspace's runs found and cost over time. Days are those of `time_zone`, the asker's."""
    zone = ZoneInfo(request.user.time_zone)
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=asked.hunt) if asked.hunt else None
    return analytics.trends(
        request.workspace,
        span=asked.range,
        today=timezone.localdate(timezone=zone),
        zone=zone,
        hunt=hunt,
        source=asked.source or "",
    )
