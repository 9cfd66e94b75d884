"""Postal addresses that a page tells, and the country that they and its phone numbers stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import phonenumbers

from enrichment.shown_addresses import MAX_QUOTE, shown_in
from enrichment.structured_addresses import stated_in
from integrations.capabilities import PageFact
from integrations.lexicon.countries import countries_speaking, country_of_host
from integrations.lexicon.words import fold

MAX_ADDRESSES = 30
MAX_COUNTRIES = 5
_MAX_PHONES = 50
# How much of what an address or a number says holds for the country of the whole company.
_MAIN, _LIKELIEST, _OTHER = 1.0, 0.85, 0.5
_BY_PHONE = 0.75
_STATED = 0.95
_INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00(?=[1-9][0-9]))([1-9][0-9 ()./-]{6,22}[0-9])")


def addresses_in(
    lines: Sequence[str], json_ld: Sequence[Mapping[str, Any]], *, host: str, language: str
) -> list[PageFact]:
    """Return the postal addresses that a page shows or states in its structured data, at most `MAX_ADDRESSES`.

    `lines` are those that a visitor sees; `host` and `language` (ISO 639-1 or '') tell the country where the address
    does not. A quote is the lines that the address stands on, of a long line the part around it.
    """
    facts: dict[str, PageFact] = {}
    for address in islice(shown_in(lines, host=host, language=language), MAX_ADDRESSES):
        fact = PageFact(
            "address", address.value, address.country, address.quote(lines), confidence=round(address.sure, 2)
        )
        facts.setdefault(_key(fact.value), fact)
    for fact in stated_in(json_ld, lines):
        key = _key(fact.value)
        shown = facts.get(key)
        facts[key] = replace(shown, detail=shown.detail or fact.detail, confidence=_STATED) if shown else fact
    return list(facts.values())[:MAX_ADDRESSES]


def countries_of(addresses: Sequence[PageFact], *, host: str, language: str, phones: Sequence[str]) -> list[PageFact]:
    """Return the countries that the company may sit in, the likeliest first, at most `MAX_COUNTRIES`.

    `addresses` are those of `addresses_in`, `phones` lines of the page that phone numbers stand on. Addresses go
    before numbers; among countries that are told alike, the one of the site's domain goes first, then the one whose
    language the site speaks, then the first on the page. A domain alone proves nothing that could be quoted.
    """
    told = [fact for fact in addresses if fact.detail] or list(_dialled(phones))
    if not told:
        return []
    count = Counter(fact.detail for fact in told)
    own = country_of_host(host)
    best: dict[str, PageFact] = {}
    for fact in told:
        if fact.detail not in best or fact.confidence > best[fact.detail].confidence:
            best[fact.detail] = fact
    order = list(best)
    at_home = countries_speaking(language)
    order.sort(key=lambda code: (code != own, -count[code], code not in at_home))
    shares = [_MAIN if len(order) == 1 or order[0] == own else _LIKELIEST, *[_OTHER] * len(order)]
    return [
        replace(best[code], kind="country", value=code, detail="", confidence=round(best[code].confidence * share, 2))
        for code, share in zip(order[:MAX_COUNTRIES], shares, strict=False)
    ]


def _dialled(lines: Sequence[str]) -> Iterator[PageFact]:
    """Yield a country for each line with a number that begins with a country's code."""
    for line in lines[:_MAX_PHONES]:
        found = _INTERNATIONAL.search(line[:MAX_QUOTE])
        if found is None:
            continue
        try:
            number = phonenumbers.parse(f"+{found[1].replace('(0)', '')}")
        except phonenumbers.NumberParseException:
            continue
        if country := phonenumbers.region_code_for_number(number):
            yield PageFact("country", country, country, line[:MAX_QUOTE], confidence=_BY_PHONE)


def _key(value: str) -> str:
    """Return what two spellings of one address have in common: its numbers, and how its street begins."""
    folded = fold(value)
    return " ".join([*sorted(re.findall(r"\d+(?:[a-z](?![a-z]))?", folded)), *re.findall(r"[^\W\d_]{3}", folded)[:1]])
