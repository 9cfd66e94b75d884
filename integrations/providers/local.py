"""The local judge: answers criteria from page texts by rules, with no language model and no network.

It knows facts (place, size, age, fairs, certificates) by their words and trades by the taxonomy's phrases. It quotes a
sentence or a line verbatim, grades its confidence by how central the thing is to the company, and says unclear where
nothing tells. Whatever a page says to its reader is only words.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from integrations.capabilities import Criterion, Judgement, Opinion, Prices, ReadPage
from integrations.judging.certification import judge_certification
from integrations.judging.clients import judge_customers
from integrations.judging.facets import facet_of
from integrations.judging.fairs import judge_event
from integrations.judging.location import judge_place
from integrations.judging.numbers import judge_employees, judge_founded
from integrations.judging.reading import Judge, Reading, read, unclear
from integrations.judging.trade import judge_trade
from integrations.providers.registry import register

VERSION = "rules-2"

_JUDGES: Mapping[str, Judge] = {
    "industry": judge_trade,
    "keyword": judge_trade,
    "country": judge_place,
    "region": judge_place,
    "employees": judge_employees,
    "founded_year": judge_founded,
    "event": judge_event,
    "certification": judge_certification,
    "customers": judge_customers,
}


@register
class Local:
    """Judges by rules."""

    slug: ClassVar[str] = "local"
    name: ClassVar[str] = "Local judge"
    needs_key: ClassVar[bool] = False
    prices: ClassVar[Mapping[str, Prices]] = {"judge": Prices(per_call=0)}

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Say yes, no or unclear for each criterion, in their order, with a quote from `pages`."""
        reading = read(pages)
        opinions = tuple(_judge(criterion, reading) for criterion in criteria)
        return Judgement(opinions=opinions, judged_by=f"local/{VERSION}", prompt_version=VERSION)


def _judge(criterion: Criterion, reading: Reading) -> Opinion:
    if not reading.pages:
        return unclear(criterion, "Nothing of this company could be read.")
    return _JUDGES[facet_of(criterion)](criterion, reading)
