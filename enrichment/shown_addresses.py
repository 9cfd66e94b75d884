"""Postal addresses among the lines that a page shows.

A postal code is looked for first; what stands before it, on its line or on the few lines above, must then read like a
street, and what stands behind it like a town or a country. No list of towns is needed for that.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from enrichment.lines import lines_with
from integrations.lexicon import places, postcodes
from integrations.lexicon.countries import country_before, country_behind, country_named, country_of_host
from integrations.lexicon.postcodes import Code
from integrations.lexicon.streets import (
    has_digit,
    has_street_word,
    is_block,
    is_box,
    is_contact,
    is_unit,
    pieces_of,
    street_in,
)

MAX_QUOTE = 300  # characters
_MAX_CANDIDATES = 500  # lines
_MAX_CODES = 1_000  # on all of them
_MAX_LINE = 20_000  # characters
_MAX_VALUE = 250  # characters
_BEFORE, _BEHIND = 140, 60  # characters around a code that may belong to its address
_LINES_ABOVE = 4
_LONGEST_ABOVE = 100  # characters
_LONGEST_PIECE = 45  # characters of a town, a district or a building
_MAX_PIECES = 8

_BIG = r"[^\W\d_a-zà-öø-ÿ]"
_LINK = (
    r"(?:am|an|auf|der|den|dem|de|di|du|da|do|dos|del|della|la|le|les|lès|lez|los|sur|sous|en|et|in|im|bei|ob|unter|"
    r"upon|pod|nad|na|kod|v|i|u|y|al|op|aan|aux|vor|ved|of|a\.d\.|d\.)"
)
_TOWN = re.compile(
    rf",? ?((?:['’]s-|[dlDL]['’])?{_BIG}[^\W\d_]*\.?"
    rf"(?:(?: |-|'|’|/)(?:{_LINK}(?=[ '’-])|{_BIG}[^\W\d_]*\.?)){{0,6}}(?: \d{{1,2}}(?![\d.:/]))?)"
    r"(?= |[,;|()•·♦●/:.\\]|[-–—] |$)"
)
_NO_TOWN = re.compile(
    r" (?:[TFMPE][.:]|Tel|Telefon|Tél|Téléphone|Phone|Fax|Telefax|Mobil|E-?[Mm]ail|Mail|Map|Web|USt|VAT|CIF|NIF|NIP"
    r"|IČO?|PIB)(?![^\W_]).*"
)
_CITY_STATES = frozenset({"LU", "MC", "SM", "SG", "VA", "AD", "HK", "MO"})
_CJK = "\u4e00-\u9fff"
_CHINESE = re.compile(
    rf"[{_CJK}]{{2,12}}?[省市区區县縣州][{_CJK}\w()·、, .-]{{0,60}}?\d{{1,5}}(?:-\d{{1,4}})? ?[号號弄]"
    rf"[{_CJK}\w()·、, .#-]{{0,40}}"
)
_NUMBERS = frozenset("号號弄")
# What follows an address, and the numbers under which sites are registered.
_NO_CHINESE = re.compile(r"[ ,]*(?:邮|郵|电话|電話|电 ?话|联系|传真|手机|热线|版权|备|備|ICP|T[Ee][Ll]|P\.?C\.?:).*")
_TAIWAN = re.compile(r"[台臺][灣湾北中南]|新北|桃園|高雄")
_JAPANESE = re.compile(rf" ?([{_CJK}\u3040-\u30ff]{{1,8}}[都道府県市区町村][^|:;、。()]{{1,60}})")


@dataclass(frozen=True, slots=True)
class ShownAddress:
    """An address in its parts, as its country orders them; the lines that it was read from, and how sure it is (0-1).

    `town` has the postal code; `start` and `end` are where that stands on the last line.
    """

    street: tuple[str, ...]
    town: str
    country: str
    sure: float
    first: int
    last: int
    start: int = 0
    end: int = 0

    @property
    def value(self) -> str:
        """The address on one line."""
        value = ", ".join(filter(None, (*self.street, self.town)))
        name = places.country_name(self.country) if self.country else ""
        return (f"{value}, {name}" if name and name not in value.split(", ") else value)[:_MAX_VALUE]

    def quote(self, lines: Sequence[str]) -> str:
        """Return those of `lines` that it stands on, of a single long one the part around it."""
        if self.first == self.last and len(lines[self.first]) > MAX_QUOTE:
            line, start = lines[self.first], max(0, self.start - _BEFORE)
            if start:
                start = line.find(" ", start, self.start) + 1 or start
            return line[start : self.end + _BEHIND][:MAX_QUOTE]
        return "\n".join(lines[self.first : self.last + 1])[:MAX_QUOTE]


@dataclass(slots=True)
class _Page:
    """The lines of a page and how far each has been used up by the addresses on it."""

    lines: Sequence[str]
    host: str
    language: str
    used: dict[int, int] = field(default_factory=dict)

    def line(self, number: int) -> str:
        return self.lines[number] if 0 <= number < len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A postal code, and its line around it."""

    number: int
    code: Code
    before: str
    behind: str


