"""The tools of one run: capabilities made from settings, each paid one behind the gateway."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass

from asgiref.sync import sync_to_async
from django.conf import settings

from enrichment.crawler import open_crawler
from hunts import unpriced
from hunts.identity import RunIdentities
from hunts.meter import RunMeter
from hunts.models import Candidate, Run, Source, Stage
from hunts.stages.qualify import ChainJudge, ModelJudge, NamedJudge, StandIn
from hunts.work import Photographer, Tools
from integrations.capabilities import (
    ContactFinder,
    Criterion,
    FoundCompany,
    Judgement,
    PageReader,
    Range,
    ReadPage,
    ReadSite,
    Searcher,
    SearchQuery,
)
from integrations.chain import Chain, open_chain
from integrations.egress.vendors import vendor_client
from integrations.errors import CredentialsRejected, PriceUnknown, QuotaExhausted, RequestRejected
from integrations.gateway import Answered, Gateway, Question
from integrations.providers.directory import Directory
from integrations.providers.exa import Exa
from integrations.providers.local import VERSION as LOCAL_VERSION
from integrations.providers.local import Local
from integrations.providers.sandbox import Sandbox
from integrations.providers.site import Site
from leads import suppression
from leads.directory import DatabaseIndex


@dataclass(frozen=True, slots=True)
class MeteredSearcher:
    """A paid searcher behind the gateway."""

    searcher: Exa
    gateway: Gateway

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        async def send() -> Answered:
            found, cost = await self.searcher.search_and_cost(query, limit=limit, offset=offset)
            # What is journaled is kept as well.
            found = await sync_to_async(suppression.companies_without)(self.gateway.workspace_id, found)
            return Answered([asdict(company) for company in found], cost)

        asked = {"query": asdict(query), "limit": limit, "offset": offset}
        question = Question(self.searcher.slug, "search", asked, self.searcher.worst_case_microusd(limit))
        return [
            FoundCompany(**company | {"employees": Range(**company["employees"])})
            for company in await self.gateway.call(question, send)
        ]


@dataclass(frozen=True, slots=True)
class PermittedSearcher:
    """A searcher that costs nothing; it is asked only while the run may go on."""

    searcher: Searcher
    gateway: Gateway

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        await self.gateway.permit("search", "search")
        return await self.searcher.search(query, limit=limit, offset=offset)


@dataclass(frozen=True, slots=True)
class PermittedReader:
    """A page reader that begins no site after the run was stopped."""

    reader: PageReader
    gateway: Gateway

    async def read_site(self, website: str, *, topics: Sequence[str] = (), max_pages: int = 5) -> ReadSite:
        await self.gateway.permit("site", "read")
        return await self.reader.read_site(website, topics=topics, max_pages=max_pages)


@dataclass(frozen=True, slots=True)
class PermittedPhotographer:
    """A photographer that goes nowhere after the run was stopped."""

    photographer: Photographer
    gateway: Gateway

    async def take(self, url: str) -> str:
        await self.gateway.permit("site", "screenshot")
        return await self.photographer.take(url)


@dataclass(frozen=True, slots=True)
class ModelsJudge:
    """The language models of a chain as one judge, under the name of the preferred one."""

    chain: Chain
    gateway: Gateway

    @property
    def name(self) -> str:
        return self.chain.tiers[0].name

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Judge by the first model that answers in the form asked for; the judgement says who did not, and why.

        Raises Unavailable where it is worth while to wait, else RequestRejected with what each of them said.
        """
        chain, instead = self.chain, dict[str, str]()
        while True:
            model = chain.through(self.gateway)
            try:
                judgement = await ModelJudge(model, self.name).judge(pages, criteria)
            except (QuotaExhausted, CredentialsRejected, RequestRejected, PriceUnknown) as error:
                instead |= model.reasons
                if model.answered_by:  # but not in the form
                    instead[model.answered_by] = str(error)
                chain = chain.without(*instead)
                if not chain.tiers:
                    raise RequestRejected(" ".join(_lines(instead)).removeprefix(f"{self.name}: ")) from error
            else:
                return _standing_in(judgement, _lines(instead | model.reasons))


