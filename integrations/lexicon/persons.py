"""One person under the many spellings of their address, number, profile and name, and where a text tells of them.

What is compared are keys: `anna.meier+news@gmail.com` and `annameier@googlemail.com` are one address, `Müller` is
`Mueller` and `MULLER`, but Anna Meier is not Annabell Meier. Keys can be hashed, so that a list of people whom nobody
may keep needs to hold nothing of them: whoever asks makes the keys of what is at hand and looks those up.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from integrations.lexicon.domains import registrable_domain
from integrations.lexicon.text import normalise
from integrations.lexicon.words import fold

Kind = Literal["email", "phone", "profile", "name"]
# Stands in a text where words were that must not be kept; as many as there were characters.
MARK = "█"
# A name is at least so many words, and no more: a first name alone is half of a village.
FEWEST_WORDS, MOST_WORDS = 2, 5
FEWEST_DIGITS = 7
# With fewer digits, and without a country or a city, the number of an order may look like that of a phone.
SURELY_A_NUMBER = 10

# Where a tag behind a plus leads to the same inbox, and where dots make no difference, by the providers' own words.
_PLUS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "icloud.com",
        "me.com",
        "fastmail.com",
        "protonmail.com",
        "proton.me",
        "pm.me",
    ]
)
_ALIASES = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me", "pm.me": "proton.me"}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|(?:[^\W\d_{_CJK}][\u0300-\u036f]*)+")
_BETWEEN = re.compile(r"[\s.,'’´\-_/+%]{0,3}")
_AT = r"(?:@|\s{0,2}[\[({<]\s{0,2}(?:at|ät|@|a|chez|arroba)\s{0,2}[\])}>]\s{0,2}|%40)"
_DOT = r"(?:\.|\s{0,2}[\[({<]\s{0,2}(?:dot|punkt|point|punto|tačka|\.)\s{0,2}[\])}>]\s{0,2})"
_EMAIL = re.compile(
    rf"(?<![\w.%+\-])[^\W_](?:[\w.%+'\-]{{0,62}}[\w+\-])?{_AT}(?:[^\W_](?:[\w\-]{{0,61}}[^\W_])?{_DOT}){{1,5}}[^\W\d_]{{2,24}}",
    re.I,
)
_PHONE = re.compile(r"(?<![\w+])(?:\+|\(\+?|0|[1-9])[\d\s().\-/\u2010-\u2015\u00b7\xa0]{5,24}\d(?!\w)")
# Ends before a number that is no phone's: within a longer word, or named as what it is.
_OTHER_NUMBER = re.compile(
    r"(?:[^\W\d_][-/_#]|#\s?"
    r"|\b(?:order|invoice|article|item|part|sku|vat|uid|ust|hrb|iban|account|customer|konto|kunde|bestell|rechnung"
    r"|artikel|auftrag|commande|facture|pedido|factura|ordine|fattura)[^\W\d]{0,12}[\s.:-]{0,3}"
    r"(?:no|nr|number|id|nummer)?[\s.:#-]{0,3})$",
    re.I,
)
_PROFILE = re.compile(
    r"(?<![\w.])(?:https?://)?(?:[a-z]{2,3}\.)?(?:www\.|m\.)?"
    r"(?P<site>linkedin\.com|xing\.com|instagram\.com|facebook\.com|patreon\.com|x\.com|twitter\.com|tiktok\.com"
    r"|youtube\.com|github\.com)/(?P<path>[^\s\"'<>?#)\]]+)",
    re.I,
)


class Watch(Protocol):
    """What is looked for: keys of people, known as they are or by a hash."""

    @property
    def name_sizes(self) -> frozenset[int]:
        """How many words the names have that are looked for."""

    def has(self, kind: Kind, key: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text tells of somebody, and by what."""

    kind: Kind
    start: int
    end: int


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────


def email_key(address: str) -> str:
    """Return what is the same for all spellings of one address; '' for what is none."""
    plain = re.sub(_AT, "@", re.sub(_DOT, ".", unquote(normalise(address)), flags=re.I), flags=re.I)
    local, at, domain = "".join(plain.split()).removeprefix("mailto:").lower().strip("<>.,;").rpartition("@")
    if not (at and local and "." in domain):
        return ""
    domain = _ascii(domain)
    if domain in _PLUS:
        local = local.partition("+")[0]
    domain = _ALIASES.get(domain, domain)
    return f"{local.replace('.', '') if domain == 'gmail.com' else local}@{domain}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


# Before what a number is within a country that it does not name itself.
_NO_COUNTRY = "?"


def phone_keys(number: str) -> tuple[str, ...]:
    """Return what a number is known by; () for what is none.

    Numbers of two countries are two, though they may be dialled alike within each: a key without a country finds, and
    is found by, what names none alone (`_looked_up`).
    """
    world, inside = _numbers(number)
    return (world, inside) if world else (inside, _NO_COUNTRY + inside) if inside else ()