def shown_in(lines: Sequence[str], *, host: str, language: str) -> Iterator[ShownAddress]:
    """Yield the addresses among `lines`; `host` and `language` tell the country where nothing nearer does."""
    page = _Page(lines, host, language)
    left = _MAX_CODES
    for number, line in islice(lines_with(postcodes.SIGN, "\n".join(lines)), _MAX_CANDIDATES):
        if not _NUMBERS.isdisjoint(line) and (address := _chinese(number, line)):
            yield address
            continue
        for code in islice(postcodes.codes_in(line, end=_MAX_LINE), left):
            left -= 1
            start = max(page.used.get(number, 0), code.start - _BEFORE)
            spot = _Spot(number, code, line[start : code.start], line[code.end : code.end + _BEHIND])
            if address := _address_at(page, spot):
                page.used[number] = code.end
                yield replace(address, start=code.start, end=code.end)


def _address_at(page: _Page, spot: _Spot) -> ShownAddress | None:
    shape = spot.code.shape
    if shape == "three_four" and (japanese := _JAPANESE.match(spot.behind)):
        return ShownAddress((), f"{spot.code.text} {japanese[1].strip()}", "JP", 0.9, spot.number, spot.number)
    marked, mark = postcodes.mark_before(spot.before, shape)
    if marked:
        spot = replace(spot, before=spot.before.removesuffix(mark))
    country, state = postcodes.state_before(spot.before, shape)
    if not country and shape in postcodes.TELLING:
        country = postcodes.COUNTRIES[shape][0]
    if country and not marked:
        return _code_last(page, spot, country, state)
    if _is_box_number(spot.before):
        return None
    town = _town_behind(spot)
    if town and shape in ("six", "three_and_three") and (found := _code_last(page, spot, "", "")):
        return found
    if town and not (len(town) == 2 and town.isupper()):
        return _code_first(page, spot, town, marked)
    return _code_last(page, spot, "", "") if shape not in ("dutch", "two_three", "three_and_two") else None


def _town_behind(spot: _Spot) -> str:
    """Return what reads like a town behind the code, with a country where it stands there without a comma."""
    found = _TOWN.match(_NO_TOWN.sub("", spot.behind))
    if found is None:
        return ""
    town = found[1]
    place = country_named(town)
    return "" if place and place not in _CITY_STATES else town


