"""What runs and leads cost, for pages of floors below and for the page of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import template

from hunts import costs
from hunts.models import Candidate, Run

register = template.Library()


@dataclass(frozen=True, slots=True)
class LatestCost:
    """What a lead cost in the newest run that looked at it."""

    run: Run
    cost: costs.LeadCost


@register.simple_tag
def latest_cost(candidacies: Sequence[Candidate]) -> LatestCost | None:
    """Return what a lead cost in the run of its first candidacy; `None` where no run has looked at it."""
    if not candidacies:
        return None
    # A run may have found the lead under two addresses and judged it under one.
    of_run = [one for one in candidacies if one.run_id == candidacies[0].run_id]
    latest = next((one for one in of_run if one.status == Candidate.Status.QUALIFIED), of_run[0])
    return LatestCost(latest.run, costs.of_candidate(latest))


@register.simple_tag
def costs_of_run(run: Run, qualified: int) -> costs.Charged:
    """Return what a run with so many qualified leads was charged until now."""
    return costs.charged(run, qualified=qualified)
