"""By which words a page shows that it speaks of what a criterion asks for, whatever language it is in."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from integrations.capabilities import Criterion
from integrations.judging.clients import customers_of
from integrations.judging.facets import facet_of
from integrations.judging.reading import after_frame
from integrations.judging.trade import trade_of
from integrations.lexicon import places
from integrations.lexicon.certificates import certificates_in
from integrations.lexicon.events import events_in
from integrations.lexicon.keywords import keywords_in
from integrations.lexicon.language import language_of
from integrations.lexicon.words import words

LANGUAGES = ("en", "fr", "de", "zh", "sr", "es", "it")
_MOST_COUNTRIES = 12  # of a group of countries, that are looked for by name
_NAME, _CUE = 1.0, 0.5

# Words beside which such a fact stands; what ends in * stands for all that start so.
_ADDRESS = (
    "address|adresse|anschrift|headquarter*|based|located|office|impressum|imprint|contact|kontakt|standort|siege|"
    "implante*|sediste|adresa|direccion|oficina|sede|indirizzo|phone|telefon*|telephone|地址|总部|位于|电话"
)
_CUES: Mapping[str, tuple[str, ...]] = {
    facet: tuple(said.split("|"))
    for facet, said in {
        "country": _ADDRESS,
        "region": _ADDRESS,
        "employees": (
            "employe*|people|staff|team|headcount|workforce|mitarbeite*|beschaftigte*|menschen|personen|salarie*|"
            "collaborateur*|personnes|effectif|zaposlen*|radnik*|empleado*|trabajador*|persona*|dipendent*|addett*|"
            "员工|职工|人"
        ),
        "founded_year": (
            "founded|established|since|founding|history|started|gegrundet|grundung|seit|geschichte|fonde*|depuis|creee*|"
            "histoire|osnovan*|godine|fundad*|desde|creada|fondat*|nata|dal|成立|创立|创办|创建|始于"
        ),
        "event": "fair|trade show|expo*|messe|halle|booth|stand|hall|salon|foire|sajam|feria|fiera|展会|展位|博览会",
        "certification": ("certifi*|zertifi*|sertifik*|accredit*|iso|en|iatf|qualification|norm|norme|认证|证书|体系"),
        "customers": (
            "customer*|client*|serve|serving|industr*|sector*|market*|kunden|branchen|abnehmer|secteur*|marche*|kupci|"
            "klijent*|客户|服务于|行业|应用"
        ),
    }.items()
}
NUMERIC = frozenset({"employees", "founded_year"})


@lru_cache(maxsize=1_000)
def traces_of(criterion: Criterion) -> Mapping[str, float]:
    """Return phrases with weights (0-1): names of what is asked for, and words that stand beside such facts."""
    facet = facet_of(criterion)
    traces = dict.fromkeys(_CUES.get(facet, ()), _CUE)
    return traces | {phrase: weight for phrase, weight in _named(facet, criterion) if weight > 0}


def _named(facet: str, criterion: Criterion) -> Iterator[tuple[str, float]]:
    if facet in ("country", "region"):
        yield from ((name, _NAME) for name in _places(criterion.text))
    elif facet == "certification":
        yield from ((one.name, _NAME) for one in certificates_in(criterion.text))
    elif facet == "event":
        yield from ((name, _NAME) for name, _ in events_in(criterion.text))
        yield after_frame(criterion.text).strip(" .。"), _NAME
    elif facet not in NUMERIC:
        idea = customers_of(criterion) if facet == "customers" else trade_of(criterion)
        yield from (idea.weights.items() if idea is not None else _own_words(criterion.text))


def _places(text: str) -> Iterator[str]:
    for hit in places.find(words(after_frame(text))):
        yield hit.value.name
        if len(hit.value.countries) <= _MOST_COUNTRIES:
            yield from (places.country_name(code, language) for code in hit.value.countries for language in LANGUAGES)


def _own_words(text: str) -> Iterator[tuple[str, float]]:
    yield from ((keyword, _CUE) for keyword in keywords_in(text, language_of(text)))
