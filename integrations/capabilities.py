"""What a provider can do, and the frozen values that it returns.

A capability is one method. Not knowing is `None` or an empty list, not an error; how a call
can fail is told by `integrations.errors`. Values carry no Django and no open resource, so
that a stage which uses them is tested without a database and without a network.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

CriterionKind = Literal["must", "nice", "exclude"]
Answer = Literal["yes", "no", "unclear"]
FactKind = Literal["address", "country", "profile", "technology"]
FormKind = Literal["contact", "search", "login", "registration", "newsletter", "order", "other"]
FieldKind = Literal[
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "job_title",
    "website",
    "address",
    "city",
    "postcode",
    "country",
    "subject",
    "topic",  # a choice of what the message is about
    "message",
    "budget",
    "consent",
    "newsletter",  # a box that subscribes
    "file",
    "captcha",
    "honeypot",
    "password",
    "query",
    "hidden",
    "submit",
    "other",
]


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range of whole numbers; `None` is an open end."""

    min: int | None = None
    max: int | None = None

    def __bool__(self) -> bool:
        return self.min is not None or self.max is not None

    def contains(self, value: int) -> bool:
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def overlaps(self, other: "Range") -> bool:
        """True when some number lies in both."""
        return not (
            (self.min is not None and other.max is not None and other.max < self.min)
            or (self.max is not None and other.min is not None and other.min > self.max)
        )


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sentence that a company is judged by.

    `key` names it within its ICP (stable while the sentence is); `weight` is 1 to 10.
    `facet` says what kind of fact it asks for, where the reader of the brief knows it
    (industry, country, region, employees, founded_year, event, other).
    """

    key: str
    text: str
    kind: CriterionKind = "must"
    weight: int = 5
    facet: str = "other"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a searcher is asked: a sentence, and the same thing taken apart.

    `industries` are ids of the taxonomy (`integrations.lexicon.taxonomy`), `countries`
    ISO 3166 alpha-2 codes, `regions` and `events` names as people write them.
    """

    text: str
    industries: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    employees: Range = Range()
    founded_year: Range = Range()


@dataclass(frozen=True, slots=True)
class FoundCompany:
    """A company that a searcher came upon. `domain` is the registrable domain or ''."""

    name: str
    domain: str
    website: str = ""
    description: str = ""
    record: str = ""  # the whole directory record as plain text, citable as evidence
    location: str = ""
    country: str = ""  # ISO 3166 alpha-2
    employees: Range = Range()
    founded_year: int | None = None
    phone: str = ""
    source: str = ""  # slug of the provider
    source_url: str = ""
    relevance: float = 0.0  # 0-1, comparable within one answer only


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A person or a general address at a company, and where it was published."""

    email: str = ""
    name: str = ""
    title: str = ""
    phone: str = ""
    linkedin_url: str = ""
    is_person: bool = False
    source_url: str = ""
    quote: str = ""
    in_source: bool = False  # the quote is from the page's HTML, not from what a visitor reads
    snapshot_sha256: str = ""
    confidence: float = 0.0
    found_by: str = ""


@dataclass(frozen=True, slots=True)
class PageFact:
    """One thing that a page says of its company, with the words that say it.

    `value` by kind: address: on one line; country: ISO 3166 alpha-2; profile: the address of the company's page on
    a network; technology: its name. `detail` by kind: address: its country (alpha-2) or ''; profile: the network;
    technology: its category. `quote` stands word for word in the page's text or, with `in_source`, in the page's
    HTML (or headers), of which `ReadPage.clues` keeps those lines.
    """

    kind: FactKind
    value: str
    detail: str = ""
    quote: str = ""
    in_source: bool = False
    source_url: str = ""
    snapshot_sha256: str = ""  # of the text that holds the quote
    found_at: datetime | None = None
    confidence: float = 0.0  # 0-1


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form. `name` is what the browser sends; `kind` is what a person would fill in."""

    name: str
    kind: FieldKind
    type: str = ""  # of the HTML element: text, email, textarea, select, checkbox, radio, hidden, submit …
    label: str = ""
    is_required: bool = False
    options: tuple[str, ...] = ()  # of a select or a group of radio buttons


