"""Postal codes by their shape, the countries that write them so, and what else tells the country of an address."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pycountry

from integrations.lexicon import places
from integrations.lexicon.countries import countries_speaking, country_of_host

_ISO: Any = pycountry  # has no types

# What every postal code has in it, found at the speed of a search for digits. No more than this is asked of a whole
# page, so it lets through what only looks like one.
SIGN = re.compile(
    r"[0-9D](?:(?<=D)ublin [0-9]"
    r"|(?<=[0-9])(?:[0-9]{3,5}(?![0-9])|[0-9]-[0-9]{3}(?![0-9-])|[0-9]{2}[ -][0-9]{2,4}(?![0-9])"
    r"|[A-Z]{2}(?![A-Za-z0-9])|[A-Z][0-9](?![A-Za-z0-9])|[0-9W] ?[A-Z][A-Z0-9]{3}(?![A-Za-z0-9])|[0-9]{0,3} ?[号號]))"
)
# One name a shape. A code is no part of a longer number or word, nor of an amount or a date.
_CODE = re.compile(
    r"(?<![\w.,/+#€$£])(?:(?<![-–])|(?<=[A-Z][-–]))(?:"
    r"(?P<british>[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9](?!GB|TB)[ABD-HJLNP-UW-Z]{2})"
    r"|(?P<canadian>[ABCEGHJ-NPRSTVXY][0-9][A-Z] ?[0-9][A-Z][0-9])"
    r"|(?P<irish>[AC-FHKNPRTV-Y][0-9][0-9W] ?[AC-FHKNPRTV-Y0-9]{4}|Dublin [0-9]{1,2}W?)"
    r"|(?P<dutch>[1-9][0-9]{3} ?[A-Z]{2}(?= +[A-Z'’]))"
    r"|(?P<two_three>[0-9]{2}-[0-9]{3})|(?P<four_three>[0-9]{4}-[0-9]{3})|(?P<three_four>[0-9]{3}-[0-9]{4})"
    r"|(?P<three_three>[0-9]{3}-[0-9]{3})|(?P<five_three>[0-9]{5}-[0-9]{3})|(?P<five_four>[0-9]{5}-[0-9]{4})"
    r"|(?P<three_and_two>[0-9]{3} [0-9]{2})|(?P<three_and_three>[0-9]{3} [0-9]{3})"
    r"|(?P<six>[0-9]{6})|(?P<five>[0-9]{5})|(?P<four>[0-9]{4}))"
    r"(?![\w%€$£/-]|[.,:][0-9]| ?(?:%|€|EUR\b|USD\b|[kcm]?m\b|kg\b|Uhr\b))"
)
_COUNTRIES = {
    "british": "GB",
    "canadian": "CA",
    "irish": "IE",
    "dutch": "NL",
    "two_three": "PL",
    "four_three": "PT",
    "three_four": "JP",
    "three_three": "KR",
    "five_three": "BR",
    "five_four": "US",
    "three_and_two": "CZ SE SK GR",
    "three_and_three": "IN",
    "six": "CN IN SG RU RO RS BY KZ VN CO EC",
    "five": "DE FR ES IT FI US RS HR BA ME MX TR UA EE LT KR TH MY CZ SE SK GR SA MA ID PK PE LB",
    "four": "AT CH BE DK NO AU HU LU SI BG NL LI NZ ZA LV CY MK GE TN PH BD AL MD VE",
}
COUNTRIES: Mapping[str, tuple[str, ...]] = {shape: tuple(codes.split()) for shape, codes in _COUNTRIES.items()}
_KNOWN = frozenset(country for countries in COUNTRIES.values() for country in countries)
# No other country writes its codes so, and little else looks like it.
TELLING = frozenset({"british", "canadian", "irish"})
# Where the code stands behind the town.
_CODE_LAST = "GB IE US CA AU NZ IN SG JP CN KR TW TH ZA PH VN ID PK BD SA BR"
CODE_LAST = frozenset(_CODE_LAST.split())
MARKS: Mapping[str, str] = {
    "D": "DE", "DE": "DE", "A": "AT", "AT": "AT", "CH": "CH", "F": "FR", "FR": "FR", "E": "ES", "ES": "ES", "I": "IT",
    "IT": "IT", "B": "BE", "BE": "BE", "NL": "NL", "L": "LU", "LU": "LU", "FL": "LI", "LI": "LI", "PL": "PL",
    "CZ": "CZ", "SK": "SK", "DK": "DK", "SE": "SE", "S": "SE", "NO": "NO", "N": "NO", "FI": "FI", "FIN": "FI",
    "RS": "RS", "SRB": "RS", "HR": "HR", "SI": "SI", "SLO": "SI", "H": "HU", "HU": "HU", "RO": "RO", "BG": "BG",
    "GR": "GR", "LT": "LT", "LV": "LV", "EE": "EE", "P": "PT", "PT": "PT",
}  # fmt: skip
_MARK = re.compile(r"(?:^|[\s,;|(•·])([A-Z]{1,3}) ?[-– ] ?$")
# Where the state stands before the code.
_STATED = {"five": "US", "five_four": "US", "four": "AU", "canadian": "CA"}
_MORE_STATES = {"US": frozenset({"D.C.", "d.c.", "washington d.c.", "calif", "penna"})}
# Countries by what a street is called there, then by the page's language; the likelier first.
_BY_STREET = (
    (re.compile(r"(?:stra(?:ß|ss)e|str\.|gasse|platz|allee|weg)(?![a-z])", re.I), "DE AT CH LI"),
    (re.compile(r"\b(?:rue|avenue|boulevard|bd|chemin|allée|impasse|route|quai)\b", re.I), "FR BE CH LU"),
    (re.compile(r"\b(?:via|viale|piazza|corso|largo)\b", re.I), "IT CH"),
    (re.compile(r"(?:\bcalle\b|\bc/|\bavda\b|\bpol[íi]gono\b|\bpaseo\b|\bplaza\b|\bcarretera\b)", re.I), "ES MX"),
    (re.compile(r"(?:straat|laan|plein|gracht|kade)\b", re.I), "NL BE"),
    (re.compile(r"(?:gatan|vägen|gränd)\b", re.I), "SE FI"),
    (re.compile(r"(?:vej|gade|stræde)\b", re.I), "DK"),
    (re.compile(r"(?:veien|gata|gate|vei)\b", re.I), "NO"),
    (re.compile(r"(?:katu|tie|kuja)\b", re.I), "FI"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """What may be a postal code, and where it stands in its line."""

    text: str
    shape: str
    start: int
    end: int


def codes_in(line: str, start: int = 0, end: int = 100_000) -> Iterator[Code]:
    """Yield what looks like a postal code in `line` between two places."""
    for found in _CODE.finditer(line, start, end):
        yield Code(found[0], str(found.lastgroup), found.start(), found.end())


def mark_before(text: str, shape: str) -> tuple[str, str]:
    """Return ("DE", "D-") for text that ends so before a code of `shape`, ("", "") where no country is marked."""
    found = _MARK.search(text[-8:])
    if found is None or (country := MARKS.get(found[1], "")) not in COUNTRIES[shape]:
        return "", ""
    return country, text[-8:][found.start(1) :]


@cache
def _states(country: str) -> frozenset[str]:
    """Return the names of a country's states in small letters and their codes in capitals."""
    states = _ISO.subdivisions.get(country_code=country)
    names = {name for state in states for name in (state.name.lower(), state.code.partition("-")[2])}
    return frozenset(names | _MORE_STATES.get(country, frozenset()))