def _looked_up(number: str) -> tuple[str, ...]:
    """Return which keys of others a number has that was found somewhere."""
    world, inside = _numbers(number)
    return (world, _NO_COUNTRY + inside) if world else (inside,) if inside else ()


@lru_cache(maxsize=10_000)
def _numbers(number: str) -> tuple[str, str]:
    """Return a number as E.164, '' where it names no country, and as it is dialled within it, '' for what is none."""
    text = normalise(number)
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    if not FEWEST_DIGITS <= len(digits) <= 16:
        return "", ""
    is_international = text.lstrip("( ").startswith("+") or digits.startswith("00")
    if not is_international:
        return "", digits
    try:
        parsed = phonenumbers.parse(f"+{digits.removeprefix('00')}")
    except NumberParseException:
        return "", digits
    inside = re.sub(r"\D", "", phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164), inside


def profile_key(address: str) -> str:
    """Return `linkedin.com/in/anna-meier` for any way to write it, `instagram/anna` too; '' for what is no profile."""
    found = _PROFILE.search(unquote(normalise(address)))
    if found is None:
        site, slash, handle = normalise(address).lower().strip("/ ").partition("/")
        sites = ("instagram", "patreon", "facebook", "linkedin", "xing", "tiktok", "github", "twitter")
        return f"{site}.com/{handle.lstrip('@')}" if slash and handle and site in sites else ""
    path = found["path"].lower().rstrip("/.,;:").lstrip("@")
    site = found["site"].lower()
    parts = path.split("/")
    path = "/".join(parts[:2]) if site in ("linkedin.com", "xing.com") else parts[0]
    return f"{'x.com' if site == 'twitter.com' else site}/{path}" if path else ""


def name_forms(name: str) -> tuple[str, ...]:
    """Return the words of a name as they may be spelled, each way joined by a space; () where it is too short.

    The family name may stand first. Titles and what follows the name are the caller's to leave out.
    """
    forms = _spelled([match[0] for match in _WORD.finditer(normalise(name))])
    turned = [" ".join([*form.split()[-1:], *form.split()[:-1]]) for form in forms]
    return tuple(dict.fromkeys([*forms, *turned]))


def _spelled(words: Sequence[str]) -> list[str]:
    """Return words without accents, and with umlauts written out where there are any."""
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
        return []
    plain = " ".join(map(fold, words))
    return list(dict.fromkeys((plain, " ".join(map(_written, words)))))


def is_one_name(name: str, forms: Iterable[str]) -> bool:
    """Return whether a name may be that of whoever has one of `forms`: with a title or a second first name, or less."""
    mine = [set(form.split()) for form in name_forms(name)]
    return any(one <= other or other <= one for form in forms for other in [set(form.split())] for one in mine)