@dataclass(frozen=True, slots=True)
class FoundForm:
    """A form on a page, as far as one must know it to fill it in. Nothing here sends anything.

    `captcha` names what must be solved ('' where nothing): recaptcha, hcaptcha, turnstile, friendly, image, question.
    A field of kind honeypot is a trap for programs and stays empty.
    """

    kind: FormKind
    action: str  # absolute address
    method: Literal["get", "post"] = "get"
    fields: tuple[FormField, ...] = ()
    captcha: str = ""
    source_url: str = ""
    confidence: float = 0.0  # 0-1, that it is of this kind


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page as a person would read it.

    `text` is normalised (`integrations.lexicon.text.normalise`) and is what quotes are looked for in;
    `sha256` is of that text in UTF-8. `how` is http, browser or record (a directory's own record).
    `clues` are pieces of the page's source, one a line, that prove what no visitor reads. `size` is that of the
    page in bytes, decompressed; `seconds` is what getting it took.
    """

    url: str
    text: str
    sha256: str
    title: str = ""
    language: str = ""
    how: Literal["http", "browser", "record"] = "http"
    fetched_at: datetime | None = None
    contacts: tuple[FoundContact, ...] = ()
    description: str = ""
    facts: tuple[PageFact, ...] = ()
    forms: tuple[FoundForm, ...] = ()
    clues: str = ""
    status: int = 200
    size: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadSite:
    """What came of reading a company's site.

    `problem` is '' or, in one plain sentence, why the site could not be read in full
    (it does not resolve, robots.txt forbids it, it needs a browser, it is parked);
    `pages` holds what could be read all the same, the home page first. `needs_browser` is True when pages
    were left out for want of one. `links_chosen` are the addresses that were worth reading after the home page.
    """

    final_url: str = ""
    pages: tuple[ReadPage, ...] = ()
    problem: str = ""
    needs_browser: bool = False
    is_parked: bool = False
    from_cache: bool = False
    links_chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge says of one criterion. The quote is a claim until code has found it."""

    criterion: str  # Criterion.key
    answer: Answer
    quote: str = ""
    url: str = ""
    confidence: float = 0.0  # 0-1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Opinions on one company by one judge. `judged_by` is `provider/model`."""

    opinions: tuple[Opinion, ...]
    judged_by: str
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call to a language model used, in tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A language model's answer to one prompt."""

    text: str
    model: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What one side of a conversation said."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What one call may cost, in whole micro-dollars. `None` means that nobody knows."""

    per_call: int | None = 0
    per_input_token: float | None = 0
    per_output_token: float | None = 0
    extras: Mapping[str, int] = field(default_factory=dict)


class Searcher(Protocol):
    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        """Return companies that may match, best first; [] where none is known."""


class PageReader(Protocol):
    async def read_site(self, website: str, *, topics: Sequence[str] = (), max_pages: int = 5) -> ReadSite:
        """Read the home page of `website` and the pages that say most about `topics`."""


class LanguageModel(Protocol):
    async def complete(
        self, *, system: str, user: str, json_schema: Mapping[str, object] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """Answer once, at temperature 0; under `json_schema` the text is JSON that should fit it."""

    def stream(
        self,
        *,
        system: str,
        turns: Sequence[ChatTurn],
        json_schema: Mapping[str, object] | None = None,
        max_tokens: int = 1024,
    ) -> AsyncIterator[str | Completion]:
        """Yield the answer to the last turn piece by piece as it is written, and at the end a Completion of the whole.

        Raises ProviderError; an answer that breaks off half-way raises Unavailable with `may_be_billed`.
        """


class Judge(Protocol):
    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Say yes, no or unclear for each criterion, in their order, with a quote from `pages`."""


class ContactFinder(Protocol):
    async def find_contacts(
        self, domain: str, *, pages: Sequence[ReadPage] = (), roles: Sequence[str] = (), limit: int = 5
    ) -> list[FoundContact]:
        """Return people and addresses at `domain`, best match first; [] where none is known."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, to be told in a channel. `uid` stays the same when it is told again."""

    uid: str
    title: str
    detail: str
    url: str
    action: str  # what the link says


class Notifier(Protocol):
    async def tell(self, news: News) -> None:
        """Post one message. Raises ProviderError."""