def _code_first(page: _Page, spot: _Spot, town: str, marked: str) -> ShownAddress | None:
    """12345 Town: the street stands before it, in a few countries behind it."""
    start = spot.behind.find(town) + len(town)
    bare, named = country_behind(town)
    bare = bare or town
    named, last = (named, spot.number) if named else _country_behind(page, spot, start)
    country = marked or named
    if country and not postcodes.fits(country, spot.code.shape):
        return None
    own, sure = postcodes.country_by_site(spot.code.shape, town=bare, host=page.host, language=page.language)
    if not country and not own and page.language in ("", "en"):
        return None  # a number in English text, most likely
    street, first, is_sure = _street(page, spot, is_number_first=False)
    if not street and (found := _street_behind(page, spot, start)):
        street, first, is_sure, last = (found[0],), spot.number, True, max(last, found[1])
    if country:
        own, sure = country, 0.95
    elif not own:
        own, sure = postcodes.country_by_street(spot.code.shape, " ".join(street), page.language), 0.8
    if not street and not (country and _stands_alone(page, spot, town)):
        return None
    if not own and not (is_sure and has_street_word(" ".join(street))):
        return None
    sure = (sure if own else 0.6) * (1 if is_sure else 0.85 if street else 0.7)
    return ShownAddress(street, f"{spot.code.text} {bare}", own, sure, first, last)


def _code_last(page: _Page, spot: _Spot, country: str, state: str) -> ShownAddress | None:
    """Town, State 12345: everything else stands before it, other than the country."""
    is_proved = bool(country)
    named, last = _country_behind(page, spot, 0)
    before = spot.before.rstrip()
    if state:
        before = before.rstrip(" .,–-").removesuffix(state)
    elif not named:
        before, named = country_behind(before)
    if not named and not before.strip(" ,") and not state:
        named = country_behind(page.line(spot.number - 1))[1]
    own = country_of_host(page.host)
    if not country:
        country = named or (own if own in postcodes.CODE_LAST else "")
    if not country or not postcodes.fits(country, spot.code.shape):
        return None
    if not is_proved and not named and spot.code.shape in ("four", "five", "three_four"):
        return None
    if spot.code.shape == "british" and not named and own != country and page.language not in ("", "en"):
        return None  # G2 8PX is the name of a thing
    parts, first, is_sure = _street(page, replace(spot, before=before), is_number_first=True)
    if not parts:
        return _without_street(page, replace(spot, before=before), state, country, last) if is_proved or named else None
    glue = " " if before[-1:] not in ("", ",") and not state else ", "
    tail = f"{state} {spot.code.text}" if state else spot.code.text
    *street, town = parts
    sure = (0.95 if is_proved or named else 0.8) * (1 if is_sure else 0.85)
    return ShownAddress(tuple(street), f"{town}{glue}{tail}", country, sure, first, last)


def _without_street(page: _Page, spot: _Spot, state: str, country: str, last: int) -> ShownAddress | None:
    """A town, its state and its code, alone on their line."""
    line = page.line(spot.number)
    town = spot.before.strip(" ,")
    if not town[:1].isupper() or len(spot.behind) > 20 or len(line) > 60 or ":" in line or is_contact(line):
        return None
    town = f"{town}, {state}" if state else town
    return ShownAddress((), f"{town} {spot.code.text}", country, 0.6, spot.number, last)


def _stands_alone(page: _Page, spot: _Spot, town: str) -> bool:
    """True where the line holds the code, the town and a country, and nothing else."""
    return len(spot.before.strip()) <= 4 and len(page.line(spot.number)) < len(spot.code.text + town) + 30


def _country_behind(page: _Page, spot: _Spot, start: int) -> tuple[str, int]:
    """Return the country that stands behind the code and the town, on their line or alone on the next, and its line."""
    pieces = pieces_of(spot.behind[start:])[:2]
    for piece in pieces:
        if piece[0].isupper() and (country := country_before(piece)):
            return country, spot.number
    if (country := country_named(page.line(spot.number + 1))) and len(pieces) < 2:
        return country, spot.number + 1
    return "", spot.number


