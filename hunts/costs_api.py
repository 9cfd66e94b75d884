"""The API's costs of a run."""

from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from accounts.api import PROBLEMS_OF_ONE
from accounts.middleware import MemberRequest
from hunts import costs
from hunts.models import Run

router = Router(tags=["runs"])


class LineOut(Schema):
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
    lines: list[LineOut]

    @staticmethod
    def resolve_lead_id(cost: costs.LeadCost) -> int:
        return cost.candidate.lead_id


class RunCostsOut(Schema):
    """What a run was charged until now.

    `unknown_microusd` is set aside for calls under way or without an answer; `overdraw_microusd` was asked by providers
    beyond the limits and not charged. The leads' costs sum to `microusd` where a lead qualified.
    """

    microusd: int
    unknown_microusd: int
    overdraw_microusd: int
    qualified: int
    per_qualified_microusd: int | None
    lines: list[LineOut]
    leads: list[LeadCostOut]

    @staticmethod
    def resolve_qualified(found: costs.RunCosts) -> int:
        return len(found.qualified)

    @staticmethod
    def resolve_leads(found: costs.RunCosts) -> list[costs.LeadCost]:
        return list(found.of_leads.values())


@router.get("/{int:run_id}/costs", response={200: RunCostsOut, **PROBLEMS_OF_ONE}, operation_id="read_run_costs")
def read_run_costs(request: MemberRequest, run_id: int) -> costs.RunCosts:
    """What a run cost, by provider and by lead, to the micro-dollar."""
    return costs.of_run(get_object_or_404(Run.objects.visible_to(request.workspace), pk=run_id))
