"""Countries as addresses and sites tell them: by a name alone, at the end of a line, by a domain, by a language."""

from functools import lru_cache
from typing import Any

import pycountry

from integrations.lexicon import places

_ISO: Any = pycountry  # has no types
_SUFFIXES = {"UK": "GB"}
# Anybody can have a domain under these, and many do for the word that they make.
_GENERIC = "AD AI AS BZ CC CD CO DJ FM GG IM IO LA LY ME MS NU SC SH SO SR ST SU TK TO TV VC WS"
_BY_LANGUAGE = {
    "de": "DE AT CH LI", "fr": "FR BE CH LU", "it": "IT CH", "es": "ES MX PE", "nl": "NL BE", "pl": "PL", "cs": "CZ",
    "sk": "SK", "da": "DK", "sv": "SE", "no": "NO", "nb": "NO", "nn": "NO", "fi": "FI", "sr": "RS", "hr": "HR",
    "bs": "BA", "sl": "SI", "hu": "HU", "ro": "RO", "bg": "BG", "el": "GR", "tr": "TR", "pt": "PT BR", "zh": "CN",
    "ja": "JP", "ko": "KR", "ru": "RU", "uk": "UA", "et": "EE", "lt": "LT", "lv": "LV",
}  # fmt: skip


def countries_speaking(language: str) -> tuple[str, ...]:
    """Return the countries that a page in `language` (ISO 639-1) points to, the likeliest first."""
    return tuple(_BY_LANGUAGE.get(language, "").split())


@lru_cache(maxsize=4_096)
def country_of_host(host: str) -> str:
    """Return the country of a host's top-level domain, '' where it is nobody's or everybody's (.com, .io, .tv)."""
    suffix = host.rstrip(".").rpartition(".")[2].upper()
    suffix = _SUFFIXES.get(suffix, suffix)
    if len(suffix) != 2 or suffix in _GENERIC.split():
        return ""
    return suffix if _ISO.countries.get(alpha_2=suffix) is not None else ""


@lru_cache(maxsize=20_000)
def country_named(name: str) -> str:
    """Return the country that `name` names and nothing else, '' for none. A short name is in capitals: USA, UK."""
    name = name.strip(" .,|()").replace(".", "").removeprefix("PR ").removeprefix("P R ")
    if not 2 <= len(name) <= 40 or not name[0].isalpha() or name.islower() or (len(name) < 4 and not name.isupper()):
        return ""
    if name.lower() == "korea":  # the standard sorts both Koreas under this name
        return "KR"
    place = places.lookup(name)
    return place.countries[0] if place is not None and place.kind == "country" else ""


def country_behind(text: str) -> tuple[str, str]:
    """Return `text` without the country that it ends with, and that country; (text, "") where it ends otherwise."""
    words = text.rstrip(" ,.|()-").split(" ")
    for count in (3, 2, 1):
        if len(words) >= count and (country := country_named(" ".join(words[-count:]))):
            return " ".join(words[:-count]).rstrip(" ,("), country
    return text, ""


def country_before(text: str) -> str:
    """Return the country that `text` begins with, '' where it begins otherwise."""
    words = text.split(" ", 3)[:3]
    for count in (3, 2, 1):
        if len(words) >= count and (country := country_named(" ".join(words[:count]))):
            return country
    return ""
