"""Reading a brief without a language model: the profile that the words themselves state.

Deterministic: numbers, places, fairs and exclusions are taken out one after the other, what remains is read for
industries (the taxonomy) and, after those, for keywords.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hunts.criteria import NiceToHave, criteria_of
from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import certificates, negation, places, sizes, taxonomy, wishes
from integrations.lexicon.events import events_in
from integrations.lexicon.funding import company_type_in, funding_in, stage_in
from integrations.lexicon.industry_words import WAYS_OF_WORKING, industry_groups, passed_over, without_industries
from integrations.lexicon.keywords import keywords_in
from integrations.lexicon.language import language_of
from integrations.lexicon.roles import roles_in
from integrations.lexicon.text import normalise
from integrations.lexicon.words import placed_words

MAX_LENGTH = 20_000  # characters
MAX_KEYWORDS = 8


class BriefUnreadable(ValueError):
    """A brief that cannot be read. Its text is fit to show to a user and says what to do."""


@dataclass(frozen=True, slots=True)
class _Places:
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    rest: str


def read_brief(brief: str, *, this_year: int | None = None) -> Icp:
    """Return the profile that `brief` describes. `this_year` is what ages (`older than 20 years`) count from.

    Raises BriefUnreadable where the brief is empty, has no words, or is longer than MAX_LENGTH characters.
    """
    this_year = this_year or datetime.now(UTC).year
    text = _checked(brief)
    language = language_of(_take_places(text).rest)  # `Pays de la Loire` makes no brief French
    product, target = _split_off_product(text)
    events = events_in(target)
    rest = _without(target, [words for _, words in events])
    sides = negation.split(rest)
    parts = wishes.split(sides.wanted)
    asked = certificates.asked_certificates(parts.must)
    rest, employees, founded = _take_numbers(asked.rest, this_year)
    served = wishes.served_in(rest)
    found_places = _take_places(served.rest)
    groups = industry_groups(found_places.rest)
    industries = tuple(dict.fromkeys(industry for group in groups for industry in group))
    excluded = _excluded(sides.ruled_out)
    roles = roles_in(target)
    keywords = _keywords(_without(found_places.rest, roles), language, industries)
    if not (industries or keywords or events or found_places.countries or found_places.regions or employees):
        keywords = () if asked.groups or served.topics else tuple(text.split()[:3])
    event_names = tuple(name for name, _ in events)
    return Icp(
        brief=text,
        product=product,
        industries=industries,
        keywords=keywords,
        excluded=excluded,
        countries=found_places.countries,
        regions=found_places.regions,
        events=event_names,
        employees=employees,
        founded_year=founded,
        funding=funding_in(sides.wanted),
        funding_stage=stage_in(sides.wanted),
        company_type=company_type_in(sides.wanted),
        roles=roles,
        criteria=criteria_of(
            groups=groups,
            keywords=keywords,
            excluded=excluded,
            countries=found_places.countries,
            regions=found_places.regions,
            events=event_names,
            employees=employees,
            founded_year=founded,
            language=language,
            certificates=asked.groups,
            customers=tuple(_named(topic, language) for topic in served.topics),
            nice=_nice_to_have(parts.nice, language, this_year),
        ),
        language=language,
        read_by="rules",
    )


def _nice_to_have(text: str, language: str, this_year: int) -> NiceToHave:
    """Read what the brief says would be nice; none of it narrows the search."""
    if not text:
        return NiceToHave()
    asked = certificates.asked_certificates(text)
    rest, employees, _founded = _take_numbers(asked.rest, this_year)
    served = wishes.served_in(rest, is_nice=True)
    found_places = _take_places(served.rest)
    industries = [industry for group in industry_groups(found_places.rest) for industry in group]
    labels = [taxonomy.industries()[industry].label(language) for industry in industries]
    return NiceToHave(
        certificates=asked.groups,
        customers=tuple(dict.fromkeys(_named(topic, language) for topic in served.topics)),
        keywords=tuple(dict.fromkeys((*labels, *_keywords(found_places.rest, language, industries)))),
        countries=found_places.countries,
        regions=found_places.regions,
        employees=employees,
    )


def _named(topic: str, language: str) -> str:
    """Return the industry's own name in the brief's language where `topic` is one, so that any page can show it."""
    groups = industry_groups(topic)
    if len(groups) != 1 or len(groups[0]) != 1:
        return topic
    return taxonomy.industries()[groups[0][0]].label(language)


def _checked(brief: str) -> str:
    if len(brief) > MAX_LENGTH:
        raise BriefUnreadable(
            f"The brief is too long ({len(brief):,} characters; the limit is {MAX_LENGTH:,}). "
            "Say in a few sentences which companies you look for."
        )
    text = normalise(brief)
    if not re.search(r"\w", text):
        raise BriefUnreadable(
            "The brief is empty. Say which companies you look for: industry, place and size, "
            "for example: Cybersecurity software companies in Germany with 11-200 employees."
        )
    return text


_PRODUCT = re.compile(
    r"(?:\bwe (?:sell|offer|make|provide|build|produce|supply)|\bour product is|\bnous (?:vendons|proposons|"
    r"fabriquons)|"
    r"\bwir (?:verkaufen|bieten|liefern|produzieren)|\bprodajemo|\bnudimo|我们(?:销售|提供|生产|卖))\s*(.{2,200}?)"
    r"(?:\s+(?:to|for|à|aux|an|für|za)\s+|[.;。;\n]|,\s*(?:looking|find|suche|cherch|traž)|给|，|$)",
    re.IGNORECASE,
)


def _split_off_product(text: str) -> tuple[str, str]:
    """Return what the writer sells, and the brief without it: whom he sells to is what is looked for."""
    match = _PRODUCT.search(text)
    if match is None or not text[match.end() :].strip():
        return ("", text) if match is None else (match.group(1).strip(), text)
    return match.group(1).strip(" ,"), f"{text[: match.start()]} {text[match.end() :]}".strip()


def _without(text: str, parts: Sequence[str]) -> str:
    for part in parts:
        text = text.replace(part, ", ")
    return text


def _take_numbers(text: str, this_year: int) -> tuple[str, Range, Range]:
    employees, founded = sizes.asked_employees(text), sizes.asked_founded(text, this_year=this_year)
    rest = text
    for said in (employees, founded):
        if said is not None:
            rest = _cut_folded(rest, said.words)
    return rest, employees.range if employees else Range(), founded.range if founded else Range()


def _cut_folded(text: str, folded: str) -> str:
    """Return `text` without the words whose folded form is `folded`."""
    from_words = [re.escape(word.form) for word in placed_words(folded)]
    placed = placed_words(text)
    forms = [re.escape(word.form) for word in placed]
    for start in range(len(forms) - len(from_words) + 1):
        if forms[start : start + len(from_words)] == from_words:
            first, last = placed[start].start, placed[start + len(from_words) - 1].end
            return f"{text[:first]}, {text[last:]}"
    return text


# A country that is only where somebody else is: `raised from US VCs`, `with US offices`.
_ASIDE = re.compile(r"\s+(?:offices?|vcs?|investors?|incumbents?|exchanges?|customers?|clients|competitors?)\b", re.I)


def _take_places(text: str) -> _Places:
    placed = placed_words(text)
    countries: list[str] = []
    regions: list[str] = []
    rest, done = [], 0
    for hit in places.find([word.form for word in placed]):
        start, end = placed[hit.start].start, placed[hit.end - 1].end
        said = text[start:end]
        if start < done or _is_pronoun(said) or _ASIDE.match(text[end:]):
            continue
        if hit.value.kind != "group":
            countries += hit.value.countries
        if hit.value.kind == "group" or hit.value.region:
            regions.append(_region_name(said, hit.value))
        rest.append(text[done:start])
        done = end
    rest.append(text[done:])
    return _Places(tuple(dict.fromkeys(countries)), tuple(dict.fromkeys(regions)), " | ".join(rest))


def _is_pronoun(said: str) -> bool:
    # `us` is a pronoun and `in` a word where they are not written as codes.
    return said in {"us", "Us", "sad", "aura", "sea region", "inde"} or (
        said.isascii() and len(said) <= 2 and not said.isupper()
    )


def _region_name(said: str, place: places.Place) -> str:
    return place.name if place.kind == "group" else said


def _excluded(ruled_out: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for said in ruled_out:
        pieces = re.split(r"\s*(?:,|/| or | and | ou | oder | und | ili | i | et | ni | noch | nor |和|或|、)\s*", said)
        kept += [piece.strip() for piece in pieces if len(piece.strip()) > 1]
    return tuple(dict.fromkeys(kept))[:MAX_KEYWORDS]


def _keywords(text: str, language: str, industries: Sequence[str]) -> tuple[str, ...]:
    """Return the content words; what only names an industry is left out, a trade within it stays.

    A way of working that was passed over for a trade, such as contract manufacturing, stays by its own name.
    """
    rest = without_industries(text, industries)
    ways = [industry for industry in passed_over(text, industries) if industry in WAYS_OF_WORKING]
    labels = [taxonomy.industries()[way].label(language) for way in ways]
    return tuple(dict.fromkeys((*labels, *keywords_in(without_industries(rest, ways), language))))[:MAX_KEYWORDS]
