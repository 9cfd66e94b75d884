"""Where the companies of a brief are to be: the places it names, without those it only mentions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pycountry

from integrations.lexicon import places, territories
from integrations.lexicon.places import Place
from integrations.lexicon.words import fold, placed_words

_ISO: Any = pycountry  # has no types


@dataclass(frozen=True, slots=True)
class Wanted:
    """The places of a brief: ISO 3166 codes; groups, regions and cities by name; and the brief without them."""

    countries: tuple[str, ...]
    regions: tuple[str, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A place that a text names, where, and as what a profile shows it."""

    start: int
    end: int
    place: Place
    shown: str
    is_tongue: bool = False  # it may be a language: French, deutsch


def places_in(text: str) -> Wanted:
    """Take the places out of `text`, which is normalised."""
    named = [one for one in _named(text) if not _means_something_else(text, one)]
    meant = [one for one in named if not _is_of_others(text, one)]
    # Where a company also is, or sells to, counts only where the brief does not say where it is.
    kept = [one for one in meant if not _is_by_the_way(text, one)] or meant
    countries = [code for one in kept if one.place.kind != "group" for code in one.place.countries]
    regions = [one.shown for one in kept if one.place.kind != "country"]
    return Wanted(tuple(dict.fromkeys(countries)), tuple(dict.fromkeys(regions)), _without(text, named))


def _without(text: str, named: list[_Named]) -> str:
    rest, done = [], 0
    for one in named:
        rest.append(text[done : one.start])
        done = one.end
    return " | ".join([*rest, text[done:]])


def _named(text: str) -> list[_Named]:
    found: list[_Named] = []
    for one in sorted((*_known(text), *_elsewhere(text), *_listed(text)), key=lambda one: (one.start, -one.end)):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found


def _known(text: str) -> Iterator[_Named]:
    placed = placed_words(text)
    for hit in places.find([word.form for word in placed]):
        start, end = placed[hit.start].start, placed[hit.end - 1].end
        shown = _shown(text[start:end], hit.phrase, hit.value)
        yield _Named(start, end, hit.value, shown, is_tongue=hit.phrase in places.demonyms())


def _shown(said: str, phrase: str, place: Place) -> str:
    """Return a place as it was said, or its plain name where it was said in another form: `Beogradu`."""
    is_form = phrase.endswith("*") or (place.kind == "city" and fold(said) != fold(place.name))
    return place.name if place.kind == "group" or is_form else said


def _elsewhere(text: str) -> Iterator[_Named]:
    for start, end, code in territories.find(text):
        place = places.territory(code)
        yield _Named(start, end, place, place.name)


_CODES = re.compile(r"(?<![\w/&])[A-Z]{2}(?:(?:\s?[/+&]\s?|, ?)[A-Z]{2})+(?![\w/&])")
_GROUPS = {"SEA": "southeast_asia", "CIS": "cis", "UKI": "uk_and_ireland"}
_CAPITALS = re.compile(rf"\b(?:{'|'.join(_GROUPS)})\b(?![- ](?:benchmark|level|controls))")
# Codes that are no abbreviation of anything else that a brief would list.
_PLAIN_CODES = frozenset(
    ("DE", "AT", "CH", "FR", "ES", "PT", "NL", "BE", "LU", "GB", "UK", "PL", "CZ", "SK", "HU", "RO", "RS", "DK")
)


def _listed(text: str) -> Iterator[_Named]:
    """Yield the groups that are known by capitals only, and the countries of a list of ISO codes such as `DE/AT/CH`."""
    for match in _CAPITALS.finditer(text):
        place = places.group_called(_GROUPS[match.group()])
        yield _Named(match.start(), match.end(), place, place.name)
    for match in _CODES.finditer(text):
        codes = [(part.start(), part.group()) for part in re.finditer(r"[A-Z]{2}", match.group())]
        if not _PLAIN_CODES.intersection(code for _, code in codes):
            continue
        for start, said in codes:
            code = {"UK": "GB"}.get(said, said)
            if _is_country(code):
                begin = match.start() + start
                yield _Named(begin, begin + 2, places.territory(code), said)


@cache
def _is_country(code: str) -> bool:
    return _ISO.countries.get(alpha_2=code) is not None


