"""What kind of fact a criterion asks for."""

from integrations.capabilities import Criterion
from integrations.lexicon import places, sizes
from integrations.lexicon.certificates import certificates_in
from integrations.lexicon.events import events_in
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.words import words

FACETS = frozenset(
    {"industry", "keyword", "country", "region", "employees", "founded_year", "event", "certification", "customers"}
)


def facet_of(criterion: Criterion) -> str:
    """Return one of FACETS: the criterion's own, or what its sentence asks for where it has none that is known."""
    return criterion.facet if criterion.facet in FACETS else _facet_for(criterion.text)


def _facet_for(text: str) -> str:
    if sizes.employees_in(text):
        return "employees"
    if sizes.founded_in(text):
        return "founded_year"
    if certificates_in(text):
        return "certification"
    if events_in(text):
        return "event"
    if not industry_groups(text) and places.find(words(text)):
        return "country"
    return "industry"
