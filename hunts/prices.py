"""What the calls of a run cost each, by provider: from their price lists, before anything is called."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from hunts import passages, searches
from hunts.icp import Icp
from hunts.models import Source
from hunts.stages import qualify
from integrations.capabilities import Usage
from integrations.connections import Access
from integrations.providers.exa import Exa
from integrations.providers.local import VERSION as LOCAL_VERSION
from integrations.providers.local import Local

# Addresses and titles of the pages that passages are from.
FRAME_CHARACTERS = 4_000
# A judgement that does not come in the form asked for is asked for once more.
ASKED_AT_MOST = 2
# What a judgement takes as a rule: English has about four characters a token, a small site fills a quarter of the room
# for passages and a usual one three fifths, and a verdict needs a third of what it is allowed.
_CHARACTERS_A_TOKEN = 4
_SMALL_SITE, _USUAL_SITE = 0.25, 0.6
_SHORT_VERDICT, _USUAL_VERDICT = 0.2, 0.35


@dataclass(frozen=True, slots=True)
class Judging:
    """What one model costs for one company, in micro-dollars; all `None` where its price is not known."""

    provider: str
    model: str
    name: str  # that verdicts carry
    low_microusd: int | None
    usual_microusd: int | None
    most_microusd: int | None  # for one call

    @property
    def is_priced(self) -> bool:
        return self.most_microusd is not None

    @property
    def label(self) -> str:
        return f"{self.provider} ({self.model})" if self.model else self.provider


@dataclass(frozen=True, slots=True)
class Searching:
    """What the search costs: so many questions, each at most so much; `None` where the price is not known.

    `slug` is of the provider that is paid for it, '' where it costs nothing.
    """

    provider: str
    calls: int
    each_microusd: int | None
    total_microusd: int | None
    slug: str = ""


def judges_of(icp: Icp, models: Sequence[Access]) -> list[Judging]:
    """Return who judges, the preferred one first; rules on our own machine stand behind all models and cost nothing."""
    rules = Judging(str(_("Local judge")), "", f"{Local.slug}/{LOCAL_VERSION}", 0, 0, 0)
    return [*(_judging(icp, access) for access in models), rules]


def _judging(icp: Icp, access: Access) -> Judging:
    asked = qualify.prompt((), (), icp.criteria)
    characters = len(asked.system) + len(asked.user)
    schema = qualify.JudgementForm.model_json_schema()
    answer = qualify.TOKENS_A_VERDICT * max(len(icp.criteria), 1)
    model = access.open()
    most = model.worst_case_microusd(
        input_characters=characters + 3 * passages.TOKENS + FRAME_CHARACTERS, max_tokens=answer, json_schema=schema
    )
    framed = (characters + len(str(schema)) + FRAME_CHARACTERS) // _CHARACTERS_A_TOKEN

    def usually(site: float, verdict: float) -> int | None:
        tokens = Usage(round(framed + site * passages.TOKENS), round(verdict * answer))
        return None if most is None else model.cost_microusd(tokens)

    return Judging(
        access.provider.name,
        access.model,
        access.name,
        usually(_SMALL_SITE, _SHORT_VERDICT),
        usually(_USUAL_SITE, _USUAL_VERDICT),
        most,
    )


def searching(icp: Icp, *, source: str, limit: int) -> Searching:
    """Return what the search of a run for `limit` companies costs."""
    plan = searches.plan(icp, source=source, limit=limit)
    if source != Source.EXA:
        return Searching(str(Source(source).label), len(plan), 0, 0)
    values = settings.PROVIDERS["exa"]
    price = Exa(api_key=values["api_key"], base_url=values["base_url"]).worst_case_microusd
    each = [price(one.share) for one in plan]
    known = [cost for cost in each if cost is not None]
    is_priced = len(known) == len(each)
    return Searching(
        Exa.name,
        len(plan),
        max(known, default=0) if is_priced else None,
        searches.worst_case_microusd(plan, price),
        Exa.slug,
    )
