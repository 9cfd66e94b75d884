"""Reading a brief without a language model: the profile that the words themselves state.

Deterministic: numbers, places, fairs and exclusions are taken out one after the other, what remains is read for
industries (the taxonomy) and, after those, for keywords.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hunts.criteria import NiceToHave, criteria_of
from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import certificates, funding, negation, places, sizes, taxonomy, wishes
from integrations.lexicon.events import events_in
from integrations.lexicon.industry_words import (
    WAYS_OF_WORKING,
    industry_groups,
    passed_over,
    taken_apart,
    without_industries,
)
from integrations.lexicon.keywords import keywords_in
from integrations.lexicon.language import language_of
from integrations.lexicon.numerals import in_digits
from integrations.lexicon.roles import roles_in
from integrations.lexicon.script import in_latin
from integrations.lexicon.text import normalise
from integrations.lexicon.wanted_places import places_in
from integrations.lexicon.words import placed_words

MAX_LENGTH = 20_000  # characters
MAX_KEYWORDS = 8
# Kinds of company whose words name no industry.
_OF_NO_TRADE = frozenset({"Privately Held", "Public Company", "Nonprofit"})
_TELLING = (
    "product", "industries", "keywords", "excluded", "countries", "regions", "events", "employees", "founded_year",
    "funding", "funding_stage", "company_type", "roles",
)  # fmt: skip


class BriefUnreadable(ValueError):
    """A brief that cannot be read. Its text is fit to show to a user and says what to do."""


def read_brief(brief: str, *, this_year: int | None = None) -> Icp:
    """Return the profile that `brief` describes. `this_year` is what ages (`older than 20 years`) count from.

    Raises BriefUnreadable where the brief is empty, has no words, or is longer than MAX_LENGTH characters.
    """
    this_year = this_year or datetime.now(UTC).year
    brief = _checked(brief)
    text = in_digits(in_latin(brief))
    language = language_of(places_in(text).rest)  # `Pays de la Loire` makes no brief French
    product, target = _split_off_product(text)
    events = events_in(target)
    sides = negation.split(_without(target, [words for _, words in events]))
    roles = roles_in(sides.wanted)
    parts = wishes.split(_without(sides.wanted, roles))
    asked = certificates.asked_certificates(parts.must)
    rest, employees, founded = _take_numbers(asked.rest, this_year)
    served = wishes.served_in(rest)
    where = places_in(served.rest)
    trade = _trade_of(where.rest, parts.must, language)
    icp = Icp(
        brief=brief,
        product=product,
        industries=trade.industries,
        keywords=trade.keywords,
        excluded=_excluded(sides.ruled_out, language),
        countries=where.countries,
        regions=where.regions,
        events=tuple(name for name, _ in events),
        employees=employees,
        founded_year=founded,
        funding=trade.funding,
        funding_stage=trade.stage,
        company_type=trade.kind,
        roles=roles,
        language=language,
        read_by="rules",
    )
    if not (_says_something(icp) or asked.groups or served.topics or parts.nice):
        icp = replace(icp, keywords=tuple(text.split()[:3]))
    customers = tuple(_named(topic, language) for topic in served.topics)
    nice = _nice_to_have(parts.nice, language, this_year)
    criteria = criteria_of(icp, groups=trade.groups, certificates=asked.groups, customers=customers, nice=nice)
    return replace(icp, criteria=criteria)


@dataclass(frozen=True, slots=True)
class _Trade:
    """What companies do and of which kind they are. `groups` are industries of which any will do."""

    groups: tuple[tuple[str, ...], ...]
    keywords: tuple[str, ...]
    funding: str
    stage: str
    kind: str

    @property
    def industries(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(industry for group in self.groups for industry in group))


def _trade_of(rest: str, must: str, language: str) -> _Trade:
    """Read what is left of a brief; `must` is all that must be, for money and kinds stand beside names of places."""
    capital, stage, kind = funding.money_raised(must), funding.stage_in(must), funding.company_type_in(must)
    rest = taken_apart(_cut_folded(rest, capital.words if capital else ""))
    for said in (stage.words, funding.earnings_in(must)):
        rest = _cut_folded(rest, said)
    without_kind = _cut_folded(rest, kind.words)
    groups = industry_groups(without_kind if kind.name in _OF_NO_TRADE else rest)
    trade = _Trade(groups, (), str(capital or ""), stage.name, kind.name)
    keywords = _keywords(rest if kind.name == "Subcontractor" else without_kind, language, trade.industries)
    return replace(trade, keywords=keywords)


def _says_something(icp: Icp) -> bool:
    """Say whether anything was read by which companies can be told apart, or how they are to be reached."""
    return any(getattr(icp, name) for name in _TELLING)


def _nice_to_have(text: str, language: str, this_year: int) -> NiceToHave:
    """Read what the brief says would be nice; none of it narrows the search."""
    if not text:
        return NiceToHave()
    asked = certificates.asked_certificates(text)
    rest, employees, _founded = _take_numbers(asked.rest, this_year)
    served = wishes.served_in(rest, is_nice=True)
    found_places = places_in(served.rest)
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
    r"\bwir (?:verkaufen|bieten|liefern|produzieren|stellen|vertreiben)|\bprodajemo|\bnudimo|我们(?:销售|提供|生产|"
    r"卖))\s*(.{2,200}?)"
    r"(?:\s+(?:to|for|à|aux|an|für|za)\s+|[.;。;\n]|,\s*(?:looking|find|suche|cherch|traž)|给|，|$)",
    re.IGNORECASE,
)


# Serbian names the buyers in a case of their own: `prodajemo pumpe mlekarama`.
_PRODUCT_SERBIAN = re.compile(
    r"\b(?:prodajemo|nudimo|proizvodimo|isporučujemo|pravimo)\s+([^.;,]{2,80}?)\s+(?=\w{3,}[ai]ma\b)", re.IGNORECASE
)


def _split_off_product(text: str) -> tuple[str, str]:
    """Return what the writer sells, and the brief without it: whom he sells to is what is looked for."""
    match = _PRODUCT_SERBIAN.search(text) or _PRODUCT.search(text)
    if match is None:
        return "", text
    return _plain_product(match.group(1)), f"{text[: match.start()]} {text[match.end() :]}".strip()


_ARTICLE = re.compile(r"^(?:an?|the|our|une?|des|du|de la|les|nos|unsere|einen?)\s+", re.IGNORECASE)


def _plain_product(said: str) -> str:
    return _ARTICLE.sub("", said.strip(" ,"))


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
    """Return `text` without the words whose folded form is `folded`; '' takes nothing away."""
    if not folded:
        return text
    from_words = [re.escape(word.form) for word in placed_words(folded)]
    placed = placed_words(text)
    forms = [re.escape(word.form) for word in placed]
    for start in range(len(forms) - len(from_words) + 1):
        if forms[start : start + len(from_words)] == from_words:
            first, last = placed[start].start, placed[start + len(from_words) - 1].end
            return f"{text[:first]}, {text[last:]}"
    return text


# What stands before the thing itself: `in Poland`, `any dealers`, `von Händlern`.
_BEFORE_IT = re.compile(
    r"^(?:(?:in|from|any|the|a|an|of|interested in|want(?:ing)?|companies|firms|von|aus|im|dem|den|der|die|das|"
    r"keine[rn]?|"
    r"la|le|les|l'|l’|en|de|des|du|d'|d’|au|aux|entreprises|iz|u|sa|od|firme|želim|zelim)\s+|l['’]|d['’])+",
    re.IGNORECASE,
)
_FIRMS = re.compile(
    r"\b(?:compan(?:y|ies)|firms?|ones?|unternehmen|firmen|entreprises?|sociétés?|firm[aeiu]|kompanij[aeu]|from|"
    r"in|of|the|aus|iz|u|"
    r"de|du|des|la|le|en|au)\b|公司|企业|的",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"\s*(?:,|/| or | and | nor | ou | et | ni | oder | und | noch | ili | i | niti |和|或|、|"
    r"以及)\s*",
    re.I,
)


def _excluded(ruled_out: Sequence[str], language: str) -> tuple[str, ...]:
    pieces = (piece.strip() for said in ruled_out for piece in _EITHER.split(said))
    bare = (_place_called(_BEFORE_IT.sub("", piece).strip(), language) for piece in pieces)
    return tuple(dict.fromkeys(piece for piece in bare if len(piece) > 1))[:MAX_KEYWORDS]


def _place_called(said: str, language: str) -> str:
    """Return the plain name of the place that `said` is (`Beču`, `German companies`), or `said` itself."""
    wanted = places_in(said)
    if re.search(r"\w", _FIRMS.sub("", wanted.rest)):
        return said
    if wanted.regions:
        return wanted.regions[0]
    return places.country_name(wanted.countries[0], language) if len(wanted.countries) == 1 else said


def _keywords(text: str, language: str, industries: Sequence[str]) -> tuple[str, ...]:
    """Return the content words; what only names an industry is left out, a trade within it stays.

    A way of working that was passed over for a trade, such as contract manufacturing, stays by its own name.
    """
    rest = without_industries(text, industries)
    ways = [industry for industry in passed_over(text, industries) if industry in WAYS_OF_WORKING]
    labels = [taxonomy.industries()[way].label(language) for way in ways]
    return tuple(dict.fromkeys((*labels, *keywords_in(without_industries(rest, ways), language))))[:MAX_KEYWORDS]
