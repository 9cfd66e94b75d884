"""Places: countries, groups of countries, regions and big cities by name, and addresses taken apart.

Country names come from CLDR (Babel), regions from ISO 3166-2 (pycountry); `data/places.toml` and `data/demonyms.toml`
add what people say besides, and `territories` the names in all other languages. A region is an ISO 3166-2 code, a group
an id of the data file.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import pycountry
from babel import Locale

from integrations.lexicon import territories
from integrations.lexicon.words import Hit, Phrases, fold, words

_ISO: Any = pycountry  # has no types
DATA = Path(__file__).with_name("data") / "places.toml"
DEMONYMS = DATA.with_name("demonyms.toml")
LOCALES = ("en", "fr", "de", "zh_Hans", "sr_Latn", "es", "it")
# Countries whose regions are looked for by name; elsewhere the names would collide with common words.
_REGIONED = ("FR", "US", "DE", "IT", "ES", "CN", "CA", "AU", "IN")
# Names that are usually something else in running text.
_AMBIGUOUS = {"IO", "UM", "AQ", "CX", "HM", "BV", "PS"}
_DIALLING = {
    "33": "FR", "39": "IT", "49": "DE", "34": "ES", "41": "CH", "32": "BE", "351": "PT", "44": "GB", "31": "NL",
    "43": "AT", "86": "CN", "90": "TR", "48": "PL", "420": "CZ", "36": "HU", "40": "RO", "381": "RS", "385": "HR",
    "386": "SI", "45": "DK", "46": "SE", "47": "NO", "358": "FI", "352": "LU", "216": "TN", "212": "MA", "91": "IN",
    "886": "TW", "82": "KR", "81": "JP", "421": "SK", "353": "IE",
}  # fmt: skip

_FRENCH_STREET = re.compile(
    r"\b(?:rue|avenue|av|route|rte|chemin|all[ée]e|impasse|boulevard|bd|place|z\.?i|z\.?a|zac|parc|cedex|bp)\b", re.I
)

Kind = Literal["country", "group", "region", "city"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place by name: its countries (one, or a group's), and its region's code where it is one or lies in one."""

    kind: Kind
    name: str
    countries: tuple[str, ...]
    region: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """What is known of where a company is. `regions` are ISO 3166-2 codes, the smaller first."""

    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def country(self) -> str:
        return self.countries[0] if self.countries else ""


@cache
def _data() -> dict[str, dict[str, str]]:
    return _read(DATA)


def _read(path: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split("|")]


@cache
def known() -> Phrases[Place]:
    """Return every place that is known by name."""
    return Phrases.of((name, place) for name, place in _named() if len(fold(name)) > 1)


def _named() -> Iterator[tuple[str, Place]]:
    seen: set[str] = set()
    for name, place in (*_groups(), *_countries(), *_regions(), *_cities()):
        form = " ".join(words(name)) + ("*" if name.endswith("*") else "")
        if form not in seen:
            seen.add(form)
            yield name, place


def _groups() -> Iterator[tuple[str, Place]]:
    for group, names in _data()["group_names"].items():
        place = group_called(group)
        yield from ((name, place) for name in _split(names))


def group_ids() -> tuple[str, ...]:
    """Return the ids of all groups of countries that have a name."""
    return tuple(_data()["group_names"])


def group_called(group: str) -> Place:
    """Return the group of countries with that id of the data file; its name is English."""
    name = _split(_data()["group_names"][group])[0]
    shown = name.title().replace(" And ", " and ").replace(" Of ", " of ").replace("Uk ", "UK ")
    return Place("group", group.upper() if group in _ACRONYMS else shown, members(group))


_ACRONYMS = {"eu", "dach", "latam", "apac", "mena", "gcc", "cee", "emea", "anz"}


