"""Postal addresses and phone numbers among the lines of a web page, and the country that each tells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from integrations.lexicon import places, postcodes
from integrations.lexicon.words import words

LONGEST_LINE = 160  # characters; a longer one is a paragraph
_POSTCODE = re.compile(r"(?<![\d.,+/-])(?:(?P<mark>[A-Z]{1,3})[- ])?\d{4,6}(?![\d.,/%]|\s?(?:%|€|m\b|mm\b|kg\b))")
_TOWN = re.compile(
    r"(?<!\d)\d{4,6}\s+[^\W\d_]{2,}|(?<!\d)\d{3} \d{2}\s+[^\W\d_]{2,}|[\u4e00-\u9fff]{2,}(?:市|省|区|路|街)"
)
_BRITISH = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s+\d[A-Z]{2}\b")
_AMERICAN = re.compile(r",\s*(?P<state>[A-Z]{2}|[A-Z][a-z]+(?: [A-Z][a-z]+)?),?\s+\d{5}(?:-\d{4})?\b")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9][\d\s()./-]{6,20}\d")
# Shapes of codes that one country has to itself, where a town's name follows.
_BEFORE_TOWN = frozenset({"dutch", "two_three", "four_three"})
_NAME = re.compile(r" [^\W\d_a-z][^\W\d_]{2}")
_MAX_CODES = 10
_MARKS = {"D": "DE", "DE": "DE", "A": "AT", "AT": "AT", "CH": "CH", "F": "FR", "FR": "FR", "RS": "RS", "SRB": "RS",
          "I": "IT", "B": "BE", "NL": "NL", "L": "LU", "SI": "SI", "HR": "HR"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """Where a page says that its owner is: the lines that say so, verbatim, and how sure that makes (0-1)."""

    quote: str
    address: places.Address
    sure: float


def addresses_in(lines: Sequence[str]) -> Iterator[Stated]:
    """Yield the addresses among `lines`, then the phone numbers with a country code."""
    used: set[int] = set()
    for at, line in enumerate(lines):
        if at in used or not line or len(line) > LONGEST_LINE or "©" in line:
            continue
        if (stated := _with_country(lines, at)) or (stated := _in_one_line(line)):
            used.update({at, at - 1} if "\n" in stated.quote else {at})
            yield stated
    for line in lines:
        number = _PHONE.search(line) if len(line) <= LONGEST_LINE else None
        if number and (address := places.parse_address("", number.group().replace("(0)", ""))).countries:
            yield Stated(line, address, 0.6)


def is_address(line: str) -> bool:
    """Say whether `line` reads like the town of a postal address."""
    return len(line) <= LONGEST_LINE and _names_town(line)


@lru_cache(maxsize=4_096)  # a site's footer comes again on each of its pages
def _names_town(line: str) -> bool:
    if "©" in line:
        return False
    return bool(_TOWN.search(line) or _BRITISH.search(line) or _AMERICAN.search(line) or _country_of_code(line))


def _country_of_code(line: str) -> str:
    """Return the country whose postal code stands beside a town in `line`, where only one writes its codes so."""
    for code in islice(postcodes.codes_in(line), _MAX_CODES):
        country, _ = postcodes.state_before(line[: code.start], code.shape)
        is_year = code.shape == "dutch" and code.text.startswith(("19", "20"))  # 2005 IT Services
        if country or (code.shape in _BEFORE_TOWN and not is_year and _NAME.match(line, code.end)):
            return country or postcodes.COUNTRIES[code.shape][0]
    return ""


def is_country(line: str) -> bool:
    """Say whether `line` is the name of a country and nothing else."""
    return _country(line) is not None


@lru_cache(maxsize=20_000)
def _country(line: str) -> places.Place | None:
    place = places.lookup(line.strip(" .,|")) if len(line) <= 40 else None
    return place if place is not None and place.kind == "country" else None


def _with_country(lines: Sequence[str], at: int) -> Stated | None:
    """Read a country that stands alone below a town."""
    place = _country(lines[at])
    if place is None or at == 0 or len(lines[at - 1]) > LONGEST_LINE or not _has_town(lines, at):
        return None
    above = lines[at - 1]
    found = places.parse_address(f"{above}, {place.name}")
    return Stated(f"{above}\n{lines[at]}", places.Address(place.countries, found.regions + _regions(above)), 0.92)


def _has_town(lines: Sequence[str], at: int) -> bool:
    above = lines[max(0, at - 3) : at]
    return is_address(above[-1]) or any(re.search(r"\d", line) and len(line) < 80 for line in above[-2:])


def _in_one_line(line: str) -> Stated | None:
    if _BRITISH.search(line):
        return Stated(line, places.Address(("GB",), _regions(line)), 0.85)
    if (american := _AMERICAN.search(line)) and (state := _state(american["state"])):
        return Stated(line, places.Address(("US",), (state,)), 0.85)
    if not is_address(line):
        return None
    if country := _country_of_code(line):
        return Stated(line, places.Address((country,), _regions(line)), 0.85)
    named = [hit.value for hit in places.find(words(line)) if len(hit.value.countries) == 1]
    if countries := [place for place in named if place.kind == "country"]:
        return Stated(line, places.Address(countries[-1].countries, _regions(line)), 0.9)
    if (mark := _POSTCODE.search(line)) and mark["mark"] in _MARKS:
        return Stated(line, places.Address((_MARKS[mark["mark"]],), _regions(line)), 0.85)
    if town := _town_behind_postcode(line):
        return Stated(line, places.Address(town.countries, (town.region,) if town.region else ()), 0.75)
    return None


def _town_behind_postcode(line: str) -> places.Place | None:
    """Return the big city that stands right behind a postal code."""
    for code in re.finditer(r"(?<!\d)\d{4,6}\s+", line):
        behind = line[code.end() :]
        for hit in places.find(words(behind)):
            if hit.start == 0 and hit.value.kind == "city":
                return hit.value
    return None


def _state(name: str) -> str:
    place = places.parse_address(f"X, {name}, USA")
    return place.regions[0] if place.regions else ""


def _regions(line: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.value.region for hit in places.find(words(line)) if hit.value.region))
