"""The company directory: imported lists, searched by what words mean. Plain Python over an index that is given to it.

The index finds rows by words; here they are weighed again by the taxonomy, by where a word stands, and by the facts
of the row (country, region, size, event). A fact that a row does not state counts against it a little, a fact that
contradicts the query drops it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from integrations.capabilities import FoundCompany, Prices, Range, SearchQuery
from integrations.lexicon import concepts, events, places, taxonomy
from integrations.lexicon.industry_words import grouped_industries, ruled_out_industries
from integrations.lexicon.text import normalise
from integrations.lexicon.words import fold, words
from integrations.providers.registry import register

CANDIDATES = 2_000


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """One company as its list has it. `event` is the list's name (a trade fair, a programme)."""

    name: str
    domain: str
    website: str = ""
    one_liner: str = ""
    description: str = ""
    location: str = ""
    country: str = ""
    employees: Range = Range()
    founded_year: int | None = None
    phone: str = ""
    event: str = ""


class CompanyIndex(Protocol):
    async def candidates(self, terms: Sequence[str], *, countries: Sequence[str], limit: int) -> Sequence[DirectoryRow]:
        """Return rows that hold any of `terms`, the fullest matches first.

        A term is one or several folded words (a phrase); one that ends in `*` is a prefix. With `countries` (ISO
        codes), rows that state another country may be left out; rows without a country must stay. Without
        terms: any rows.
        """


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A query taken apart: each idea must be there, of each idea's phrases any."""

    ideas: tuple[concepts.Concept, ...]
    keywords: concepts.Concept | None
    excluded: tuple[concepts.Concept, ...]
    terms: tuple[str, ...]
    countries: frozenset[str]
    regions: tuple[str, ...]
    events: tuple[str, ...]


@register
class Directory:
    """Finds companies in the imported lists."""

    slug: ClassVar[str] = "directory"
    name: ClassVar[str] = "Company directory"
    needs_key: ClassVar[bool] = False
    prices: ClassVar[Mapping[str, Prices]] = {"search": Prices(per_call=0)}

    def __init__(self, index: CompanyIndex) -> None:
        self._index = index
        # One is made for each run, and forgotten with it.
        self._scored: dict[SearchQuery, list[tuple[float, DirectoryRow]]] = {}

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        """Return companies that may match, best first; [] where none is known.

        All pages of a question but the first come from what was found for that one, so that they fit together.
        """
        wanted = _take_apart(query)
        scored = self._scored.get(query) if offset else None
        if scored is None:
            scored = self._scored[query] = await self._score_all(wanted, query)
        best = scored[0][0] if scored else 1.0
        return [_found(row, score / best, wanted.countries) for score, row in scored[offset : offset + limit]]

    async def _score_all(self, wanted: _Wanted, query: SearchQuery) -> list[tuple[float, DirectoryRow]]:
        rows = await self._candidates(wanted)
        scored = [(score, row) for row in rows if (score := _score(row, wanted, query)) > 0]
        return sorted(scored, key=lambda pair: (-pair[0], pair[1].domain, pair[1].name))

    async def _candidates(self, wanted: _Wanted) -> list[DirectoryRow]:
        found = await self._index.candidates(wanted.terms, countries=sorted(wanted.countries), limit=CANDIDATES)
        if not wanted.countries:
            return list(found)
        # A row states one country, the address may name several: those are only found without the filter.
        others = await self._index.candidates(wanted.terms, countries=(), limit=CANDIDATES)
        return list({(row.domain, row.name): row for row in (*found, *others)}.values())


def record_text(row: DirectoryRow) -> str:
    """Return the row as citable plain text: its words, then one fact a line."""
    place = places.parse_address(row.location, row.phone, row.domain)
    country = row.country or place.country
    facts = {
        "Location": " ".join(row.location.split()),
        "Country": places.country_name(country) if country else "",
        "Employees": _range_text(row.employees),
        "Founded": str(row.founded_year or ""),
        "Exhibits at": events.event_name(row.event),
        "Listed in": "" if events.event_name(row.event) else row.event,
        "Phone": row.phone,
        "Website": row.website,
    }
    said = [row.name, row.one_liner, "" if row.description == row.one_liner else row.description]
    return normalise("\n".join([*filter(None, said), *(f"{name}: {value}" for name, value in facts.items() if value)]))


def _range_text(found: Range) -> str:
    if found.min is not None and found.max is not None:
        return str(found.min) if found.min == found.max else f"{found.min}-{found.max}"
    return f"{found.min}+" if found.min is not None else f"up to {found.max}" if found.max is not None else ""