def _countries() -> Iterator[tuple[str, Place]]:
    spelled = {locale: Locale.parse(locale).territories for locale in LOCALES}
    people = {code: names for part in _read(DEMONYMS).values() for code, names in part.items()}
    for code, name in spelled["en"].items():
        if len(code) != 2 or not code.isalpha() or code in _AMBIGUOUS or code in {"EU", "EZ", "UN", "XA", "XB", "ZZ"}:
            continue
        place = Place("country", name, (code,))
        own = {str(spelled[locale].get(code, "")) for locale in LOCALES}
        own.update(_serbian_cases(str(spelled["sr_Latn"].get(code, ""))))
        official = _ISO.countries.get(alpha_2=code)
        if official is not None:
            own.add(official.name.split(",")[0])
        yield from ((spelling, place) for spelling in sorted(own - {""}))
        for more in (_data()["aliases"].get(code, ""), people.get(code, "")):
            yield from ((alias, place) for alias in _split(more) if alias)


def _serbian_cases(name: str) -> Iterator[str]:
    """Yield a name of one word as it stands after Serbian prepositions: u Nemačkoj, iz Francuske, za Japan, s Izraelom.

    Short names are left out, for their forms are words in other languages.
    """
    endings: tuple[str, ...]
    if " " in name or len(name) <= 4:
        return
    if name.endswith("a"):
        endings = ("e", "i", "u", "om", "oj")
    elif name.endswith("o"):
        endings = ("a", "u", "om")
    elif name[-1] in "bcčćdđfghjklmnprsštvzž":
        yield from (name + ending for ending in ("a", "u", "om", "em"))
        return
    else:
        return
    yield from (name[:-1] + ending for ending in endings)


def _regions() -> Iterator[tuple[str, Place]]:
    for code, names in _data()["regions"].items():
        place = Place("region", _split(names)[0].title(), (code[:2],), code)
        yield from ((name, place) for name in _split(names))
    for country in _REGIONED:
        for region in _ISO.subdivisions.get(country_code=country):
            if _is_common_word(region.name) or (country == "IT" and region.type != "Region"):
                continue
            yield _plain_name(region.name), Place("region", region.name, (country,), region.code)


def _is_common_word(name: str) -> bool:
    return fold(name) in {"ain", "aube", "cher", "gard", "lot", "manche", "nord", "var", "leon", "orne", "landes"}


def _plain_name(name: str) -> str:
    """Return a region's name without what only the standard says (`Guangdong Sheng`, `Girona [Gerona]`)."""
    return re.sub(r" (?:Sheng|Shi|Zhuangzu Zizhiqu|Zizhiqu|SAR)$| ?\[.*\]", "", name)


def _cities() -> Iterator[tuple[str, Place]]:
    for spelling, meant in _data()["cities"].items():
        code, _space, name = meant.partition(" ")
        yield spelling, Place("city", name or spelling.rstrip("*").title(), (code[:2],), code if "-" in code else "")


@cache
def demonyms() -> frozenset[str]:
    """Return what people of each country are called, as in the data file; most are a language's name too."""
    names = {name for part in _read(DEMONYMS).values() for spelled in part.values() for name in _split(spelled)}
    return frozenset(names - {fold(str(name)) for name in Locale.parse("en").territories.values()})


@cache
def members(group: str) -> tuple[str, ...]:
    """Return the country codes of a group such as `europe` or `dach`."""
    return tuple(_data()["groups"][group].split())


def find(forms: Sequence[str]) -> list[Hit[Place]]:
    """Return the places named among the words `forms` (of `words.words`)."""
    return known().find(forms)


def lookup(name: str) -> Place | None:
    """Return the place that `name` names as a whole, in any language, or None."""
    forms = words(name)
    for hit in find(forms):
        if hit.start == 0 and hit.end == len(forms):
            return hit.value
    return territory(code) if (code := territories.code_of(name.strip())) else None


def territory(code: str) -> Place:
    """Return the country with that ISO 3166 code, or the group with that id."""
    return group_called(code) if code in _data()["groups"] else Place("country", country_name(code), (code,))


def country_name(code: str, language: str = "en") -> str:
    """Return the name of an ISO 3166 country in `language`, or the code."""
    locale = {"zh": "zh_Hans", "sr": "sr_Latn"}.get(language, language)
    return str(Locale.parse(locale).territories.get(code, code))