# Names that are other words where they are written small, unless they stand behind a preposition of place.
_OTHER_WORDS = frozenset((
    "us", "sad", "sommes", "somme", "marche", "island", "allier", "reunion", "creuse", "landes", "eu", "ue", "mali",
    "chad", "turkey", "jordan", "georgia", "jersey", "guinea", "niger", "man", "polish", "cologne", "colognes", "aura",
    "inde", "goa", "maine", "hesse", "bern", "chino", "bec", "becu", "marne", "oise", "eure",
))  # fmt: skip
_NEVER_WORDS = frozenset({"Us", "Sad", "sea region"})
_IN = re.compile(r"\b(?:in|from|across|the|near|around|aus|en|depuis|u|iz)\s$", re.IGNORECASE)
_NEVER_BEHIND_IN = frozenset((
    "sad", "marche", "island", "reunion", "polish", "man", "aura", "sommes", "somme", "inde", "eu", "ue", "chino",
    "bec",
))  # fmt: skip
_WAR = re.compile(r"(?:\s?[-–/]\s?\w+)*\s(?:war|invasion|conflict|krieg|guerre|rat)\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"\b(?:in|auf|en|na|into|speak\w*|parl\w+)\s$", re.IGNORECASE)
_SPEAKING = re.compile(r"[ -](?:speaking|language|sprachig\w*|jezik\w*)\b(?! [A-Z])")
_END = re.compile(r"\s*(?:$|[).,;!?])")


def _means_something_else(text: str, one: _Named) -> bool:
    """Say whether a place's name is another word here, a language, or part of an event's name."""
    said, before, after = text[one.start : one.end], text[: one.start][-20:], text[one.end : one.end + 60]
    if said in _NEVER_WORDS or _WAR.match(after):
        return True
    if said == "polish" and not before[-2:].strip(" ,;|").isalpha():
        return False  # `polish furniture makers` begins with it; of `metal polish` it is the noun
    if said.islower() and fold(said) in _OTHER_WORDS:
        return fold(said) in _NEVER_BEHIND_IN or not _IN.search(before)
    if said.isascii() and len(said) <= 2 and not said.isupper():
        return True
    if one.place.kind == "country" and _SPEAKING.match(after):
        return True
    return one.is_tongue and _LANGUAGE.search(before) is not None and _END.match(after) is not None


# A place of somebody else: of those who invest, compete or once employed.
_OF_OTHERS = re.compile(
    r"[\s-]+(?:vcs?|investors?|incumbents?|exchanges?|competit\w+|rivals?|giants?|listed|dollars?|backed|owned|"
    r"parents?|owners?|imports?|tariffs?|investoren|wettbewerber\w*|konkurren\w+|investisseurs?|concurrents?|"
    r"investitor\w*|konkurent\w*)\b|(?:投资|竞争对手|进口)",
    re.IGNORECASE,
)
_BEHIND_OTHERS = re.compile(
    r"\b(?:raised from|backed by|funded by|acquired by|owned by|bought by|compet\w+ (?:with|against)|founded by|"
    r"instead of|alternatives? to|spun out of|imported from|import from|besides)\s(?:the\s|an?\s)?$",
    re.IGNORECASE,
)
# Where a company also is or sells to.
_ALSO_THERE = re.compile(
    r"\s+(?:offices?|customers?|clients?|subsidiar\w+|branch(?:es)?|operations|presence|markets?|buyers?|"
    r"niederlassung\w*|tochter\w*|kunden|markt|filiales?|bureaux?|clients?|marche|filijal\w*|kupc\w+|trzist\w+)\b"
    r"|有?(?:办事处|分公司|市场|客户)",
    re.IGNORECASE,
)
_BEHIND_ALSO = re.compile(
    r"\b(?:(?:offices?|branch\w*|subsidiar\w+|customers?|clients?|presence|operations|markets?|distribution|"
    r"niederlassung\w*|standort\w*|kunden|filiales?|bureaux?|filijal\w*|kanc\w+)(?: \w+)? "
    r"(?:in|within|across|throughout|aus|en|au|aux|u|sur)|"
    r"(?:expand\w*|export\w*|ship\w*|sell\w*|deliver\w*|supply\w*|import\w*|enter\w*|expansion) "
    r"(?:(?:in|into|to|beyond|across|throughout|nach|in die|vers|en|aux?|u|na) )?|"
    r"(?:exportier\w*|liefer\w*|verkauf\w*) (?:nach|in|in die)|(?:izvoz\w*) (?:u|na|za))\s?(?:the |die |la |les )?$|"
    r"(?:出口(?:到|至)?|销往)$",
    re.IGNORECASE,
)


def _is_of_others(text: str, one: _Named) -> bool:
    before, after = text[: one.start][-60:], text[one.end : one.end + 30]
    return _OF_OTHERS.match(after) is not None or _BEHIND_OTHERS.search(before) is not None


def _is_by_the_way(text: str, one: _Named) -> bool:
    before, after = text[: one.start][-60:], text[one.end : one.end + 30]
    return _ALSO_THERE.match(after) is not None or _BEHIND_ALSO.search(before) is not None