def state_before(text: str, shape: str) -> tuple[str, str]:
    """Return the country of the state that `text` ends with, and the state as it is written; ("", "") for none."""
    country = _STATED.get(shape, "")
    if not country:
        return "", ""
    tokens = text.rstrip(" .,–-").split(" ")[-3:]
    for count in range(len(tokens), 0, -1):
        words = " ".join(tokens[-count:]).lstrip("(,")
        if (words.lower() if len(words) > 3 else words.upper() if words[:1].isupper() else "") in _states(country):
            return country, words
    return "", ""


def country_by_site(shape: str, *, town: str, host: str, language: str) -> tuple[str, float]:
    """Return the country that writes codes of `shape` and how sure that is (0-1); ("", 0) where several may.

    A big town's own country goes first, then that of the site's domain, then the one whose language the site speaks.
    """
    possible = COUNTRIES[shape]
    if len(possible) == 1:
        return possible[0], 0.9
    if (country := country_of_host(host)) in possible:
        return country, 0.9
    if (country := _country_of_city(town)) in possible:
        return country, 0.9
    country = _only(countries_speaking(language), possible, language)
    return country, 0.75 if country else 0.0


def country_by_street(shape: str, street: str, language: str) -> str:
    """Return the country that writes codes of `shape` and calls its streets so, '' where several may."""
    for pattern, countries in _BY_STREET:
        if pattern.search(street) and (country := _only(countries.split(), COUNTRIES[shape], language)):
            return country
    return ""


@lru_cache(maxsize=4_096)
def _country_of_city(name: str) -> str:
    place = places.lookup(name) if name and len(name) < 40 else None
    return place.countries[0] if place is not None and place.kind == "city" else ""


def _only(countries: Iterable[str], possible: Collection[str], language: str) -> str:
    """Return the one of `countries` that is possible; of several the one where `language` is at home, or ''."""
    left = [country for country in countries if country in possible]
    home = next(iter(countries_speaking(language)), "")
    return left[0] if len(left) == 1 else home if home in left else ""


def fits(country: str, shape: str) -> bool:
    """Say whether `country` writes its codes in `shape`; a country of which nothing is known may."""
    return country in COUNTRIES[shape] or country not in _KNOWN
