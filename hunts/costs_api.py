"""The API's costs of a run."""

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.api import PROBLEMS_OF_ONE
from accounts.middleware import MemberRequest
from hunts import costs
from hunts.api import MOST_ID
from hunts.models import Run

router = Router(tags=["runs"])
MOST_LEADS = 200


class CostLineOut(Schema):
    """What was charged for calls of one kind; a share has no provider and no calls. Whole micro-dollars."""

    kind: costs.Kind
    provider: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    microusd: int


class LeadCostOut(Schema):
    """What one qualified lead cost, with its shares of the search and of what did not qualify."""

    lead_id: int
    microusd: int
    lines: list[CostLineOut]


class RunCostsOut(Schema):
    """What a run was charged until now, and a page of what its qualified leads cost, in the order they were found.

    `unknown_microusd` is set aside for calls under way or without an answer; `overdraw_microusd` was asked by providers
    beyond the limits and not charged. The costs of all qualified leads sum to `microusd` where there is one.
    """

    microusd: int
    unknown_microusd: int
    overdraw_microusd: int
    qualified: int
    per_qualified_microusd: int | None
    lines: list[CostLineOut]
    leads: list[LeadCostOut]
    next_cursor: int | None = Field(description="where the next page of leads begins; null after the last")


class RunCostsIn(Schema):
    """Which page of the leads."""

    cursor: int = Field(0, ge=0, lt=MOST_ID, description="`next_cursor` of the page before")
    limit: int = Field(50, ge=1, le=MOST_LEADS)


@router.get("/{int:run_id}/costs", response={200: RunCostsOut, **PROBLEMS_OF_ONE}, operation_id="read_run_costs")
def read_run_costs(request: MemberRequest, run_id: int, asked: Query[RunCostsIn]) -> dict[str, Any]:
    """What a run cost, by provider and by lead, to the micro-dollar."""
    run = get_object_or_404(Run.objects.visible_to(request.workspace), pk=run_id)
    found = costs.shares_of(run)
    charged = costs.charged(run, qualified=len(found.qualified))
    page, following = found.page(asked.cursor, asked.limit)
    return {
        "microusd": charged.microusd,
        "unknown_microusd": charged.unknown_microusd,
        "overdraw_microusd": charged.overdraw_microusd,
        "qualified": charged.qualified,
        "per_qualified_microusd": charged.per_qualified_microusd,
        "lines": charged.lines,
        "leads": costs.of_leads(run, found, page),
        "next_cursor": following,
    }