def perhaps_in(text: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the names in a text that may be one of `names`, as they stand there: Ann B. Lee is perhaps Ann Lee.

    That is one with a middle initial more, without its middle names, or with these cut to initials.
    """
    known = [one for name in names if len(one := _middled(name)) >= FEWEST_WORDS]
    plain = fold(text) if known else ""
    looked_for = [one for one in known if one[0] in plain and one[-1] in plain]
    sizes = sorted({FEWEST_WORDS, FEWEST_WORDS + 1, *map(len, looked_for)}) if looked_for else ()
    for forms, start, end in named_in(text, sizes):
        words = tuple(forms[0].split())
        spelled = (words, (*words[1:], words[0]))  # the family name may stand first
        if not set(spelled) & set(known) and any(_may_be(one, form) for one in looked_for for form in spelled):
            yield " ".join(text[start:end].split())


def _middled(name: str) -> tuple[str, ...]:
    """Return the words of a name that could have an initial between them; () for one of CJK letters."""
    words = [match[0] for match in _WORD.finditer(normalise(name))]
    is_cjk = any(re.fullmatch(f"[{_CJK}]", word) for word in words)
    return () if is_cjk or len(words) > MOST_WORDS else tuple(map(fold, words))


def _may_be(known: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Return whether two names differ in what stands between first and family name alone, and may be one person's."""
    if (known[0], known[-1]) != (words[0], words[-1]):
        return False
    mine, theirs = known[1:-1], words[1:-1]
    if not mine:
        return bool(theirs) and all(len(word) == 1 for word in theirs)
    if len(mine) != len(theirs):
        return not theirs
    return mine != theirs and all(
        one == other or _is_initial(one, other) for one, other in zip(mine, theirs, strict=True)
    )


def _is_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[0] == other[0]


def domain_key(address: str) -> str:
    """Return the registrable domain of a domain, web or e-mail address; '' where there is none."""
    bare = address.strip().lower().rpartition("@")[2].partition("://")
    host = (bare[2] or bare[0]).partition("/")[0].partition(":")[0]
    return registrable_domain(host) or host if "." in host else ""


# ── where a text tells of somebody ───────────────────────────────────────────────────────────────────────


def addressed_in(text: str) -> Iterator[tuple[Kind, tuple[str, ...], int, int]]:
    """Yield every address, number and profile in a text, whoever's it is: kind, keys, start, end."""
    if "@" in text or "[" in text or "(" in text or "%40" in text or "{" in text or "<" in text:
        for match in _EMAIL.finditer(text):
            if key := email_key(match[0]):
                yield "email", (key,), match.start(), match.end()
    for match in _PHONE.finditer(text):
        keys = _looked_up(match[0])
        if keys and not (_is_short(match[0]) and _OTHER_NUMBER.search(text, max(match.start() - 40, 0), match.start())):
            yield "phone", keys, match.start(), match.end()
    if ".com/" in text.lower():
        for match in _PROFILE.finditer(text):
            if key := profile_key(match[0]):
                yield "profile", (key,), match.start(), match.end()


def _is_short(number: str) -> bool:
    """Return whether digits could be anything: few of them, that name neither country nor city."""
    return number[0] not in "+(0" and len(re.sub(r"\D", "", number)) < SURELY_A_NUMBER


def named_in(text: str, sizes: Iterable[int]) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield every run of `sizes` words that could be a name: its spellings, start, end."""
    words = list(_WORD.finditer(text))
    plain = [fold(word[0]) for word in words]
    written = [one if word[0].isascii() else _written(word[0]) for word, one in zip(words, plain, strict=True)]
    parted = [0]  # how many gaps before each word are no gaps within a name
    for one, two in itertools.pairwise(words):
        parted.append(parted[-1] + (_BETWEEN.fullmatch(text, one.end(), two.start()) is None))
    for size in sizes:
        for first in range(len(words) - size + 1):
            last = first + size - 1
            if parted[first] == parted[last]:
                forms = " ".join(plain[first : last + 1]), " ".join(written[first : last + 1])
                yield forms if forms[0] != forms[1] else forms[:1], words[first].start(), words[last].end()


def _written(word: str) -> str:
    """Return a folded word with its umlauts written out."""
    return fold(unicodedata.normalize("NFC", word).casefold().translate(_UMLAUTS))


def may_hold(text: str, keys: Iterable[tuple[Kind, str]]) -> bool:
    """Return False where a text surely tells of none of `keys`; a tenth of the time that looking closely takes."""
    plain = fold(text)
    forms = plain if text.isascii() else plain + "\n" + _written(text)
    digits = ""
    for kind, key in keys:
        if kind == "name" and all(word in forms for word in key.split()):
            return True
        if kind == "phone":
            digits = digits or re.sub(r"\D+", "", text)
            if key[-FEWEST_DIGITS:] in digits:
                return True
        if kind == "profile" and key.rpartition("/")[2] in unquote(text).lower():
            return True
        if kind == "email" and (_is_many_spelled(key) or all(word in forms for word in _beginnings(key))):
            return True
    return False


def _beginnings(key: str) -> tuple[str, str]:
    """Return the first word of an address and that of its domain, as they stand in any disguise of it."""
    local, _at, domain = key.rpartition("@")
    return fold(re.split(r"[\W_]", local, maxsplit=1)[0]), domain.partition(".")[0]


def _is_many_spelled(key: str) -> bool:
    """An address whose domain may be written in other words, or letters, than the key's."""
    domain = key.rpartition("@")[2]
    return domain in _ALIASES.values() or "xn--" in domain or "-" in domain


def mentions(text: str, watch: Watch) -> list[Mention]:
    """Return where `text` tells of whoever `watch` looks for, in order, none inside another."""
    found = [
        Mention(kind, start, end)
        for kind, keys, start, end in addressed_in(text)
        if any(watch.has(kind, key) for key in keys)
    ]
    found += [
        Mention("name", start, end)
        for forms, start, end in named_in(text, watch.name_sizes)
        if any(watch.has("name", form) for form in forms)
    ]
    kept: list[Mention] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            kept[-1] = Mention(kept[-1].kind, kept[-1].start, one.end)
    return kept


def blanked(text: str, watch: Watch) -> str:
    """Return `text` with marks in place of whoever `watch` looks for: as long as before, line by line."""
    for one in mentions(text, watch):
        text = text[: one.start] + re.sub(r"[^\n]", MARK, text[one.start : one.end]) + text[one.end :]
    return text


def strings_of(value: Any) -> Iterator[str]:
    """Yield every text of JSON, at any depth; the names of its fields are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings_of(one)


def blanked_values(value: Any, watch: Watch) -> Any:
    """Return JSON with every text in it blanked; the names of its fields stay."""
    if isinstance(value, str):
        return blanked(value, watch)
    if isinstance(value, dict):
        return {key: blanked_values(one, watch) for key, one in value.items()}
    return [blanked_values(one, watch) for one in value] if isinstance(value, list | tuple) else value
