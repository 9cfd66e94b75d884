"""From a row of somebody's table to a company: which column means what, and what makes a row unusable."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pycountry
from django.utils.translation import gettext as _

from integrations.capabilities import Range
from integrations.lexicon import places
from integrations.lexicon.domains import stated_domain
from integrations.lexicon.text import normalise
from integrations.lexicon.words import fold
from leads.models import Company

# Pages on these are somebody's, but their domain is not.
HOSTING = frozenset(
    {
        "facebook.com",
        "instagram.com",
        "linkedin.com",
        "twitter.com",
        "x.com",
        "youtube.com",
        "tiktok.com",
        "gmail.com",
        "google.com",
        "outlook.com",
        "hotmail.com",
        "yahoo.com",
        "gmx.de",
        "qq.com",
        "163.com",
        "wordpress.com",
        "wix.com",
        "alibaba.com",
        "amazon.com",
        "ebay.com",
        "etsy.com",
    }
)

# What columns are called, in the languages of our users, folded (see `fold`): the field they mean.
HEADERS: dict[str, str] = {
    name: field
    for field, names in tomllib.loads(Path(__file__).with_name("company_headers.toml").read_text("utf-8")).items()
    for name in names
}


class Unusable(Exception):
    """The row is not a company that can be imported; the message says why."""


def columns_for(header: Iterable[str]) -> dict[str, str]:
    """Return field → column for the columns that are understood; the first of two that mean the same wins."""
    mapping: dict[str, str] = {}
    for column in header:
        if field := _field_of(column):
            mapping.setdefault(field, column)
    return mapping


@lru_cache(maxsize=10_000)
def _field_of(column: str) -> str:
    """Return the field that a column's name means, or ''. `companyName` and `Company_Name *` are `company name`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(column)[:200])
    forms = (parted, str(column))
    return next(filter(None, (HEADERS.get(" ".join(re.split(r"[\s_\-:*.#]+", fold(f))).strip()) for f in forms)), "")


def company_of(values: Mapping[str, Any], columns: Mapping[str, str]) -> Company:
    """Return an unsaved company of no list. Raises Unusable where it has no name or no domain of its own."""
    told = {field: _text(values.get(column)) for field, column in columns.items()}
    for field in told.keys() - {"description"}:
        told[field] = told[field].replace("\n", " ")
    name = told.get("name", "")[:300]
    website = told.get("website", "")
    domain = _domain(told.get("domain", ""), website)
    if not name:
        raise Unusable(_("The row has no company name."))
    location = told.get("location") or ", ".join(
        told[part] for part in ("zip", "city", "region", "country") if told.get(part)
    )
    size = employees_of(told.get("employees", ""))
    return Company(
        name=name,
        domain=domain,
        website=_website(website, domain),
        one_liner=told.get("one_liner", "")[:1000],
        description=told.get("description", "")[:20_000],
        location=location[:500],
        country=country_of(told.get("country", ""), location, told.get("phone", ""), domain),
        employees_min=size.min,
        employees_max=size.max,
        founded_year=_year(told.get("founded_year", "")),
        phone=told.get("phone", "")[:60],
        source=told.get("source", "")[:200],
    )


# What programs write where they know nothing.
_NOTHING = frozenset({"nan", "n/a", "#n/a", "na", "null", "none", "-", "--", "?", "."})
# The apostrophe that our own export (and OWASP's advice) sets before what a spreadsheet would take for a formula.
_DISARMED = re.compile(r"'(?=[=+\-@|%])")


def _text(value: Any) -> str:
    """Return a cell as text: whole numbers without a decimal point, lists joined, nothing for what is not there."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    # Most cells; three times as fast as the general way, which comes to the same for them.
    is_plain = text.isascii() and text.isprintable()
    text = " ".join(text.split()) if is_plain else normalise(text.encode("utf-8", "replace").decode())
    if text.casefold() in _NOTHING:
        return ""
    return text[1:] if _DISARMED.match(text) else text


_domain_of = lru_cache(maxsize=1_000)(stated_domain)
_SCHEME = re.compile(r"(?i)https?:?[/\\]+")


def _domain(*addresses: str) -> str:
    """Return the domain of the first address that has one of its own; a cell may hold several. Raises Unusable."""
    given = [address for address in addresses if address]
    if not given:
        raise Unusable(_("The row has no domain and no website."))
    parts = [_SCHEME.sub("", part) for address in given for part in re.split(r"[\s,;|]+", address[:2000])]
    domains = list(filter(None, map(_domain_of, parts)))
    if not domains:
        raise Unusable(_("“%s” is not a domain or a web address.") % given[0][:100])
    own = next((domain for domain in domains if domain not in HOSTING), "")
    if not own:
        raise Unusable(_("%s hosts the pages of many; it is not this company's own domain.") % domains[0])
    return own


def _website(stated: str, domain: str) -> str:
    """Return the web address that is stated, if it is one (no `javascript:`, no mail address), else the domain's."""
    first = next(iter(re.split(r"[\s,;|]+", stated)), "")
    bare = _SCHEME.sub("", first)
    if "://" in bare or "@" in bare or len(bare) > 990 or not _domain_of(bare):
        return f"https://{domain}"
    scheme = "http" if first.lower().startswith("http:") else "https"
    return f"{scheme}://{bare}"


def country_of(stated: str, location: str, phone: str, domain: str) -> str:
    """Return the ISO code of the country that is stated, or that address, phone or domain give away, or ''."""
    if stated and (code := _country_named(stated)):
        return code
    return places.parse_address(location, phone, domain).country


@lru_cache(maxsize=2_000)
def _country_named(stated: str) -> str:
    place = places.lookup(stated)
    if place is not None and place.kind == "country":
        return place.countries[0]
    try:
        found: str = pycountry.countries.lookup(stated).alpha_2  # a code, or an official name
    except LookupError:
        return ""
    return found


_NUMBER = re.compile(r"(\d{1,3}(?:[.,' \u202f]\d{3})+(?!\d)|\d+)(?:[.,]\d+)?\s?(k\b)?", re.IGNORECASE)


def employees_of(text: str) -> Range:
    """Return the number of employees that a cell states: "6", "6.0", "11-50", "1,000+", "< 10", "5k", "200 人以上"."""
    numbers = [int(re.sub(r"\D", "", digits)[:9]) * (1000 if k else 1) for digits, k in _NUMBER.findall(text[:100])][:2]
    numbers = [number for number in numbers if number < 10_000_000]
    if not numbers:
        return Range()
    if len(numbers) == 2:
        return Range(min(numbers), max(numbers))
    if re.search(r"[+>≥]|以上|more|over|plus|mehr|vise|preko", fold(text)):
        return Range(numbers[0], None)
    if re.search(r"[<≤]|以下|fewer|less|under|moins|weniger|manje", fold(text)):
        return Range(None, numbers[0])
    return Range(numbers[0], numbers[0])


def _year(text: str) -> int | None:
    found = re.search(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)", text)
    return int(found[1]) if found else None
