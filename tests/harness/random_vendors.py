"""Vendors inside the process, at prices that nobody can foresee, and the bill that they keep of what they did.

A call may cost less than was set aside for it, or many times more; the vendor may not say what it cost, may be busy, or
may do the work and never answer. What it did stands in its bill, a file, from that moment on: also where the process
that asked is killed before it hears of it.
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from enrichment.models import Snapshot
from hunts.meter import RunMeter
from hunts.models import Run
from hunts.tools import Kit, MeteredSearcher
from integrations.capabilities import Completion, FoundCompany, ReadPage, ReadSite, SearchQuery, Usage
from integrations.chain import open_chain_of
from integrations.connections import Access
from integrations.errors import Unavailable
from integrations.gateway import Gateway
from integrations.lexicon.text import sha256_of
from integrations.pace import Limits
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.local import Local
from tests.harness.language_model import gullible

# Micro-dollars. What is set aside is often too little, and now and then far too little.
LEAST_HOLD, MOST_HOLD = 60, 140
LEAST_PRICE, MOST_PRICE = 10, 160
DEARER = 5
SLOWEST_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Bill:
    """The vendors' own record: for whom they did what (`billed`), and whom they sent away unbilled (`refused`)."""

    path: Path

    def note(self, what: str, whom: str, microusd: int = 0) -> None:
        line = json.dumps([what, whom, microusd]) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, line.encode())  # one write: the line is there whole or not at all
        finally:
            os.close(descriptor)

    def lines(self) -> list[tuple[str, str, int]]:
        if not self.path.exists():
            return []
        return [tuple(json.loads(line)) for line in self.path.read_text().splitlines()]

    def count(self, what: str) -> Counter[str]:
        """Return how often that was done, by whom it was done for."""
        return Counter(whom for done, whom, _microusd in self.lines() if done == what)


class Vendors:
    """All vendors of one process. `chance` is what they do by."""

    def __init__(self, bill: Bill, chance: random.Random) -> None:
        self.bill = bill
        self.chance = chance

    def hold(self) -> int:
        """Return what is thought to be the most that the next call costs."""
        return self.chance.randint(LEAST_HOLD, MOST_HOLD)

    async def serve(self, whom: str) -> int | None:
        """Do some work and return what it costs, `None` where that is not said. Raises Unavailable."""
        fate = self.chance.random()
        await asyncio.sleep(self.chance.uniform(0, SLOWEST_SECONDS))
        if fate < 0.08:
            self.bill.note("refused", whom)
            raise Unavailable("It is busy.")
        price = self.chance.randint(LEAST_PRICE, MOST_PRICE) * (DEARER if self.chance.random() < 0.2 else 1)
        self.bill.note("billed", whom, price)
        await asyncio.sleep(self.chance.uniform(0, SLOWEST_SECONDS))
        if fate < 0.16:
            raise Unavailable("It broke off.", may_be_billed=True)
        return None if fate < 0.3 else price

    @asynccontextmanager
    async def open_kit(self, run: Run) -> AsyncIterator[Kit]:
        """Stand in for `hunts.tools.open_kit`: the outside world is ours, all that deals with money is the real one."""
        gateway = Gateway(RunMeter(run.budget_id), workspace_id=run.workspace_id, run_ref=str(run.pk))
        reader = Reader()
        async with open_chain_of([_access(type("Model", (Model,), _named(slug, self))) for slug in MODELS]) as chain:
            yield Kit(
                gateway=gateway,
                searcher=MeteredSearcher(Searcher(self, run), gateway),  # type: ignore[arg-type]
                chain=chain,
                local=Local(),
                reader=reader,
                reader_anew=reader,
                finders=[],
                photographer=Nobody(),
            )


MODELS = ("openai", "kimi")


def _named(slug: str, vendors: Vendors) -> dict[str, Any]:
    return {"slug": slug, "name": slug.title(), "vendors": vendors}


def _access(provider: type[ChatCompletions]) -> Access:
    return Access(provider, "random", "http://nowhere.example", f"sk-{provider.slug}", Limits())


class Model(ChatCompletions):
    """A language model that says yes to everything, at any price."""

    prices = {}
    vendors: Vendors

    def __init__(self, *, model: str, **_of_a_real_one: Any) -> None:
        self.model = model

    async def aclose(self) -> None:
        return

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        return {}

    async def complete(self, *, user: str, **_asked: Any) -> Completion:
        question = json.loads(user)
        cost = await self.vendors.serve(question["pages"][0]["url"])
        return Completion(gullible(question), self.model, None if cost is None else Usage(cost, 0))

    def worst_case_microusd(self, **_asked: Any) -> int:
        return self.vendors.hold()

    def cost_microusd(self, usage: Usage) -> int:
        return usage.input_tokens


@dataclass(frozen=True, slots=True)
class Searcher:
    """A search engine that finds what the brief numbers: "3" is the company with that number and those after it."""

    vendors: Vendors
    run: Run
    slug: str = "exa"

    async def search_and_cost(
        self, query: SearchQuery, *, limit: int, offset: int = 0
    ) -> tuple[list[FoundCompany], int | None]:
        cost = await self.vendors.serve(f"run {self.run.pk}")
        first = int(self.run.icp.brief)
        return [company(first + place, self.run.workspace_id) for place in range(self.run.limit)], cost

    def worst_case_microusd(self, _limit: int) -> int:
        return self.vendors.hold()


def company(number: int, workspace_id: int) -> FoundCompany:
    domain = f"company{number}of{workspace_id}.example"
    return FoundCompany(f"Company {number} of {workspace_id}", domain, f"https://{domain}/")


class Reader:
    """Reads a page of every company at once."""

    async def read_site(self, website: str, *, topics: Sequence[str] = (), max_pages: int = 5) -> ReadSite:
        text = f"We make precision parts, and this is {website}"
        await sync_to_async(Snapshot.keep)([text])
        page = ReadPage(website, text, sha256_of(text), title="Parts", fetched_at=timezone.now())
        return ReadSite(final_url=website, pages=(page,))


class Nobody:
    """Takes no pictures."""

    async def take(self, url: str) -> str:
        return ""
