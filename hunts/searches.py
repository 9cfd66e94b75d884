"""The search plan: which questions a profile becomes for a source, and how many companies each is asked for.

One sentence finds the companies that describe themselves in its words. So a source that answers by meaning is asked in
sentences and in plain words, for each trade and each country by itself, and in the languages that are spoken where
the companies are (by the taxonomy's own names). Deterministic: the same profile makes the same plan.

A directory weighs all of a profile at once and better than any part of it: it is asked for the whole, and for parts
only where the whole leaves room.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.translation import gettext_lazy as _

from hunts.icp import Icp
from hunts.models import Source
from integrations.capabilities import Range, SearchQuery
from integrations.lexicon import places, taxonomy
from integrations.lexicon.countries import countries_speaking
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.words import words

Form = Literal["profile", "neural", "keyword"]
Why = Literal["whole", "words", "native", "trade", "country", "keyword", "event"]

WHY = {
    "whole": _("the whole profile"),
    "words": _("the same in plain words"),
    "native": _("in the language spoken there"),
    "trade": _("one trade by itself"),
    "country": _("one country by itself"),
    "keyword": _("one keyword by itself"),
    "event": _("who exhibits there"),
}

MOST_QUERIES = 10
LONGEST_QUERY = 400  # characters; the vendors take more, but a sentence that says everything finds nothing
# Answers overlap: together the questions ask for more than is wanted, each for at least what its price includes.
OVERLAP = 1.5
LEAST_SHARE, MOST_SHARE = 10, 100  # https://exa.ai/docs/reference/pricing; its maximum of `numResults`
_FEW_COUNTRIES = 4
_MOST_KEYWORDS = 3
_ALIKE = 0.9  # of the words in common: such questions find the same companies


@dataclass(frozen=True, slots=True)
class Planned:
    """One question of a plan. `share` is how many companies it is asked for; a spare one is only asked while there
    are too few. `language` is ISO 639-1."""

    query: SearchQuery
    form: Form
    why: Why
    language: str
    share: int
    is_spare: bool = False


Plan = tuple[Planned, ...]


def plan(icp: Icp, *, source: str, limit: int) -> Plan:
    """Return what `source` is asked for `limit` companies of this profile, the question that says most first."""
    if source in (Source.DIRECTORY, Source.FILE):
        return _whole_then_parts(icp, limit)
    questions = tuple(_different(_questions(icp)))
    return _shared_out(questions, limit) if source == Source.EXA else _each_in_full(questions, limit)


def worst_case_microusd(planned: Plan, price: Callable[[int], int | None]) -> int | None:
    """Return what all questions cost at most; `price` gives that of one by its share, None where nobody knows."""
    prices = [price(one.share) for one in planned]
    return None if None in prices else sum(cost for cost in prices if cost is not None)


def _whole_then_parts(icp: Icp, limit: int) -> Plan:
    return _each_in_full((Planned(icp.query(), "profile", "whole", icp.language, limit), *_parts(icp)), limit)


def _each_in_full(questions: Sequence[Planned], limit: int) -> Plan:
    return tuple(replace(question, share=limit) for question in questions[:MOST_QUERIES])


def _parts(icp: Icp) -> Iterator[Planned]:
    """Yield the profile for a directory with less in it; where and how big stay, for they are facts of its rows."""
    whole = icp.query()
    if len(icp.industries) > 1:
        for industry in icp.industries:
            label = taxonomy.industries()[industry].label(icp.language) if _is_known(industry) else industry
            one = replace(whole, text=label, industries=(industry,), keywords=())
            yield Planned(one, "profile", "trade", icp.language, 0, is_spare=True)
    if icp.industries and icp.keywords:
        one = replace(whole, text=" ".join(icp.keywords), industries=())
        yield Planned(one, "profile", "keyword", icp.language, 0, is_spare=True)


def _shared_out(questions: Sequence[Planned], limit: int) -> Plan:
    """Return as many questions as the limit is worth, each with its share of it, for a source that is paid."""
    asked = questions[: min(MOST_QUERIES, 2 + limit // 20)]
    share = min(max(math.ceil(limit * OVERLAP / max(len(asked), 1)), LEAST_SHARE), MOST_SHARE)
    return tuple(replace(question, share=share) for question in asked)


# ── the questions, best first ────────────────────────────────────────────────────────────────────────────


def _questions(icp: Icp) -> Iterator[Planned]:
    """Yield the questions for a source that answers by meaning or by words."""
    own = _own_language(icp)
    native = [language for language in languages_of(icp.countries) if language != own]
    groups = _groups(icp)
    yield _sentence(icp, own, "whole", industries=icp.industries, is_full=True)
    for language in native[:1]:
        yield _sentence(icp, language, "native", industries=icp.industries)
    yield _in_words(icp, own, "words")
    yield from (_exhibitors(icp, own, event) for event in icp.events)
    # Trades of which either will do are asked for one by one; trades that must meet in one company are not torn apart.
    if len(groups) == 1 and len(groups[0]) > 1:
        yield from (_sentence(icp, own, "trade", industries=(industry,), keywords=()) for industry in groups[0])
    yield from (_in_words(icp, language, "native") for language in native[:1])
    if 1 < len(icp.countries) <= _FEW_COUNTRIES:
        for country in icp.countries:
            language = next(iter(languages_of((country,))), own)
            yield _sentence(replace(icp, countries=(country,)), language, "country", industries=icp.industries)
    for language in native[1:]:
        yield _sentence(icp, language, "native", industries=icp.industries)
    if len(icp.keywords) > 1 or icp.industries:
        for keyword in icp.keywords[:_MOST_KEYWORDS]:
            yield _sentence(icp, own, "keyword", industries=(), keywords=(keyword,))


def _different(questions: Iterable[Planned]) -> Iterator[Planned]:
    """Yield the questions that say something, none that says nearly the same as one before it about the same places."""
    seen: list[tuple[frozenset[str], tuple[str, ...]]] = []
    for question in questions:
        said, where = frozenset(words(question.query.text)), question.query.countries
        if said and not any(where == there and _overlap(said, other) >= _ALIKE for other, there in seen):
            seen.append((said, where))
            yield question


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def languages_of(countries: Sequence[str]) -> tuple[str, ...]:
    """Return the taxonomy's languages in which companies of `countries` write of themselves, English left out."""
    spoken = {language: {*countries_speaking(language), *_ALSO.get(language, ())} for language in taxonomy.LANGUAGES}
    found = (lang for country in countries for lang in taxonomy.LANGUAGES if lang != "en" and country in spoken[lang])
    return tuple(dict.fromkeys(found))


