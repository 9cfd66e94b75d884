"""Contacts that a company publishes on a page: addresses, numbers, people, each with where it stands.

Everything is read from the whole page, menu and footer included: that is where the imprint lives.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from enrichment import emails, people, phones
from enrichment.document import Document
from enrichment.lines import lines_with
from enrichment.people import Person
from integrations.capabilities import FoundContact
from integrations.lexicon import addresses
from integrations.lexicon.text import normalise

MAX_CONTACTS = 60
_FOUND_BY = "site"
_LINKEDIN = re.compile(r"^https?://(?:[a-z]{2,3}\.)?linkedin\.com/(?P<kind>in|company|school)/(?P<slug>[^/?#]+)", re.I)
# How far below a name its own address or number may stand, in lines.
_REACH = 6
_WORD = re.compile(r"[^\W\d_]{2}")
_FAX_LABEL = re.compile(r"(?:tele)?fax\s*:?|传真:?|факс\s*:?", re.I)
_LETTERS = re.compile(r"[^\W\d_]+")
_FOLD = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "š": "s",
        "đ": "dj",
        "č": "c",
        "ć": "c",
        "ž": "z",
        "é": "e",
        "è": "e",
        "à": "a",
        "ç": "c",
        "ñ": "n",
        "ó": "o",
        "í": "i",
        "á": "a",
    }
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """An address or number, the line that it stands on (-1: on none) and the words that prove it."""

    value: str
    line: int
    quote: str
    is_fax: bool = False


def contacts_of(document: Document, *, country: str = "") -> list[FoundContact]:
    """Return what `document` publishes, people first. `country` (ISO alpha-2) helps to read phone numbers."""
    lines = document.full_text.split("\n")
    mails = _once(_mails(document, lines))
    numbers = _once(_numbers(document, lines, country))
    persons = _persons(document, lines)
    contacts: list[FoundContact] = []
    for index, person in enumerate(persons):
        until = min(
            (other.line for other in persons if other.line > person.line >= 0), default=person.line + _REACH + 2
        )
        contacts.append(_personal(document, person, mails, numbers, until, is_only=len(persons) == 1 and index == 0))
    taken = {contact.email for contact in contacts} | {contact.phone for contact in contacts}
    contacts += [_addressed(document, mark) for mark in mails if mark.value not in taken]
    contacts += [_numbered(document, mark) for mark in numbers if mark.value not in taken and not mark.is_fax]
    contacts += _profiles(document, {contact.linkedin_url for contact in contacts})
    return contacts[:MAX_CONTACTS]


def phones_of(document: Document, *, country: str = "") -> list[tuple[str, bool]]:
    """Return every number on the page as (E.164, is a fax number)."""
    marks = _once(_numbers(document, document.full_text.split("\n"), country))
    return [(mark.value, mark.is_fax) for mark in marks]


def with_quoted_lines(document: Document, quotes: Sequence[str]) -> str:
    """Return the page's text, followed by those lines of the boilerplate that hold `quotes` or tell addresses.

    So the quote of a contact or a place stands in the text that is stored, though it stood in the footer.
    """
    known = set(document.text.split("\n"))
    wanted = {line for quote in quotes for line in quote.split("\n") if line} - known
    lines = list(dict.fromkeys(document.full_text.split("\n")))
    extra = [
        line
        for line, above in zip(lines, ["", *lines], strict=False)
        if line not in known and (_holds(line, wanted) or _tells_where(line, above))
    ]
    text = "\n".join([document.text, *extra[:MAX_CONTACTS]]).strip()
    # Lines that belong together may have been parted: one in the text, the next in the footer.
    parted = [quote for quote in dict.fromkeys(quotes) if quote and quote not in text]
    return "\n".join([text, *parted[:MAX_CONTACTS]]).strip()


def _tells_where(line: str, above: str) -> bool:
    return addresses.is_address(line) or (addresses.is_address(above) and addresses.is_country(line))


def _holds(line: str, wanted: set[str]) -> bool:
    return line in wanted or any(quote in line for quote in wanted)


def _mails(document: Document, lines: Sequence[str]) -> Iterator[_Mark]:
    for number, line in lines_with(emails.SIGN, document.full_text):
        for address in _addresses_on(line):
            yield _Mark(address, number, line[:300])
    if emails.is_spelled_in(document.full_text):
        for number, line in lines_with(emails.SPELLED, document.full_text):
            for address in _addresses_on(line):
                yield _Mark(address, number, line[:300])
    for link in document.mail_links:
        for address in emails.from_mailto(link.url):
            yield _Mark(address, _line_of(lines, link.text), link.text if link.text in document.full_text else "")
    for value in _values(document, "email"):
        if address := emails.cleaned(unquote(value).removeprefix("mailto:")):
            yield _Mark(address, -1, "")


# Menus and footers come again on every page of a site; what they hold is found once.
@lru_cache(maxsize=2_048)
def _addresses_on(line: str) -> tuple[str, ...]:
    return tuple(address for address, _, _ in emails.found_in(line))


@lru_cache(maxsize=2_048)
def _numbers_on(line: str, regions: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((number, is_fax) for number, _, _, is_fax in phones.found_in(line, regions))


def _numbers(document: Document, lines: Sequence[str], country: str) -> Iterator[_Mark]:
    on_lines, stated = list(lines_with(phones.SEVEN_DIGITS, document.full_text)), list(_values(document, "telephone"))
    if not (on_lines or stated or document.phone_links):
        return
    host = urlsplit(document.url).hostname or ""
    regions = phones.regions_of(
        host, document.language, country or _country(document), phones.regions_named_in(document.full_text)
    )
    for link in document.phone_links:
        if number := phones.parsed(unquote(link.url.partition(":")[2])[:40], regions):
            place = _line_of(lines, link.text)
            yield _Mark(number, place, lines[place][:300] if place >= 0 else "")
    for index, line in on_lines:
        for number, is_fax in _numbers_on(line[:2_000], tuple(regions)):
            # "Fax" often stands in the cell or line before its number.
            yield _Mark(number, index, line[:300], is_fax or _names_fax(lines, index, line))
    for value in stated:
        if number := phones.parsed(value, regions):
            yield _Mark(number, -1, "")


def _names_fax(lines: Sequence[str], index: int, line: str) -> bool:
    if _WORD.search(line):
        return False
    return index > 0 and bool(_FAX_LABEL.fullmatch(lines[index - 1].strip()))


def _once(marks: Iterator[_Mark]) -> list[_Mark]:
    """Return each value once, at the first place where it is proved by words."""
    kept: dict[str, _Mark] = {}
    for mark in marks:
        if mark.value not in kept or (mark.quote and not kept[mark.value].quote):
            kept[mark.value] = mark
    return list(kept.values())


def _persons(document: Document, lines: Sequence[str]) -> list[Person]:
    found = {person.name.casefold(): person for person in people.found_in(lines)}
    for person in people.in_json_ld(document.json_ld):
        seen = found.get(person.name.casefold())
        line = _line_of(lines, person.name)
        placed = replace(person, line=line, quote=lines[line][:300] if line >= 0 else "")
        found[person.name.casefold()] = (
            placed
            if seen is None
            else replace(
                seen,
                email=person.email,
                phone=person.phone,
                linkedin_url=person.linkedin_url,
                title=seen.title or person.title,
            )
        )
    return sorted(found.values(), key=lambda person: (person.line < 0, person.line))


def _personal(
    document: Document, person: Person, mails: Sequence[_Mark], numbers: Sequence[_Mark], until: int, *, is_only: bool
) -> FoundContact:
    """Return `person` with the address and number that are theirs by name, or stand right below them."""
    email, phone = emails.cleaned(person.email), ""
    near = [
        mark for mark in mails if person.line >= 0 and person.line <= mark.line < min(until, person.line + _REACH + 1)
    ]
    if not email:
        named = [mark.value for mark in (*near, *mails) if is_address_of(mark.value, person.name)]
        beside = [mark.value for mark in near if not emails.is_general(mark.value)]
        email = next(iter(named + beside), "")
    if person.line >= 0 and not is_only:
        below = (
            mark
            for mark in numbers
            if person.line <= mark.line < min(until, person.line + _REACH + 1) and not mark.is_fax
        )
        phone = next((mark.value for mark in below), "")
    return FoundContact(
        email=email,
        name=person.name,
        title=person.title,
        phone=phone,
        linkedin_url=person.linkedin_url or _profile_of(document, person.name),
        is_person=True,
        source_url=document.url,
        quote=person.quote,
        confidence=0.95 if email and person.quote else 0.9 if person.quote else 0.7,
        found_by=_FOUND_BY,
    )


def _addressed(document: Document, mark: _Mark) -> FoundContact:
    is_person = not emails.is_general(mark.value)
    return FoundContact(
        email=mark.value,
        is_person=is_person,
        source_url=document.url,
        quote=mark.quote,
        confidence=0.9 if mark.quote else 0.8,
        found_by=_FOUND_BY,
    )


def _numbered(document: Document, mark: _Mark) -> FoundContact:
    return FoundContact(
        phone=mark.value,
        source_url=document.url,
        quote=mark.quote,
        confidence=0.8 if mark.quote else 0.7,
        found_by=_FOUND_BY,
    )


def _profiles(document: Document, taken: set[str]) -> list[FoundContact]:
    """Return the company's own LinkedIn page; people's profiles are given with their names only."""
    found = dict.fromkeys(
        link.url for link in document.links if (match := _LINKEDIN.match(link.url)) and match["kind"].lower() != "in"
    )
    return [
        FoundContact(linkedin_url=url, source_url=document.url, confidence=0.7, found_by=_FOUND_BY)
        for url in list(found)[:2]
        if url not in taken
    ]


def _profile_of(document: Document, name: str) -> str:
    wanted = set(_folded(name))
    for link in document.links:
        match = _LINKEDIN.match(link.url)
        if match and match["kind"].lower() == "in":
            slug = set(_LETTERS.findall(unquote(match["slug"]).casefold().translate(_FOLD)))
            if len(wanted & slug) >= 2 or normalise(link.text) == name or "".join(_folded(name)) in slug:
                return link.url
    return ""


def is_address_of(address: str, name: str) -> bool:
    """Return whether the local part of `address` is made of `name` (anna.schmidt, a.schmidt, schmidt, aschmidt)."""
    parts = _folded(name)
    if len(parts) < 2:
        return False
    local = _LETTERS.findall(address.partition("@")[0])
    first, last = parts[0], parts[-1]
    forms = {f"{first}{last}", f"{last}{first}", f"{first[0]}{last}", f"{last}{first[0]}", f"{first}{last[0]}", last}
    return "".join(local) in forms or (last in local and len(last) > 2)


def _folded(name: str) -> list[str]:
    return _LETTERS.findall(name.casefold().translate(_FOLD))


def _line_of(lines: Sequence[str], words: str) -> int:
    if len(words) < 3:
        return -1
    return next((index for index, line in enumerate(lines) if words in line), -1)


def _values(document: Document, key: str) -> Iterator[str]:
    """Yield the texts under `key` in the structured data, at the top and one level below."""
    for item in document.json_ld:
        for data in (item, *_children(item)):
            value = data.get(key)
            yield from (
                entry[:200] for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str)
            )


def _children(item: Any) -> Iterator[dict[str, Any]]:
    for value in list(item.values())[:50]:
        yield from (entry for entry in (value[:50] if isinstance(value, list) else [value]) if isinstance(entry, dict))


def _country(document: Document) -> str:
    for item in document.json_ld:
        address = item.get("address")
        country = address.get("addressCountry") if isinstance(address, dict) else None
        if isinstance(country, str) and len(country) == 2:
            return country
    return ""
