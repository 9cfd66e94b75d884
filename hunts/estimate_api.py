"""The API's estimate of a run, before it is started."""

from datetime import datetime
from typing import Literal

from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field, StrictBool

from accounts import quotas
from accounts.api import PROBLEMS_OF_ONE, BodyIn
from accounts.middleware import MemberRequest
from hunts import preset_page
from hunts.estimate import Estimate, of_hunt
from hunts.forms import MOST_COMPANIES, MOST_DOLLARS
from hunts.models import Hunt
from hunts.preset_models import Known
from hunts.suggestions import suggestions

estimates = Router(tags=["hunts"])

AS_ESTIMATED = ("limit", "companies", "found_by", "known", "leaves_out_known", "reused", "fetched")


class EstimateIn(BodyIn):
    """What to estimate; whatever is left out is as the hunt says, or the preset that it was saved as."""

    limit: int | None = Field(None, ge=1, le=MOST_COMPANIES, description="how many companies a run looks at")
    max_spend_microusd: int | None = Field(None, ge=0, le=MOST_DOLLARS * 1_000_000, description="what it may spend")
    leaves_out_known: StrictBool | None = Field(None, description="whether companies that are known are passed over")


class CallsOut(Schema):
    """What one provider is asked. Amounts are whole micro-dollars; null where no price is known."""

    provider: str
    what: str
    calls: int
    calls_at_most: int
    each_microusd: int | None = Field(description="what one call costs at most")
    expected_microusd: int | None
    at_most_microusd: int | None
    note: str


class CostOut(Schema):
    """What the run costs, in whole micro-dollars; null where no price is known, and then it is refused."""

    low: int | None
    usual: int | None
    high: int | None
    at_most: int | None


class SuggestionOut(Schema):
    """Another set of filters to try, and what it changes."""

    key: str
    label: str
    changes: list[str]


class NoveltyOut(Schema):
    """How new the companies will be: a share from 0 to 1, null where nothing tells it."""

    expected: float | None
    is_low: bool
    sentence: str
    last_run_at: datetime | None
    last_novelty: float | None
    suggestions: list[SuggestionOut]


class EstimateOut(Schema):
    """What a run would do, cost and bring. Nothing is started, and nobody outside is asked."""

    limit: int
    companies: int = Field(description="how many will be found, about")
    found_by: Literal["counted", "last", "filters", "source", "limit"]
    known: int
    leaves_out_known: bool
    reused: int = Field(description="judged already, or known and left out: they cost nothing")
    fetched: int = Field(description="their pages were read already")
    judged_by: str
    cost: CostOut
    cost_by: Literal["filters", "source", "prices"]
    past_runs: int
    seconds: float | None
    calls: list[CallsOut]
    novelty: NoveltyOut
    judged_within_limit: int | None = Field(description="how many are judged before the limit stops it; null: all")
    stopped_by: str = Field(description="which ceiling of the month leaves less than the run may spend")
    problem: str
    warning: str


@estimates.post("/{int:hunt_id}/estimate", response={200: EstimateOut, **PROBLEMS_OF_ONE}, operation_id="estimate_run")
def estimate_run(request: MemberRequest, hunt_id: int, asked: EstimateIn) -> dict[str, object]:
    """What a run of a hunt would do, cost and bring."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=hunt_id)
    quotas.take(request.workspace.pk, "estimates", by=request.user)
    leaves_out_known = _leaves_out_known(request, hunt) if asked.leaves_out_known is None else asked.leaves_out_known
    found = of_hunt(hunt, limit=asked.limit, leaves_out_known=leaves_out_known)
    cap = hunt.max_spend_microusd if asked.max_spend_microusd is None else asked.max_spend_microusd
    return _told(found, hunt, cap)


def _leaves_out_known(request: MemberRequest, hunt: Hunt) -> bool:
    preset = preset_page.preset_of(hunt, request.workspace, request.user)
    return preset is not None and preset.known == Known.LEAVE_OUT


def _told(found: Estimate, hunt: Hunt, cap_microusd: int) -> dict[str, object]:
    room, novelty = found.room_below(cap_microusd), found.novelty
    return {
        **{name: getattr(found, name) for name in AS_ESTIMATED},
        "judged_by": found.judge,
        "cost": found.cost,
        "cost_by": found.cost_basis or "prices",
        "past_runs": found.measure.runs,
        "seconds": found.seconds,
        "calls": found.lines,
        "novelty": {
            "expected": novelty.expected,
            "is_low": novelty.is_low,
            "sentence": novelty.sentence,
            "last_run_at": novelty.last.created_at if novelty.last else None,
            "last_novelty": novelty.last.novelty if novelty.last else None,
            "suggestions": suggestions(hunt.icp) if novelty.is_low else [],
        },
        "judged_within_limit": found.judged_below(cap_microusd),
        "stopped_by": room.sentence() if room else "",
        "problem": found.problem,
        "warning": found.warning,
    }
