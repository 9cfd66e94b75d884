"""The names of countries and continents in every language that CLDR knows, as they are written there.

`data/territories.txt` is made from Babel: `python -m integrations.lexicon.territories` writes it again, after an update
of Babel, and a test says when that is due. It is kept because collecting it from a thousand locales takes seconds.

Names are compared with their accents: without them, the Vietnamese for the United States would be the English `my`.
Where a script has capitals, a name begins with one.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel import Locale
from babel.localedata import locale_identifiers

from integrations.lexicon.text import normalise

DATA = Path(__file__).with_name("data") / "territories.txt"
# CLDR's numbers of continents and their parts, and the group of `data/places.toml` that each is.
GROUPS = {
    "EU": "eu", "002": "africa", "003": "north_america", "005": "south_america", "009": "oceania", "011": "west_africa",
    "013": "central_america", "014": "east_africa", "015": "north_africa", "017": "central_africa",
    "018": "southern_africa", "019": "americas", "021": "north_america", "029": "caribbean", "030": "east_asia",
    "034": "south_asia", "035": "southeast_asia", "039": "southern_europe", "053": "anz", "142": "asia",
    "143": "central_asia", "145": "west_asia", "150": "europe", "151": "eastern_europe", "154": "northern_europe",
    "155": "western_europe", "202": "sub_saharan_africa", "419": "latam",
}  # fmt: skip
# Not countries, or never meant by their name: codes for private use and places where nobody has a company.
_NO_COUNTRIES = {"EZ", "UN", "XA", "XB", "ZZ", "QO", "IO", "UM", "AQ", "CX", "HM", "BV", "CP", "DG", "EA", "IC", "TA"}
_SHORTEST = 5  # letters; shorter ones of the Latin alphabet are words elsewhere: `End` is India in Wolof
# Scripts that put no spaces between words, or put endings on names.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


@cache
def named() -> dict[str, str]:
    """Return the code (ISO 3166 alpha-2, or a group of `data/places.toml`) of each name, in small letters."""
    codes: dict[str, str] = {}
    for line in DATA.read_text(encoding="utf-8").splitlines():
        code, _tab, names = line.partition("\t")
        codes.update(dict.fromkeys(names.split("|"), code))
    return codes


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """Return how long the names are that begin with the same two letters, the longest first."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name in named():
        found[name[:2]].add(len(name))
    return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}


def code_of(name: str) -> str:
    """Return the code of the territory that `name` names and nothing else, '' for none."""
    return named().get(small(name), "") if _may_begin(name[:1]) else ""


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each territory that `text`, normalised, names: where it begins and ends, and its code."""
    folded, end = small(text), 0
    for start, letter in enumerate(text):
        if start < end or not _may_begin(letter) or not _is_edge(text, start - 1, letter):
            continue
        for length in _lengths().get(folded[start : start + 2], ()):
            name = folded[start : start + length]
            if name in named() and _is_edge(text, start + len(name), text[start + len(name) - 1]):
                end = start + len(name)
                yield start, end, named()[name]
                break


def _may_begin(letter: str) -> bool:
    return letter.isalpha() and letter == letter.title()  # Georgian is in small letters, and they have no others


def small(text: str) -> str:
    """Return `text` in small letters, each letter at its old place."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _is_edge(text: str, place: int, inside: str) -> bool:
    """Say whether a name may end between `inside`, a letter of it, and what stands at `place`."""
    if not 0 <= place < len(text):
        return True
    return _UNSPACED.match(inside) is not None or not (text[place].isalnum() or text[place] == "_")


def collected() -> dict[str, list[str]]:
    """Return the names of each territory in all of Babel's locales; names of two territories are left out."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for identifier in locale_identifiers():
        for code, name in Locale.parse(identifier).territories.items():
            if group := GROUPS.get(code, code if len(code) == 2 and code not in _NO_COUNTRIES else ""):
                codes[small(normalise(name))].add(group)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, meant in sorted(codes.items()):
        if len(meant) == 1 and "|" not in name and (len(name) >= _SHORTEST or not name.isascii()):
            names[meant.pop()].append(name)
    return dict(sorted(names.items()))


def main() -> None:
    lines = ("\t".join((code, "|".join(names))) for code, names in collected().items())
    DATA.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
