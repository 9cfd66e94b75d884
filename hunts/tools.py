"""The tools of one run: capabilities made from settings, each paid one behind the gateway."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import IntegrityError, transaction

from enrichment.crawler import open_crawler
from hunts.meter import RunMeter
from hunts.models import Candidate, Run, Source
from hunts.stages.qualify import ChainJudge, ModelJudge, NamedJudge, StandIn
from hunts.work import Photographer, Tools
from integrations.capabilities import (
    Completion,
    ContactFinder,
    Criterion,
    FoundCompany,
    Judgement,
    LanguageModel,
    PageReader,
    Range,
    ReadPage,
    ReadSite,
    Searcher,
    SearchQuery,
    Usage,
)
from integrations.chain import Chain, open_chain
from integrations.egress.vendors import vendor_client
from integrations.errors import CredentialsRejected, RequestRejected
from integrations.gateway import Answered, Gateway, Question
from integrations.lexicon.domains import host_of, registrable_domain
from integrations.providers.directory import Directory
from integrations.providers.exa import Exa
from integrations.providers.kimi import Kimi
from integrations.providers.local import VERSION as LOCAL_VERSION
from integrations.providers.local import Local
from integrations.providers.openai import OpenAI
from integrations.providers.sandbox import Sandbox
from integrations.providers.site import Site
from leads.directory import DatabaseIndex

MODELS: dict[str, type[Kimi] | type[OpenAI]] = {"kimi": Kimi, "openai": OpenAI}


class PricedModel(LanguageModel, Protocol):
    """A language model that can say what it costs."""

    @property
    def slug(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    async def aclose(self) -> None: ...

    def worst_case_microusd(self, *, input_characters: int, max_tokens: int) -> int | None: ...

    def cost_microusd(self, usage: Usage) -> int | None: ...


@dataclass(frozen=True, slots=True)
class MeteredModel:
    """A language model behind the gateway."""

    model: PricedModel
    gateway: Gateway

    async def complete(
        self, *, system: str, user: str, json_schema: Mapping[str, object] | None = None, max_tokens: int = 1024
    ) -> Completion:
        async def send() -> Answered:
            done = await self.model.complete(system=system, user=user, json_schema=json_schema, max_tokens=max_tokens)
            cost = self.model.cost_microusd(done.usage) if done.usage else None
            tokens = (done.usage.input_tokens, done.usage.output_tokens) if done.usage else (0, 0)
            return Answered({"text": done.text, "model": done.model}, cost, tokens)

        asked = {"system": system, "user": user, "schema": json_schema, "max": max_tokens, "model": self.model.model}
        worst = self.model.worst_case_microusd(input_characters=len(system) + len(user), max_tokens=max_tokens)
        answer = await self.gateway.call(Question(self.model.slug, "complete", asked, worst), send)
        return Completion(answer["text"], answer["model"])


@dataclass(frozen=True, slots=True)
class MeteredSearcher:
    """A paid searcher behind the gateway."""

    searcher: Exa
    gateway: Gateway

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        async def send() -> Answered:
            found, cost = await self.searcher.search_and_cost(query, limit=limit, offset=offset)
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
class RunIdentities:
    """Finds out that two candidates of a run are one company: by where a site leads, or by the same home page."""

    candidate: Candidate

    async def twin_of(self, handle: str, *, landed_on: str, home_sha256: str) -> str:
        return await sync_to_async(self._twin)(handle, registrable_domain(host_of(landed_on)), home_sha256)

    def _twin(self, handle: str, landed_domain: str, home_sha256: str) -> str:
        others = Candidate.objects.filter(run_id=self.candidate.run_id).exclude(pk=self.candidate.pk)
        if landed_domain and landed_domain != handle:
            name = others.filter(lead__handle=landed_domain).values_list("lead__name", flat=True).first()
            if name:
                return name
        if not home_sha256:
            return ""
        # A company that is not read again, because it was judged before, is known by the page that was judged.
        judged_before = others.filter(is_cached=True, assessment__snapshots__0=home_sha256)
        if name := judged_before.values_list("lead__name", flat=True).first():
            return name
        try:
            with transaction.atomic():
                Candidate.objects.filter(pk=self.candidate.pk).update(identity=home_sha256)
        except IntegrityError:
            return others.filter(identity=home_sha256).values_list("lead__name", flat=True).first() or ""
        return ""


@dataclass(frozen=True, slots=True)
class ModelsJudge:
    """The language models of a chain as one judge, under the name of the preferred one."""

    chain: Chain
    gateway: Gateway

    @property
    def name(self) -> str:
        return self.chain.tiers[0].name

    async def judge(self, pages: Sequence[ReadPage], criteria: Sequence[Criterion]) -> Judgement:
        """Judge by the first model that answers in the form asked for; the judgement says who did not, and why."""
        chain, instead = self.chain, list[str]()
        while True:
            model = chain.through(self.gateway)
            try:
                judgement = await ModelJudge(model, self.name).judge(pages, criteria)
            except RequestRejected as error:
                instead += model.passed_over
                chain = chain.without(model.answered_by)
                if not model.answered_by or not chain.tiers:
                    raise
                instead.append(f"{model.answered_by}: {error}")
            else:
                return _standing_in(judgement, [*instead, *model.passed_over])


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
    finders: Sequence[ContactFinder]
    photographer: Photographer

    @property
    def judge_name(self) -> str:
        """Who judges when nothing goes wrong; an earlier judgement of somebody else is not used again."""
        return self._judge(self.gateway).name

    def for_candidate(self, candidate: Candidate) -> Tools:
        gateway = self.gateway.on_behalf_of(str(candidate.pk))
        return Tools(
            reader=PermittedReader(self.reader, gateway),
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

    Raises CredentialsRejected where the run's source has no key.
    """
    gateway = Gateway(RunMeter(run.budget_id), workspace_id=run.workspace_id, run_ref=str(run.pk))
    async with AsyncExitStack() as stack:
        crawler = await open_crawler(stack)
        yield Kit(
            gateway=gateway,
            searcher=_searcher(run, gateway, stack),
            chain=await stack.enter_async_context(open_chain(run.workspace_id)),
            local=Local(),
            reader=crawler.reader,
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


def language_models() -> list[PricedModel]:
    """Return the language models that have a key, in the order of LANGUAGE_MODEL_ORDER."""
    chosen: list[PricedModel] = []
    for slug in settings.LANGUAGE_MODEL_ORDER:
        values: dict[str, Any] = settings.PROVIDERS.get(slug, {})
        if slug in MODELS and values["api_key"]:
            chosen.append(MODELS[slug](api_key=values["api_key"], base_url=values["base_url"], model=values["model"]))
    return chosen
