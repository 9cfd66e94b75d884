"""What passes between the engine and its stages: frozen values in, a verdict out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from hunts.icp import Icp
from integrations.capabilities import (
    ContactFinder,
    Criterion,
    FoundContact,
    Judgement,
    PageReader,
    Range,
    ReadPage,
    ReadSite,
)
from leads.dedupe import Found
from leads.evidence import Finding
from leads.scoring import Config, Score


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier judgement of the same company by the same criteria and an equal judge, young enough to be used again.

    `snapshots` are the hashes of the texts that it was made from. With `is_as_scored` it is of the same lead, and the
    profile's weights and the scoring are those that it was scored by, too. One of another lead, which is the same
    company by a merge, has the hash of that lead's record as `own_record`, '' without one.
    """

    assessment_id: int
    judged_at: datetime
    findings: tuple[Finding, ...]
    snapshots: frozenset[str] = frozenset()
    is_as_scored: bool = True
    own_record: str | None = None


@dataclass(frozen=True, slots=True)
class Twin:
    """Another lead that turned out to be the same company, and what says so.

    With `is_certain` the two become one lead; otherwise the candidate is only left out of the run. With `is_in_run`
    the run works on the other one anyway.
    """

    lead_id: int
    name: str
    clues: tuple[Found, ...]
    is_certain: bool
    is_in_run: bool


@dataclass(frozen=True, slots=True)
class Work:
    """All that is known of one candidate when a stage begins."""

    handle: str
    name: str
    website: str
    icp: Icp
    scoring: Config
    description: str = ""
    location: str = ""
    country: str = ""
    employees: Range = Range()
    record: ReadPage | None = None
    known: Known | None = None  # of texts that are fresh still: nothing has to be read or judged
    earlier: tuple[Known, ...] = ()  # of texts that may be those of now, the newest first
    is_left_out: bool = False  # the workspace knows the company, and the run was asked for new ones only
    is_last_try: bool = False  # of this stage, before the candidate fails
    site: ReadSite | None = None
    findings: tuple[Finding, ...] | None = None
    contacts: tuple[FoundContact, ...] = ()

    @property
    def pages(self) -> tuple[ReadPage, ...]:
        """Every text that may be quoted: the site's pages, then the directory's record."""
        return (*(self.site.pages if self.site else ()), *((self.record,) if self.record else ()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A stage's answer: how it went, why in one plain sentence, and which facts to save.

    A candidate that is waiting is queued again, at the stage `skip_to`.
    """

    outcome: Literal["passed", "rejected", "waiting"]
    reason: str = ""
    skip_to: str = ""  # a later stage, when what lies between is known already
    site: ReadSite | None = None
    findings: tuple[Finding, ...] | None = None
    judged_by: str = ""
    prompt_version: str = ""
    judge_note: str = ""  # why another judge than the preferred one judged
    reuse: Known | None = None
    contacts: tuple[FoundContact, ...] | None = None
    score: Score | None = None
    twin: Twin | None = None  # the lead that this one turned out to be

    def added_to(self, work: Work) -> Work:
        """Return `work` with what this verdict found out."""
        return replace(
            work,
            is_last_try=False,  # the next stage has all its tries before it
            site=self.site or work.site,
            findings=work.findings if self.findings is None else self.findings,
            contacts=work.contacts if self.contacts is None else self.contacts,
        )


def passed(reason: str = "", **facts: object) -> Verdict:
    return Verdict("passed", reason, **facts)  # type: ignore[arg-type]


def rejected(reason: str, **facts: object) -> Verdict:
    return Verdict("rejected", reason, **facts)  # type: ignore[arg-type]


class Judges(Protocol):
    """The judge of a run, and whoever stands in for it."""

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Judge. Raises Unavailable where it is worth while to wait for the preferred judge."""

    async def judge_now(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Judge by whoever can."""


class Identities(Protocol):
    """Tells whether a site turned out to be a company that the run or its workspace has under another name."""

    async def twin_of(self, site: ReadSite, *, home_sha256: str) -> Twin | None:
        """Return the other lead that is the same company. `home_sha256` is '' where the home page says too little."""


class Photographer(Protocol):
    """Takes the picture of a company's home page that its lead is shown with."""

    async def take(self, url: str) -> str:
        """Keep a picture of `url`; return '' or, in one plain sentence, why there is none."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Capabilities for one candidate, each already behind the gateway."""

    reader: PageReader
    judge: Judges
    finders: Sequence[ContactFinder]
    identities: Identities
    photographer: Photographer
    pages_per_site: int = 5