@cache
def _parents() -> dict[str, str]:
    return {
        region.code: str(region.parent_code)
        for country in _REGIONED
        for region in _ISO.subdivisions.get(country_code=country)
        if region.parent_code
    }


def lies_in(address: Address, region: str) -> bool:
    """Say whether `address` lies in the region with that ISO 3166-2 code."""
    return any(region in _with_parents(own) for own in address.regions)


def _with_parents(region: str) -> Iterator[str]:
    while region:
        yield region
        region = _parents().get(region, "")


@lru_cache(maxsize=20_000)
def parse_address(location: str, phone: str = "", domain: str = "") -> Address:
    """Take `location` apart: a postal address, or `City, ST, Country; Remote`.

    Where it names no country, the dialling code of `phone` and the end of `domain` stand in.
    """
    countries: list[str] = []
    regions: list[str] = []
    for part in (piece.strip() for piece in location.replace("\n", ";").split(";")):
        country, region = _parse_part(part)
        countries += [country] if country else []
        regions += region
    if not countries:
        countries = [guess] if (guess := _guess(phone, domain, location)) else []
    if "FR" in countries:
        regions += _departement(location)
    return Address(tuple(dict.fromkeys(countries)), tuple(dict.fromkeys(regions)))


def _parse_part(part: str) -> tuple[str, list[str]]:
    pieces = [piece.strip() for piece in part.split(",") if piece.strip()]
    if not pieces:
        return "", []
    last = pieces[-1]
    if len(pieces) > 1 and len(last) == 2 and last.isupper() and _ISO.countries.get(alpha_2=last) is not None:
        return last, []
    place = lookup(last)
    if place is None and len(pieces) == 1:
        return _from_text(part)
    if place is None or len(place.countries) != 1:
        return "", []
    country = place.countries[0]
    regions = [place.region] if place.region else []
    if len(pieces) > 1:
        regions += _regions_of(country, pieces[:-1])
    return country, regions


def _from_text(part: str) -> tuple[str, list[str]]:
    """Return the last country that running text such as `Our office in Lyon (France)` names, and its regions."""
    hits = [hit.value for hit in find(words(part)) if len(hit.value.countries) == 1]
    if not hits:
        return "", []
    country = hits[-1].countries[0]
    return country, [hit.region for hit in hits if hit.region.startswith(country)]


def _regions_of(country: str, pieces: list[str]) -> list[str]:
    found: list[str] = []
    for piece in pieces:
        if re.fullmatch(r"[A-Z]{2,3}", piece) and _ISO.subdivisions.get(code=f"{country}-{piece}"):
            found.append(f"{country}-{piece}")
        elif (place := lookup(piece)) and place.region.startswith(country):
            found.append(place.region)
    return found


def _departement(location: str) -> list[str]:
    """Return the French departement of the last five-digit postal code."""
    codes = re.findall(r"(?<!\d)(\d{5})(?!\d)", location)
    if not codes:
        return []
    code = codes[-1]
    number = code[:3] if code.startswith("97") else code[:2]
    if number == "20":
        number = "2A" if code < "20200" else "2B"
    if number == "75":
        return ["FR-75C"]
    return [f"FR-{number}"] if _ISO.subdivisions.get(code=f"FR-{number}") else []


def _guess(phone: str, domain: str, location: str) -> str:
    digits = re.sub(r"[^\d+]", "", phone)
    if digits.startswith(("+", "00")):
        number = digits.lstrip("+0")
        for length in (3, 2):
            if number[:length] in _DIALLING:
                return _DIALLING[number[:length]]
        return "US" if number.startswith("1") and len(number) == 11 else ""
    ending = domain.rsplit(".", 1)[-1].upper()
    ending = {"UK": "GB"}.get(ending, ending)
    if ending in _DIALLING.values() or ending == "GB":
        return ending
    if re.search(r"\b\d{5}\b", location) and (re.fullmatch(r"0[1-9]\d{8}", digits) or _FRENCH_STREET.search(location)):
        return "FR"
    return ""
