"""Who lives in the sandbox: fictional companies, written by hand in `data/*.toml`, and what to expect of each site.

Every domain ends in `.example`, which RFC 2606 keeps free, so no page of the sandbox can be taken for a real firm's.
"""

import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

Quirk = Literal[
    "",
    "slow",  # answers after 1.5 to 3 seconds
    "flaky",  # 503 with Retry-After for its first requests, then fine
    "robots",  # robots.txt forbids everything
    "javascript",  # an empty shell; a same-origin script writes the text
    "parked",  # a domain for sale, no company
    "gone",  # listed, but no site answers under the name
    "hostile",  # gives orders to whoever reads it
    "loop",  # redirects in a circle
    "wrong_charset",  # UTF-8 that its header calls ISO-8859-1
    "gbk",  # GB 18030, declared in the page only
]
Choice = TypeVar("Choice")

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Person:
    """A fictional member of staff; `mailbox` is the part of the address before the @, or ''."""

    name: str
    title: str
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """One product or service and a sentence or two on it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SandboxCompany:
    """The facts of one fictional company, and how its site behaves.

    `employees` and `founded` are what its pages state; None where they are silent. `copy_of` is the domain
    of the company that this listing repeats word for word, `redirects_to` the one that it forwards to.
    """

    name: str
    domain: str
    language: str
    country: str
    city: str
    region: str
    street: str
    postcode: str
    phone: str
    industry: str
    tagline: str
    summary: str
    offers: tuple[Offer, ...]
    facts: tuple[str, ...]
    serves: str
    team: tuple[Person, ...]
    jobs: tuple[str, ...] = ()
    employees: int | None = None
    founded: int | None = None
    mailbox: str = "info"
    quirk: Quirk = ""
    copy_of: str = ""
    redirects_to: str = ""

    def pick(self, slot: str, choices: Sequence[Choice]) -> Choice:
        """Return the choice that this company always makes for `slot`, the same on every machine."""
        return choices[zlib.crc32(f"{self.domain_of_content}/{slot}".encode()) % len(choices)]

    @property
    def domain_of_content(self) -> str:
        return self.copy_of or self.redirects_to or self.domain

    @property
    def website(self) -> str:
        """The address that directories list; about a third of them carry a www."""
        return f"http://{'www.' if zlib.crc32(self.domain.encode()) % 3 == 0 else ''}{self.domain}/"

    @property
    def email(self) -> str:
        return f"{self.mailbox}@{self.domain_of_content}"

    @property
    def is_hostile(self) -> bool:
        return self.quirk == "hostile"

    @property
    def is_parked(self) -> bool:
        return self.quirk == "parked"

    @property
    def is_served(self) -> bool:
        return self.quirk != "gone"

    @property
    def needs_browser(self) -> bool:
        return self.quirk == "javascript"

    @property
    def is_readable(self) -> bool:
        """True when a polite crawler without a browser gets the company's own text."""
        return self.quirk not in {"robots", "javascript", "parked", "gone", "loop"}


def by_domain(domain: str) -> SandboxCompany | None:
    """Return the company listed under `domain`, with or without www, or None."""
    return _BY_DOMAIN.get(domain.lower().removeprefix("www."))


def _records() -> Iterator[Mapping[str, Any]]:
    for path in sorted(_DATA.glob("companies_*.toml")):
        with path.open("rb") as file:
            yield from tomllib.load(file)["company"]


def _company(record: Mapping[str, Any]) -> SandboxCompany:
    made = {
        "offers": tuple(Offer(*offer) for offer in record["offers"]),
        "team": tuple(Person(*person) for person in record["team"]),
        "facts": tuple(record["facts"]),
        "jobs": tuple(record.get("jobs", ())),
    }
    return SandboxCompany(**{**record, **made})


def _load() -> tuple[SandboxCompany, ...]:
    """Return every listing; a twin takes all that it does not say from the company that it repeats."""
    companies: list[Mapping[str, Any]] = []
    twins: list[Mapping[str, Any]] = []
    for record in _records():
        (twins if "copy_of" in record or "redirects_to" in record else companies).append(record)
    found = {record["domain"]: _company(record) for record in companies}
    for twin in twins:
        original = found[twin.get("copy_of") or twin["redirects_to"]]
        found[twin["domain"]] = replace(original, **twin)
    return tuple(found.values())


COMPANIES: tuple[SandboxCompany, ...] = _load()
_BY_DOMAIN = {company.domain: company for company in COMPANIES}
