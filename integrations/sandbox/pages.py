"""What stands on each page of a fictional company's site, before it has a design.

The facts come from the catalogue, the sentences around them from `phrases/<language>.toml`; which of the
phrases a company uses follows from its domain, so that two sites of one trade do not read alike.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from integrations.sandbox.catalogue import Person, SandboxCompany

BlockKind = Literal["heading", "text", "bullets", "lines", "people", "email", "form"]

_PHRASES = Path(__file__).parent / "phrases"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: `text` for headings, paragraphs and addresses, `items` for what comes in rows."""

    kind: BlockKind
    text: str = ""
    items: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its path, its name in the navigation and its blocks from top to bottom."""

    path: str
    kind: str
    label: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A company's pages in the order of its navigation, with the words that its frame repeats on each."""

    company: SandboxCompany
    pages: tuple[Page, ...]
    cookies: str
    slogan: str
    words: Mapping[str, str]


@cache
def _language(code: str) -> Mapping[str, Any]:
    return tomllib.loads((_PHRASES / f"{code}.toml").read_text(encoding="utf-8"))


class _Writer:
    """Says a company's facts in its own language and manner."""

    def __init__(self, company: SandboxCompany) -> None:
        self.company = company
        self.language = _language(company.language)
        self.words: Mapping[str, str] = self.language["words"]
        # Every part that a site has no page for is told on another one.
        self.paths: Mapping[str, str] = company.pick("navigation", self.language["navigation"])

    def say(self, slot: str) -> str:
        company = self.company
        phrases: Sequence[str] = self.language[slot]
        return company.pick(slot, phrases).format(
            name=company.name,
            city=company.city,
            region=company.region,
            country=self.language["countries"][company.country],
            employees=company.employees,
            founded=company.founded,
            serves=company.serves,
            tagline=company.tagline,
        )

    def numbers(self) -> str:
        """Return the sentences on age and size, for as much of it as the company tells."""
        told = []
        if self.company.founded:
            told.append(self.say("founded"))
        if self.company.employees:
            told.append(self.say("employees"))
        space: str = self.language["space"]
        return space.join(told)

    def heading(self, word: str) -> Block:
        return Block("heading", self.words[word])

    def home(self) -> list[Block]:
        blocks = [
            Block("heading", self.company.tagline),
            Block("text", self.company.summary),
            self.heading("offers"),
            Block("bullets", items=tuple(offer.name for offer in self.company.offers)),
            Block("text", self.say("approach")),
            Block("text", self.say("welcome")),
        ]
        return blocks if "about" in self.paths else blocks + self.about()

    def products(self) -> list[Block]:
        blocks = [self.heading("products"), Block("text", self.say("products"))]
        for offer in self.company.offers:
            blocks += [Block("heading", offer.name), Block("text", offer.text)]
        return [*blocks, Block("text", self.say("serves"))]

    def about(self) -> list[Block]:
        blocks = [self.heading("about"), Block("text", self.company.summary)]
        blocks += [Block("text", text) for text in (self.numbers(), *self.company.facts, self.say("values")) if text]
        return blocks if "team" in self.paths else blocks + self.team()

    def team(self) -> list[Block]:
        return [self.heading("team"), Block("text", self.say("team")), Block("people", people=self.company.team)]

    def contact(self) -> list[Block]:
        blocks = [self.heading("contact"), Block("text", self.say("contact")), *self.address()]
        blocks.append(Block("text", self.say("directions")))
        if self.company.pick("form", (True, False)):
            blocks.append(Block("form"))
        return blocks

    def imprint(self) -> list[Block]:
        head = self.company.team[0]
        return [
            self.heading("imprint"),
            *self.address(),
            Block("text", f"{self.words['represented_by']}: {head.name}, {head.title}"),
            Block("text", self.say("legal")),
        ]

    def careers(self) -> list[Block]:
        jobs = self.company.jobs
        told = [Block("bullets", items=jobs)] if jobs else [Block("text", self.words["no_jobs"])]
        return [self.heading("careers"), Block("text", self.say("careers")), *told, Block("text", self.say("apply"))]

    def address(self) -> list[Block]:
        company = self.company
        country = self.language["countries"][company.country]
        town = f"{company.postcode} {company.city}".strip()
        if company.country in {"US", "GB"}:
            town = f"{company.city}, {company.region} {company.postcode}"
        return [
            Block("lines", items=(company.name, company.street, town, country)),
            Block("lines", items=(f"{self.words['phone']}: {company.phone}",)),
            Block("email", company.email),
        ]


def site_of(company: SandboxCompany) -> Site:
    """Return the pages of `company`, the home page first."""
    writer = _Writer(company)
    makers = {
        "home": writer.home,
        "products": writer.products,
        "about": writer.about,
        "team": writer.team,
        "contact": writer.contact,
        "imprint": writer.imprint,
        "careers": writer.careers,
    }
    paths = {"home": "/", **writer.paths}
    pages = tuple(Page(path, kind, writer.words[kind], tuple(makers[kind]())) for kind, path in paths.items())
    return Site(company, pages, writer.say("cookies"), writer.say("slogan"), writer.words)