def _lines(instead: Mapping[str, str]) -> list[str]:
    return [f"{name}: {why}" for name, why in instead.items()]


def _standing_in(judgement: Judgement, instead: Sequence[str]) -> Judgement:
    if not instead:
        return judgement
    return StandIn(judgement.opinions, judgement.judged_by, judgement.prompt_version, instead=tuple(instead))


@dataclass(frozen=True, slots=True)
class RulesJudge:
    """The local judge, under the name that its verdicts carry."""

    local: Local

    @property
    def name(self) -> str:
        return f"local/{LOCAL_VERSION}"

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        return await self.local.judge(pages, criteria)


@dataclass(frozen=True, slots=True)
class Kit:
    """What a worker holds for one run."""

    gateway: Gateway
    searcher: Searcher
    chain: Chain
    local: Local
    reader: PageReader
    reader_anew: PageReader
    finders: Sequence[ContactFinder]
    photographer: Photographer

    @property
    def judge_name(self) -> str:
        """Who judges when nothing goes wrong; an earlier judgement of somebody else is not used again."""
        return self._judge(self.gateway).name

    def for_candidate(self, candidate: Candidate) -> Tools:
        run = candidate.run
        meter = RunMeter(run.budget_id, lead_id=candidate.lead_id, workspace_id=run.workspace_id)
        gateway = self.gateway.on_behalf_of(str(candidate.pk), generation=candidate.generation, meter=meter)
        reader = self.reader_anew if candidate.anew_stage == Stage.CRAWL else self.reader
        return Tools(
            reader=PermittedReader(reader, gateway),
            judge=self._judge(gateway),
            finders=self.finders,
            identities=RunIdentities(candidate),
            photographer=PermittedPhotographer(self.photographer, gateway),
            pages_per_site=settings.PAGES_PER_SITE,
        )

    def _judge(self, gateway: Gateway) -> ChainJudge:
        models: list[NamedJudge] = [ModelsJudge(self.chain, gateway)] if self.chain.tiers else []
        return ChainJudge((*models, RulesJudge(self.local)))


@asynccontextmanager
async def open_kit(run: Run) -> AsyncIterator[Kit]:
    """Open clients, and a browser when the first page needs one, for as long as a worker is at the run.

    Raises CredentialsRejected where the run's source has no key, PriceUnknown where no language model that is set up
    has a known price.
    """
    gateway = Gateway(RunMeter(run.budget_id), workspace_id=run.workspace_id, run_ref=str(run.pk))
    async with AsyncExitStack() as stack:
        chain = await stack.enter_async_context(open_chain(run.workspace_id))
        await sync_to_async(unpriced.report)(run, chain)
        crawler = await open_crawler(stack, workspace_id=run.workspace_id)
        yield Kit(
            gateway=gateway,
            searcher=_searcher(run, gateway, stack),
            # Who is never asked is not the judge whose earlier judgements count, either.
            chain=chain.without(*(tier.name for tier in chain.unpriced)),
            local=Local(),
            reader=crawler.reader,
            reader_anew=crawler.reader_anew,
            finders=[Site()],
            photographer=crawler.photographer,
        )


def _searcher(run: Run, gateway: Gateway, stack: AsyncExitStack) -> Searcher:
    if run.source == Source.EXA:
        searcher = exa()
        stack.push_async_callback(searcher.aclose)
        return MeteredSearcher(searcher, gateway)
    if run.source == Source.SANDBOX:
        address = settings.PROVIDERS["sandbox"]["base_url"]
        client = vendor_client(address)
        stack.push_async_callback(client.aclose)
        return PermittedSearcher(Sandbox(client, base_url=address), gateway)
    index = DatabaseIndex(workspace_id=run.workspace_id, list_id=run.company_list_id)
    return PermittedSearcher(Directory(index), gateway)


def exa() -> Exa:
    """Return the Exa client. Raises CredentialsRejected where there is no key."""
    values = settings.PROVIDERS["exa"]
    if not values["api_key"]:
        raise CredentialsRejected("Exa needs a key: set EXA_API_KEY, or choose another source.", provider="exa")
    return Exa(api_key=values["api_key"], base_url=values["base_url"])