def _street_behind(page: _Page, spot: _Spot, start: int) -> tuple[str, int] | None:
    """11000 Town, Street 5: return the street and its line. Only one that a number ends."""
    rest = spot.behind[start:]
    pieces = pieces_of(rest)[:2] if rest.startswith(",") else []
    number = spot.number
    pieces = [piece.rstrip(" .") for piece in pieces]
    if not rest.strip():
        number += 1
        pieces = pieces_of(page.line(number)[:_LONGEST_ABOVE])[:1]
    for piece in pieces:
        street = street_in(piece, number_first=False)
        if street and street == piece and not is_contact(piece) and has_digit(street):
            return street, number
    return None


def _street(page: _Page, spot: _Spot, *, is_number_first: bool) -> tuple[tuple[str, ...], int, bool]:
    """Return the parts before the code from the street on, the line of the first, and whether a number proves it."""
    pieces = list(islice(_before(page, spot), _MAX_PIECES))
    parts: list[str] = []
    weak = 0  # how many parts there are up to a street without a number
    for at, (_, piece) in enumerate(pieces):
        if is_contact(piece) or len(parts) > (5 if is_number_first else 3):
            break
        if is_unit(piece):
            parts.append(piece)
            if weak == at and weak and piece[0].isdigit():
                return _from(pieces, parts)
            continue
        street = street_in(piece, number_first=is_number_first)
        if street and (is_box(street) or is_block(street)):
            weak = at + 1
        elif street and has_digit(street):
            return _from(pieces, [*parts, street])
        elif street or has_street_word(piece):
            weak = at + 1 if at or not is_number_first else weak
        elif len(piece) > _LONGEST_PIECE or not piece[:1].isupper() or (weak and weak == at):
            break
        parts.append(street or piece)
    if not weak:
        return (), spot.number, False
    return *_from(pieces, parts[:weak])[:2], has_digit(parts[weak - 1])


def _from(pieces: Sequence[tuple[int, str]], parts: list[str]) -> tuple[tuple[str, ...], int, bool]:
    """Return a street that ends at the last of `parts`, with the floor or the building that stands before it."""
    end = len(parts)
    line = pieces[end - 1][0]
    if parts[-1] == pieces[end - 1][1]:
        for count in (3, 2, 1):
            more = pieces[end : end + count]
            if len(more) == count and is_block(more[-1][1]) and all(number == line for number, _ in more):
                return tuple(piece for _, piece in reversed(more)) + tuple(reversed(parts)), line, True
    return tuple(reversed(parts)), line, True


def _before(page: _Page, spot: _Spot) -> Iterator[tuple[int, str]]:
    """Yield (line, part) of what stands before a code, the nearest first, up to a few lines above."""
    for piece in reversed(pieces_of(spot.before)):
        yield spot.number, piece
    if page.used.get(spot.number) or len(spot.before) >= _BEFORE:
        return
    for number in range(spot.number - 1, max(-1, spot.number - 1 - _LINES_ABOVE), -1):
        line, end = page.line(number), page.used.get(number, 0)
        if len(line) - end > _LONGEST_ABOVE:
            return
        for piece in reversed(pieces_of(line[end:])):
            yield number, piece
        if end:
            return


def _chinese(number: int, line: str) -> ShownAddress | None:
    """省市区, a street and a number that 号 ends; the code, where there is one, is no part of it."""
    found = _CHINESE.search(line[: 2 * MAX_QUOTE])
    if found is None or "备" in found[0] or "備" in found[0]:
        return None
    text = _NO_CHINESE.sub("", found[0]).strip(" ,.、-")
    country = "TW" if _TAIWAN.match(text) else "HK" if text.startswith("香港") else "CN"
    is_whole = not _NUMBERS.isdisjoint(text)
    return ShownAddress((), text, country, 0.9, number, number, *found.span()) if is_whole else None


def _is_box_number(before: str) -> bool:
    return before.rstrip(" .:").lower().endswith(("box", "postfach", "boîte postale"))
