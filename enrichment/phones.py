"""Phone numbers on a page, as E.164."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumberMatcher

# What may be a number, so that the careful (and slow) matcher looks at little text.
_MAYBE = re.compile(
    r"(?:\+|\(|\b0|\b[1-9])[\d\s().\-/\u2010-\u2015\u00b7\xa0]{5,24}\d(?:\s?(?:x|ext\.?|extension)\s?\d{1,5})?",
    re.I,
)
# What every number has, parted by nothing but what stands in numbers: most lines are looked at no further.
SEVEN_DIGITS = re.compile(r"[0-9](?:[ \t().\-/\u2010-\u2015\u00b7\xa0]*[0-9]){6}")
# Dates, spans of years and of hours, addresses of machines: what has a number's digits and is none.
_NO_NUMBER = re.compile(
    r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?:\s\d{1,2})?"
    r"|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d|\d{1,2}[.:]\d\d\s?[-–]\s?\d{1,2}[.:]\d\d|\d{1,3}(?:\.\d{1,3}){3}"
    r"|(?:\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d\s?[-–]?\s?){2}"
)
# A number of North America needs no trunk prefix: where it is written whole, its area code alone can be wrong.
_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[\s.\-\u2010-\u2015]{1,3})?(?:\(([2-9]\d\d)\)|([2-9]\d\d))[\s.\-/\u2010-\u2015]{0,3}"
    r"([2-9]\d\d)[\s.\-\u2010-\u2015]{0,3}(\d{4})"
)
_NORTH_AMERICA = frozenset(["US", "CA"])
_BRACKETED_CODE = re.compile(r"^\(\s?[1-9]\d{0,2}\s?\)")
_FAX = re.compile(r"\b(?:tele)?(?:fax|f)\b[\s.:)]*$|传真[\s:]*$|факс[\s:]*$", re.I)

_BY_LANGUAGE = {
    "de": "DE",
    "fr": "FR",
    "es": "ES",
    "it": "IT",
    "zh": "CN",
    "sr": "RS",
    "nl": "NL",
    "pl": "PL",
    "pt": "PT",
    "sv": "SE",
    "da": "DK",
    "fi": "FI",
    "cs": "CZ",
    "tr": "TR",
    "ja": "JP",
    "ru": "RU",
    "ko": "KR",
    "no": "NO",
    "nb": "NO",
    "hu": "HU",
}
_BY_SUFFIX = {"uk": "GB", "com": "US", "org": "US", "net": "US", "edu": "US", "gov": "US", "io": "US", "eu": ""}


# Places that a page names beside its numbers, for sites whose domain does not say where they are.
_PLACES = {
    "Australia": "AU",
    "New Zealand": "NZ",
    "Canada": "CA",
    "United Kingdom": "GB",
    "England": "GB",
    "Ireland": "IE",
    "India": "IN",
    "Hong Kong": "HK",
    "China": "CN",
    "Taiwan": "TW",
    "Singapore": "SG",
    "Malaysia": "MY",
    "Philippines": "PH",
    "Japan": "JP",
    "Korea": "KR",
    "South Africa": "ZA",
    "Germany": "DE",
    "Deutschland": "DE",
    "Austria": "AT",
    "Österreich": "AT",
    "Switzerland": "CH",
    "Schweiz": "CH",
    "Suisse": "CH",
    "France": "FR",
    "Spain": "ES",
    "España": "ES",
    "Italy": "IT",
    "Italia": "IT",
    "Netherlands": "NL",
    "Belgium": "BE",
    "Sweden": "SE",
    "Denmark": "DK",
    "Norway": "NO",
    "Finland": "FI",
    "Poland": "PL",
    "Polska": "PL",
    "Serbia": "RS",
    "Srbija": "RS",
    "Србија": "RS",
    "Croatia": "HR",
    "Mexico": "MX",
    "México": "MX",
    "Brazil": "BR",
    "Brasil": "BR",
    "Turkey": "TR",
    "Israel": "IL",
    "Dubai": "AE",
    "中国": "CN",
    "Thailand": "TH",
    "Indonesia": "ID",
    "Vietnam": "VN",
}
# Indiana is not India. (A word boundary in front would cost three times as much.)
_PLACE = re.compile(f"(?:{'|'.join(map(re.escape, _PLACES))})(?![a-z])")


def regions_named_in(text: str) -> list[str]:
    """Return the regions of the countries that `text` names, the most often named first."""
    counts = Counter(_PLACES[place] for place in _PLACE.findall(text[:50_000]))
    return [region for region, _ in counts.most_common(3)]


def regions_of(host: str, language: str, country: str = "", named: Sequence[str] = ()) -> list[str]:
    """Return ISO regions by whose rules a number without country code is read, most likely first.

    `named` are the countries that the page itself names (`regions_named_in`).
    """
    suffix = host.rpartition(".")[2].lower()
    by_suffix = _BY_SUFFIX.get(suffix, suffix.upper() if len(suffix) == 2 else "")
    by_language = _BY_LANGUAGE.get(language, "US" if language == "en" else "")
    if len(suffix) == 2 and suffix != "io":
        likely = [country.upper(), by_suffix, by_language, *named]
    else:
        likely = [country.upper(), by_language, *named[:1], by_suffix, "US", *named, "GB"]
    known = phonenumbers.SUPPORTED_REGIONS
    return [region for region in dict.fromkeys(likely) if region in known] or ["US"]


def found_in(text: str, regions: Sequence[str]) -> Iterator[tuple[str, str, int, bool]]:
    """Yield (E.164, the words as they stand in `text`, offset, is a fax number)."""
    if not SEVEN_DIGITS.search(text):
        return
    for maybe in _MAYBE.finditer(text):
        words = maybe[0]
        if sum(map(str.isdigit, words)) < 7 or _NO_NUMBER.fullmatch(words.strip()):
            continue
        for number, raw, start in _matches(words, regions):
            offset = maybe.start() + start
            yield number, raw, offset, bool(_FAX.search(text[max(0, offset - 14) : offset]))


def _matches(words: str, regions: Sequence[str]) -> list[tuple[str, str, int]]:
    if regions and regions[0] in _NORTH_AMERICA and (number := _north_american(words)):
        return [(number, words.strip(), 0)]
    for region in regions:
        found = [
            (
                phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
                match.raw_string,
                match.start,
            )
            for match in PhoneNumberMatcher(words, region, leniency=Leniency.VALID)
        ]
        if found:
            return found
    # "( 86 ) 755-2515-3290": a country code in brackets instead of behind a plus.
    bracketed = _BRACKETED_CODE.match(words)
    if bracketed and (number := parsed("+" + re.sub(r"\D", "", words), ())):
        return [(number, words.strip(), 0)]
    return []


def _north_american(words: str) -> str:
    """Return a North American number as E.164, at a tenth of the matcher's cost; '' leaves it to the matcher."""
    whole = _NORTH_AMERICAN.fullmatch(words.strip())
    if not whole:
        return ""
    digits = "".join(filter(None, whole.groups()))
    is_valid = phonenumbers.is_valid_number(phonenumbers.PhoneNumber(country_code=1, national_number=int(digits)))
    return f"+1{digits}" if is_valid else ""


def parsed(number: str, regions: Sequence[str]) -> str:
    """Return `number` (of a tel: link) as E.164, or ''."""
    candidates: list[str | None] = [*regions] or [None]
    for region in candidates:
        try:
            value = phonenumbers.parse(number, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(value):
            return phonenumbers.format_number(value, phonenumbers.PhoneNumberFormat.E164)
    return ""
