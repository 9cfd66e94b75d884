"""What a run would do and cost at most, before anybody presses start."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from hunts import passages, searches
from hunts.icp import Icp
from hunts.models import Source
from hunts.stages import qualify
from integrations.connections import Access, accesses
from integrations.providers.exa import Exa

# Addresses and titles of the pages that passages are from.
FRAME_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """`worst_case_microusd` is `None` where some price is not known: such a run would be refused.

    `problem` is '' or why the run cannot start as it is, and what to do.
    """

    companies: int
    searcher: str
    judge: str
    search_microusd: int | None
    judging_microusd: int
    problem: str = ""

    @property
    def worst_case_microusd(self) -> int | None:
        return None if self.search_microusd is None else self.search_microusd + self.judging_microusd

    @property
    def is_free(self) -> bool:
        return self.worst_case_microusd == 0


def estimate(icp: Icp, *, source: str, limit: int, workspace_id: int | None = None) -> Estimate:
    """Return what a run of `icp` over `source` would do for `limit` companies; it makes no call.

    Without a workspace it is for one that has no language models of its own.
    """
    models = accesses(workspace_id)
    judging = _judging(icp, models, limit)
    search: int | None = 0
    problem = ""
    if source == Source.EXA:
        values = settings.PROVIDERS["exa"]
        exa = Exa(api_key=values["api_key"], base_url=values["base_url"])
        search = searches.worst_case_microusd(searches.plan(icp, source=source, limit=limit), exa.worst_case_microusd)
        problem = "" if values["api_key"] else _("Exa needs a key: set EXA_API_KEY, or choose another source.")
    judge = f"{models[0].provider.name} ({models[0].model})" if models else _("Local judge")
    return Estimate(limit, str(Source(source).label), judge, search, judging, problem)


def _judging(icp: Icp, models: Sequence[Access], limit: int) -> int:
    """Return what judging costs at most: by the dearest model, for any may stand in, and asked a second time.

    A model whose price is not known is not asked.
    """
    asked = qualify.prompt((), (), icp.criteria)
    characters = len(asked.system) + len(asked.user) + 3 * passages.TOKENS + FRAME_CHARACTERS
    costs = [
        access.open().worst_case_microusd(
            input_characters=characters,
            max_tokens=qualify.TOKENS_A_VERDICT * max(len(icp.criteria), 1),
            json_schema=qualify.JudgementForm.model_json_schema(),
        )
        for access in models
    ]
    return 2 * max((cost for cost in costs if cost is not None), default=0) * limit
