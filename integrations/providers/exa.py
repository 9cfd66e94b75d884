"""Exa: web search by meaning, with a category for companies. https://docs.exa.ai/reference/search"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import httpx
from exa_py import AsyncExa
from exa_py.api import CostDollars, EntityCompanyProperties, EntityCompanyPropertiesHeadquarters, Result

from integrations.capabilities import FoundCompany, Prices, Range, SearchQuery
from integrations.egress.vendors import AnswerTooBig, vendor_client
from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.lexicon.countries import country_named
from integrations.lexicon.domains import host_of, stated_domain
from integrations.lexicon.text import visible
from integrations.providers.registry import register
from integrations.providers.wire import NEVER_SENT, NONSENSE, number_in, retry_after_seconds, text_in

MOST_RESULTS = 100
RESULTS_INCLUDED = 10
LONGEST_QUERY = 2_000
LONGEST_NAME = 300
# No search costs so much; of an amount beyond it the vendor surely means something else.
MOST_DOLLARS = 1_000
TIMEOUT_SECONDS = 30.0


class _Guarded(AsyncExa):
    """The vendor's client over our own HTTP client, which alone may open sockets."""

    def __init__(self, api_key: str, base_url: str, http_client: httpx.AsyncClient) -> None:
        super().__init__(api_key=api_key, api_base=base_url, timeout=TIMEOUT_SECONDS)
        http_client.base_url = httpx.URL(base_url)
        http_client.headers.update(self.headers)
        http_client.timeout = httpx.Timeout(TIMEOUT_SECONDS)
        http_client.event_hooks = {"response": [_raise_for_status]}
        self._ours = http_client

    @property
    def client(self) -> httpx.AsyncClient:
        return self._ours


async def _raise_for_status(response: httpx.Response) -> None:
    # The vendor's client would make a ValueError of it that tells neither the status nor the headers.
    if response.status_code >= 300:
        raise httpx.HTTPStatusError("refused", request=response.request, response=response)


@register
class Exa:
    slug: ClassVar[str] = "exa"
    name: ClassVar[str] = "Exa"
    needs_key: ClassVar[bool] = True
    # A request brings ten results; each further one costs extra. https://exa.ai/docs/reference/pricing
    prices: ClassVar[Mapping[str, Prices]] = {"search": Prices(per_call=7_000, extras={"further result": 1_000})}

    def __init__(self, *, api_key: str, base_url: str, http_client: httpx.AsyncClient | None = None) -> None:
        self._http = http_client or vendor_client(base_url)
        self._exa = _Guarded(api_key or "none", base_url, self._http)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        """Return up to 100 companies. The vendor has no second page: from `offset` on there is nothing."""
        return (await self.search_and_cost(query, limit=limit, offset=offset))[0]

    async def search_and_cost(
        self, query: SearchQuery, *, limit: int, offset: int = 0
    ) -> tuple[list[FoundCompany], int | None]:
        """Return what `search` does, and the micro-dollars that the vendor says it cost (`None` where it does not)."""
        if offset or limit < 1:
            return [], 0
        try:
            answer = await self._exa.search(**asked(query, limit), contents=False)
            found = [company_of(result, place) for place, result in enumerate(answer.results)]
            return found, micro_dollars(answer.cost_dollars)
        except httpx.HTTPStatusError as error:
            raise self._explained(error.response) from error
        except NEVER_SENT as error:
            raise Unavailable("Exa cannot be reached.", provider=self.slug) from error
        except httpx.TimeoutException as error:
            raise Unavailable("Exa took too long to answer.", provider=self.slug, may_be_billed=True) from error
        except AnswerTooBig as error:
            raise Unavailable("Exa answered more than can be read.", provider=self.slug, may_be_billed=True) from error
        except httpx.HTTPError as error:
            raise Unavailable("The connection to Exa broke off.", provider=self.slug, may_be_billed=True) from error
        except NONSENSE as error:
            raise Unavailable(
                "Exa gave an answer that cannot be read.", provider=self.slug, may_be_billed=True
            ) from error

    def worst_case_microusd(self, limit: int) -> int | None:
        """Return what a search for `limit` results costs at most."""
        price = self.prices["search"]
        if price.per_call is None:
            return None
        return price.per_call + price.extras["further result"] * max(0, min(limit, MOST_RESULTS) - RESULTS_INCLUDED)

    def _explained(self, response: httpx.Response) -> ProviderError:
        """Return the error that a status stands for. https://exa.ai/docs/reference/error-codes"""
        status = response.status_code
        if status in (401, 403):
            return CredentialsRejected("Exa does not accept the key.", provider=self.slug)
        if status == 402:
            return QuotaExhausted("The account at Exa is used up.", provider=self.slug)
        if status == 429 or status >= 500:
            wait = retry_after_seconds(response.headers)
            return Unavailable(f"Exa is busy ({status}).", provider=self.slug, retry_after=wait)
        return RequestRejected(f"Exa refused the search ({status}).", provider=self.slug)


def micro_dollars(cost: CostDollars | None) -> int | None:
    """Return what the answer says the request cost, rounded up to whole micro-dollars; `None` where that is no amount.

    The results are good all the same, and asking again would be paid again.
    """
    total: object = cost.total if cost is not None else None
    if isinstance(total, bool) or not isinstance(total, int | float) or not 0 <= total <= MOST_DOLLARS:
        return None
    return math.ceil(Decimal(str(total)) * 1_000_000)


def asked(query: SearchQuery, limit: int) -> dict[str, Any]:
    """Return what the vendor is asked, in the names of its client.

    With the category `company` its filters by date, by text and by excluded domain are refused with a 400, so what they
    would say stands in the words. `type` is left to the vendor, who takes sentences and words alike; searching by
    keywords alone is no longer offered. `userLocation` is one country.
    """
    place = {"user_location": query.countries[0]} if len(query.countries) == 1 else {}
    return {"query": worded(query), "num_results": min(limit, MOST_RESULTS), "category": "company", **place}


def worded(query: SearchQuery) -> str:
    """Return the query as the sentence that Exa matches by meaning, within its length limit."""
    return " ".join(query.text.split())[:LONGEST_QUERY]


def company_of(result: Result, place: int) -> FoundCompany:
    """Return one result as a company; a result without a registrable domain has ''.

    What the vendor knows of the company besides (`entities`) comes with it where it makes sense.
    """
    url = visible(result.url)
    host, domain = host_of(url).removeprefix("www."), stated_domain(url)
    known = next((entity.properties for entity in result.entities or () if entity.type == "company"), None)
    known = known or EntityCompanyProperties()
    headquarters = known.headquarters or EntityCompanyPropertiesHeadquarters()
    size = number_in(known.workforce.total if known.workforce else None, range(1, 10_000_000))
    located = filter(None, (text_in(headquarters.city, 200), text_in(headquarters.country, 200)))
    return FoundCompany(
        name=text_in(known.name, LONGEST_NAME) or text_in(result.title, LONGEST_NAME) or domain,
        domain=domain,
        website=f"https://{host}/",
        description=text_in(known.description, 1_000),
        location=", ".join(located),
        country=country_named(text_in(headquarters.country, 200)),
        employees=Range(size, size),
        founded_year=number_in(known.founded_year, range(1_000, 2_101)),
        source="exa",
        source_url=url,
        relevance=_relevance(result.score, place),
    )


def _relevance(score: object, place: int) -> float:
    """Return the vendor's score, which is from 0 to 1; where there is none, what the place among the results says."""
    return float(score) if isinstance(score, int | float) and 0 < score <= 1 else 1 / (1 + place)