# Where a language is read as well, beside the countries that a page in it points to.
_ALSO = {"sr": ("BA", "ME", "HR"), "zh": ("TW", "HK", "MO"), "fr": ("MC",)}


def _own_language(icp: Icp) -> str:
    return icp.language if icp.language in _PHRASES else "en"


def _groups(icp: Icp) -> tuple[tuple[str, ...], ...]:
    """Return the industries in the groups in which the brief names them; all of them in one where it does not."""
    named = [tuple(one for one in group if one in icp.industries) for group in industry_groups(icp.brief)]
    groups = tuple(group for group in named if group)
    return groups if {one for group in groups for one in group} == set(icp.industries) else (icp.industries,)


# ── their words ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Phrases:
    """How a language says it. {} is filled in."""

    company: str
    place: str
    employees: tuple[str, str, str]  # between, at least, at most
    founded: tuple[str, str, str]  # between, since, until
    exhibits: str
    joint: str
    either: str


_PHRASES = {
    "en": _Phrases(
        "Company: {}", "Based in {}", ("{}-{} employees", "At least {} employees", "At most {} employees"),
        ("Founded between {} and {}", "Founded in {} or later", "Founded by {}"),
        "Companies that exhibit at {}", ", ", " or ",
    ),
    "fr": _Phrases(
        "Entreprise : {}", "Siège : {}", ("{}-{} employés", "Au moins {} employés", "Au plus {} employés"),
        ("Fondée de {} à {}", "Fondée depuis {}", "Fondée jusqu'en {}"),
        "Exposants du salon {}", ", ", " ou ",
    ),
    "de": _Phrases(
        "Unternehmen: {}", "Sitz: {}", ("{}-{} Mitarbeiter", "Mindestens {} Mitarbeiter", "Höchstens {} Mitarbeiter"),
        ("Gegründet {} bis {}", "Gegründet seit {}", "Gegründet bis {}"),
        "Aussteller der Messe {}", ", ", " oder ",
    ),
    "zh": _Phrases(
        "公司：{}", "位于{}", ("{}-{}名员工", "至少{}名员工", "最多{}名员工"),
        ("成立于{}至{}年", "成立于{}年以后", "成立不晚于{}年"), "参加{}的公司", "、", "或",
    ),
    "sr": _Phrases(
        "Firma: {}", "Sedište: {}", ("{}-{} zaposlenih", "Najmanje {} zaposlenih", "Najviše {} zaposlenih"),
        ("Osnovana od {} do {}", "Osnovana od {} pa nadalje", "Osnovana do {}"),
        "Izlagači na sajmu {}", ", ", " ili ",
    ),
}  # fmt: skip


