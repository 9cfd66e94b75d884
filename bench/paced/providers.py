"""Providers that take no time, or exactly so much: what is left of a run with them is the engine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, fields

from django.utils import timezone

from enrichment.cache import CachedPage
from enrichment.pages import StoredPages
from hunts.models import Run
from hunts.stages.qualify import ChainJudge
from hunts.tools import Kit, open_kit
from integrations.capabilities import (
    Criterion,
    FoundCompany,
    FoundContact,
    Judgement,
    Opinion,
    ReadPage,
    ReadSite,
    SearchQuery,
)
from integrations.gateway import Answered, Gateway, Question
from integrations.lexicon.text import sha256_of

PRICE, HELD = 700, 1_000  # micro-dollars
ABOUT = "Firm {n} turns and mills precision parts of steel and aluminium, in batches of one to ten thousand.\n" * 8


@dataclass(frozen=True, slots=True)
class Companies:
    """A searcher that finds as many companies as are asked for, none of which is known."""

    run_id: int

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        return [
            FoundCompany(f"Firm {n}", f"firm{n}-of-{self.run_id}.example", source="bench")
            for n in range(offset, offset + limit)
        ]


@dataclass(frozen=True, slots=True)
class Pages:
    """A reader of one page a site, which is stored as pages are, with an address to write to."""

    seconds: float

    async def read_site(self, website: str, *, topics: Sequence[str] = (), max_pages: int = 5) -> ReadSite:
        await asyncio.sleep(self.seconds)
        text = ABOUT.replace("{n}", website)
        host = website.split("/")[2]
        contact = FoundContact(email=f"sales@{host}", source_url=website, quote=f"sales@{host}", found_by="site")
        page = ReadPage(website, text, sha256_of(text), contacts=(contact,), fetched_at=timezone.now())
        await StoredPages().put(CachedPage(website, page, timezone.now()))
        return ReadSite(final_url=website, pages=(page,))


@dataclass(frozen=True, slots=True)
class PaidJudge:
    """A judge that is paid for each answer, through the gateway, and says yes with a quote that stands on the page."""

    gateway: Gateway
    seconds: float
    name: str = "bench/judge"

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        async def send() -> Answered:
            await asyncio.sleep(self.seconds)
            quote = pages[0].text.splitlines()[0]
            opinions = [Opinion(one.key, "yes", quote, pages[0].url, 0.9, "It says so.") for one in criteria]
            return Answered([asdict(opinion) for opinion in opinions], PRICE, (900, 90))

        question = Question("bench", "judge", {"page": pages[0].sha256}, HELD)
        found = await self.gateway.call(question, send)
        return Judgement(tuple(Opinion(**opinion) for opinion in found), judged_by=self.name)


@dataclass(frozen=True, slots=True)
class NoPictures:
    async def take(self, url: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class PacedKit(Kit):
    judge_seconds: float = 0.0

    def _judge(self, gateway: Gateway) -> ChainJudge:
        return ChainJudge((PaidJudge(gateway, self.judge_seconds),))


def opened_with(page_seconds: float, judge_seconds: float) -> Callable[[Run], AbstractAsyncContextManager[Kit]]:
    """Return what opens a worker's tools, in place of `open_kit`, with providers that take so long."""

    @asynccontextmanager
    async def opened(run: Run) -> AsyncIterator[Kit]:
        async with open_kit(run) as kit:
            real = {field.name: getattr(kit, field.name) for field in fields(Kit)}
            ours = {"searcher": Companies(run.pk), "reader": Pages(page_seconds), "photographer": NoPictures()}
            yield PacedKit(**(real | ours), judge_seconds=judge_seconds)

    return opened
