"""What a run would do and cost at most, before anybody presses start."""

from dataclasses import dataclass

from django.conf import settings

from hunts import tools
from hunts.icp import Icp
from hunts.models import Source
from hunts.stages import qualify
from integrations.providers.exa import Exa
from integrations.providers.local import Local


@dataclass(frozen=True, slots=True)
class Estimate:
    """`worst_case_microusd` is `None` where some price is not known: such a run would be refused.

    `problem` is '' or why the run cannot start as it is, and what to do.
    """

    companies: int
    searcher: str
    judge: str
    search_microusd: int | None
    judging_microusd: int | None
    problem: str = ""

    @property
    def worst_case_microusd(self) -> int | None:
        if self.search_microusd is None or self.judging_microusd is None:
            return None
        return self.search_microusd + self.judging_microusd

    @property
    def is_free(self) -> bool:
        return self.worst_case_microusd == 0


def estimate(icp: Icp, *, source: str, limit: int) -> Estimate:
    """Return what a run of `icp` over `source` would do for `limit` companies; it makes no call."""
    models = tools.language_models()
    judging: int | None = 0
    if models:
        size = qualify.ALL_CHARACTERS + len(qualify.prompt((), icp.criteria)) + len(qualify.SYSTEM)
        tokens = qualify.TOKENS_A_VERDICT * max(len(icp.criteria), 1)
        one = models[0].worst_case_microusd(input_characters=size, max_tokens=tokens)
        judging = None if one is None else one * limit
    search: int | None = 0
    problem = ""
    if source == Source.EXA:
        values = settings.PROVIDERS["exa"]
        search = Exa(api_key=values["api_key"], base_url=values["base_url"]).worst_case_microusd(limit)
        problem = "" if values["api_key"] else "Exa needs a key: set EXA_API_KEY, or choose another source."
    judge = f"{models[0].name} ({models[0].model})" if models else Local.name
    return Estimate(limit, str(Source(source).label), judge, search, judging, problem)