def _sentence(
    icp: Icp,
    language: str,
    why: Why,
    *,
    industries: Sequence[str],
    keywords: Sequence[str] | None = None,
    is_full: bool = False,
) -> Planned:
    """Return a question in whole sentences, as a model that compares meanings takes it best."""
    said = _PHRASES[language]
    what = [*_keywords(icp, language, icp.keywords if keywords is None else keywords), *_labels(industries, language)]
    parts = [said.company.format(said.joint.join(dict.fromkeys(what)))] if what else []
    if what and (where := _where(icp, language)):
        parts.append(said.place.format(said.either.join(where)))
    if what and is_full:
        parts += _facts(icp, said)
    # A brief that names no trade is asked as it was written.
    text = ". ".join(parts) if parts else icp.brief if is_full else ""
    return _asked(icp, text, "neural", why, language)


def _in_words(icp: Icp, language: str, why: Why) -> Planned:
    """Return a question of words alone: what such companies are called and call themselves, and where they are."""
    known = [taxonomy.industries()[one] for one in icp.industries if _is_known(one)]
    named = [*_keywords(icp, language, icp.keywords), *_labels(icp.industries, language)]
    if language == "en":  # only of English names can one tell by their letters that they are
        named += [name for industry in known for name in industry.names[:3] if name.isascii() and "*" not in name]
    text = " ".join(_new([*named, *_where(icp, language)])) if named else ""
    return _asked(icp, text, "keyword", why, language)


def _new(phrases: Iterable[str]) -> Iterator[str]:
    """Yield the phrases that say a word which those before them do not."""
    said: set[str] = set()
    for phrase in phrases:
        if not said.issuperset(words(phrase)):
            said.update(words(phrase))
            yield phrase


def _exhibitors(icp: Icp, language: str, event: str) -> Planned:
    said = _PHRASES[language]
    what = said.joint.join(_labels(icp.industries, language))
    text = ": ".join(part for part in (said.exhibits.format(event), what) if part)
    return _asked(icp, text, "neural", "event", language)


def _asked(icp: Icp, text: str, form: Form, why: Why, language: str) -> Planned:
    """Return the question without what its words say already; where the companies are stays, for filters."""
    query = SearchQuery(text=_cut(" ".join(text.split())), countries=icp.countries)
    return Planned(query, form, why, language, LEAST_SHARE)


def _cut(text: str) -> str:
    if len(text) <= LONGEST_QUERY:
        return text
    head = text[:LONGEST_QUERY]
    return head[: head.rfind(" ")] if " " in head else head


def _labels(industries: Sequence[str], language: str) -> list[str]:
    known = taxonomy.industries()
    return [known[one].label(language) if _is_known(one) else one.replace("_", " ") for one in industries]


def _keywords(icp: Icp, language: str, keywords: Sequence[str]) -> list[str]:
    """Return keywords as `language` says them: by the taxonomy, or as they are where they belong to no language."""
    if language == _own_language(icp):
        return list(keywords)
    return [said for keyword in keywords if (said := _translated(keyword, language))]


def _translated(keyword: str, language: str) -> str:
    hits = taxonomy.names().find(words(keyword))
    if hits:
        return taxonomy.industries()[hits[0].value].label(language)
    # A standard or an abbreviation (ISO 9001, CNC, ERP) is the same everywhere.
    return keyword if any(map(str.isdigit, keyword)) or (keyword.isupper() and len(keyword) > 1) else ""


def _where(icp: Icp, language: str) -> list[str]:
    """Return the places as a question names them: regions as they were written, else a few countries by name."""
    if icp.regions:
        return list(icp.regions)
    return [places.country_name(code, language) for code in icp.countries[:_FEW_COUNTRIES]]


def _facts(icp: Icp, said: _Phrases) -> list[str]:
    facts = []
    if icp.employees:
        facts.append(_ranged(icp.employees, said.employees))
    if icp.founded_year:
        facts.append(_ranged(icp.founded_year, said.founded))
    return facts


def _ranged(asked: Range, said: tuple[str, str, str]) -> str:
    """Return a range in words: `said` is how one says between, at least and at most."""
    between, least, most = said
    if asked.min is not None and asked.max is not None:
        return between.format(asked.min, asked.max)
    return least.format(asked.min) if asked.min is not None else most.format(asked.max)


def _is_known(industry: str) -> bool:
    return industry in taxonomy.industries()