def _found(row: DirectoryRow, relevance: float, wanted: frozenset[str]) -> FoundCompany:
    place = places.parse_address(row.location, row.phone, row.domain)
    # Of a company in several countries, the one that was asked for is the one that matters.
    fitting = [country for country in place.countries if country in wanted]
    return FoundCompany(
        name=row.name,
        domain=row.domain,
        website=row.website,
        description=row.one_liner or row.description[:300],
        record=record_text(row),
        location=row.location,
        country=next(iter(fitting), row.country or place.country),
        employees=row.employees,
        founded_year=row.founded_year,
        phone=row.phone,
        source="directory",
        source_url=row.website,
        relevance=round(min(relevance, 1.0), 4),
    )


def _take_apart(query: SearchQuery) -> _Wanted:
    groups = _groups(query)
    countries, regions = set(query.countries), []
    for name in query.regions:
        place = places.lookup(name)
        if place is None:
            continue
        countries.update(place.countries)
        if place.region:
            regions.append(place.region)
    return _Wanted(
        ideas=tuple(concepts.industry_concept(group) for group in groups),
        keywords=concepts.keyword_concept(query.keywords) if query.keywords else None,
        excluded=tuple(_excluded(words_) for words_ in query.excluded),
        terms=tuple(_terms(query, groups)),
        countries=frozenset(countries),
        regions=tuple(regions),
        events=tuple(query.events),
    )


def _groups(query: SearchQuery) -> tuple[tuple[str, ...], ...]:
    """Return the query's industries, those its sentence means together in one group."""
    known = [industry for industry in query.industries if industry in taxonomy.industries()]
    return grouped_industries(known, query.text)


def _excluded(text: str) -> concepts.Concept:
    if industries := ruled_out_industries(text):
        return concepts.industry_concept(industries)
    return concepts.keyword_concept((text,))


def _terms(query: SearchQuery, groups: Sequence[Sequence[str]]) -> list[str]:
    terms: dict[str, None] = {}
    for keyword in query.keywords:
        terms[" ".join(words(keyword))] = None
    for group in groups:
        for industry in group:
            strong = sorted(taxonomy.evidence_of(industry).items(), key=lambda pair: -pair[1])
            terms |= {
                form: None for phrase, weight in strong if weight >= taxonomy.INHERITED for form in _spelled(phrase)
            }
    if not terms:
        terms = {word: None for word in words(query.text) if len(word) > 2}
    return list(terms)


def _spelled(phrase: str) -> tuple[str, ...]:
    """Return a phrase as an index that knows no plurals has to be asked for it."""
    folded = fold(phrase)
    return (folded, f"{folded}s") if folded[-1].isascii() and folded[-1].isalpha() and folded[-1] != "s" else (folded,)


def _score(row: DirectoryRow, wanted: _Wanted, query: SearchQuery) -> float:
    """Return how well a row fits; 0 where a fact of it contradicts the query or nothing fits."""
    facts = _fit_of_facts(row, wanted, query)
    if facts == 0:
        return 0.0
    text = concepts.read_record(record_text(row))
    strengths = [concepts.confidence(idea.find(text).strength) for idea in wanted.ideas]
    keywords = concepts.confidence(wanted.keywords.find(text).strength) if wanted.keywords else 0.0
    if any(concepts.confidence(idea.find(text).strength) > 0.4 for idea in wanted.excluded):
        return 0.0
    if strengths:
        # All ideas have to be there, so the weakest leads.
        meaning = min(strengths) * 0.8 + sum(strengths) / len(strengths) * 0.2 + keywords * 0.15
    else:
        meaning = keywords if wanted.keywords else 0.1
    return meaning * facts


def _fit_of_facts(row: DirectoryRow, wanted: _Wanted, query: SearchQuery) -> float:
    fit = 1.0
    if wanted.countries or wanted.regions:
        fit *= _fit_of_place(row, wanted)
    if query.employees:
        known = bool(row.employees)
        fit *= 0.5 if not known else float(query.employees.overlaps(row.employees))
    if query.founded_year:
        fit *= 0.7 if row.founded_year is None else float(query.founded_year.contains(row.founded_year))
    if wanted.events:
        fit *= float(any(is_event(event, row.event) for event in wanted.events))
    return fit


def _fit_of_place(row: DirectoryRow, wanted: _Wanted) -> float:
    address = places.parse_address(row.location, row.phone, row.domain)
    countries = address.countries or ((row.country,) if row.country else ())
    if not countries:
        return 0.3
    if wanted.countries and not wanted.countries.intersection(countries):
        return 0.0
    if wanted.regions and not any(places.lies_in(address, region) for region in wanted.regions):
        return 0.0 if address.regions else 0.3
    # A company in several countries fits a little less than one that is only there.
    return 1.0 if wanted.countries.issuperset(countries[:1]) else 0.85


def is_event(wanted: str, stated: str) -> bool:
    """Say whether the list or fair `stated` is the fair `wanted`; a year that is not asked for does not matter."""
    forms = words(stated.replace("-", " ").replace("_", " "))
    return bool(forms) and all(form in forms for form in words(wanted))
