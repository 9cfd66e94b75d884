"""Postal addresses of a page's structured data. https://schema.org/PostalAddress"""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pycountry

from integrations.capabilities import PageFact
from integrations.lexicon import places, postcodes
from integrations.lexicon.text import one_line

_ISO: Any = pycountry  # has no types
_MAX_NODES = 3_000
_MAX_STATED = 30
_MAX_FIELD = 150  # characters
_MAX_LINE = 300
# Whose place says nothing of the company's.
_ELSEWHERE = ("Event", "JobPosting", "Person", "Review", "Festival")


def stated_in(entries: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> Iterator[PageFact]:
    """Yield the addresses among `entries`. The quote is the visible line that holds one, else the stated street."""
    for count, entry in enumerate(_postal_addresses(entries)):
        if count >= _MAX_STATED:
            return
        if fact := _fact(entry, lines):
            yield fact


def _postal_addresses(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    left: list[Any] = list(entries)[::-1]
    for _ in range(_MAX_NODES):
        if not left:
            return
        node = left.pop()
        if isinstance(node, list):
            left += node[:_MAX_NODES][::-1]
        elif isinstance(node, Mapping):
            kind = str(node.get("@type"))[:_MAX_FIELD]
            if any(one in kind for one in _ELSEWHERE):
                continue
            if "PostalAddress" in kind or "streetAddress" in node:
                yield node
            else:
                left += [value for value in node.values() if isinstance(value, list | Mapping)][::-1]


def _fact(entry: Mapping[str, Any], lines: Sequence[str]) -> PageFact | None:
    street, code, town, region = (
        _text(entry.get(key)) for key in ("streetAddress", "postalCode", "addressLocality", "addressRegion")
    )
    country = _country(entry.get("addressCountry"))
    if not (street or code) or not (code or town):
        return None
    raw = next(value for key in ("streetAddress", "postalCode") if isinstance(value := entry.get(key), str) and value)
    line = _line_with(street, lines) or (_line_with(code, lines) if len(code) > 3 else "")
    if country in postcodes.CODE_LAST:
        tail = ", ".join(filter(None, (town, f"{region} {code}".strip())))
    else:
        tail = f"{code} {town}".strip()
    name = places.country_name(country) if country else ""
    return PageFact(
        kind="address",
        value=", ".join(filter(None, (street.strip(" ,"), tail, name))),
        detail=country,
        quote=line or raw.strip()[:_MAX_FIELD],
        in_source=not line,
        confidence=0.95 if street else 0.8,
    )


def _text(value: object) -> str:
    """Return a field's text on one line, '' for anything but text (or a number, as some write their codes)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return one_line(html.unescape(value[: 2 * _MAX_FIELD]))[:_MAX_FIELD] if isinstance(value, str) else ""


def _country(value: object) -> str:
    """Return the alpha-2 code of a country that is given as a code, a name or an object with a name."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("identifier")
    name = _text(value)
    if len(name) in (2, 3) and name.isascii() and name.isalpha():
        found = _ISO.countries.get(**{f"alpha_{len(name)}": name.upper()})
        if found is not None:
            return str(found.alpha_2)
    place = places.lookup(name) if name else None
    return place.countries[0] if place is not None and place.kind == "country" else ""


def _line_with(words: str, lines: Sequence[str]) -> str:
    return next((line for line in lines if words in line and len(line) <= _MAX_LINE), "") if words else ""
