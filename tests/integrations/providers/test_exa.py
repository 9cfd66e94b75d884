import json

import httpx
import pytest

from integrations.capabilities import Range, SearchQuery
from integrations.egress.errors import NotResolved
from integrations.errors import CredentialsRejected, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.exa import LONGEST_QUERY, Exa

ANSWER = {
    "requestId": "1",
    "results": [
        {"id": "1", "url": "https://www.shop.acme.co.uk/about", "title": "Acme", "score": 0.4},
        {"id": "2", "url": "https://10.0.0.1/", "title": None},
    ],
    "costDollars": {"total": 0.005},
}


def exa(answer) -> Exa:
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Exa(api_key="exa-key", base_url="https://api.exa.example", http_client=http_client)


async def test_it_returns_companies_by_their_registrable_domain():
    found = await exa(lambda request: httpx.Response(200, json=ANSWER)).search(SearchQuery("acme"), limit=10)
    assert [(company.name, company.domain) for company in found] == [("Acme", "acme.co.uk"), ("", "")]
    assert found[0].website == "https://shop.acme.co.uk/"


async def test_it_asks_for_companies_within_the_vendors_limits():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.headers["x-api-key"]) == ("/search", "exa-key")
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"results": []})

    assert await exa(answer).search(SearchQuery("word " * 9_999), limit=500) == []
    assert (asked[0]["category"], asked[0]["numResults"]) == ("company", 100)
    assert len(asked[0]["query"]) <= LONGEST_QUERY


# With the category `company` these are answered with a 400. https://docs.exa.ai/reference/search
REFUSED_WITH_COMPANIES = {
    *("startPublishedDate", "endPublishedDate", "startCrawlDate", "endCrawlDate"),
    *("includeText", "excludeText", "excludeDomains"),
}


@pytest.mark.parametrize(("countries", "location"), [(("RS",), "RS"), (("DE", "AT"), None), ((), None)])
async def test_it_asks_nothing_that_the_vendor_refuses(countries, location):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"results": []})

    query = SearchQuery(
        "acme", excluded=("distributors",), countries=countries, employees=Range(1, 50), founded_year=Range(2000, None)
    )
    await exa(answer).search(query, limit=10)
    assert not REFUSED_WITH_COMPANIES & set(asked[0])
    assert asked[0].get("userLocation") == location


def entity(**properties) -> dict:
    found = {"id": "1", "url": "https://acme.example", "title": "Acme | Home", "score": 0.4}
    return found | {"entities": [{"id": "e", "type": "company", "version": 1, "properties": properties}]}


async def test_what_the_vendor_knows_of_a_company_comes_with_it():
    result = entity(
        name="Acme",
        description="Mills parts.\nAnd turns them.",
        foundedYear=1999,
        workforce={"total": 80},
        headquarters={"city": "Graz", "country": "Austria"},
    )
    [found] = await exa(lambda _: httpx.Response(200, json={"results": [result]})).search(SearchQuery("a"), limit=1)
    assert (found.name, found.description) == ("Acme", "Mills parts. And turns them.")
    assert (found.location, found.country, found.employees, found.founded_year) == (
        *("Graz, Austria", "AT"),
        *(Range(80, 80), 1999),
    )


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"workforce": {"total": "many"}, "foundedYear": "long ago", "headquarters": {"country": 7}},
        {"workforce": {"total": -1}, "foundedYear": 0, "description": ["a"], "name": None},
    ],
    ids=["nothing", "other types", "out of range"],
)
async def test_what_makes_no_sense_is_not_known(properties):
    answer = httpx.Response(200, json={"results": [entity(**properties)]})
    [found] = await exa(lambda _: answer).search(SearchQuery("a"), limit=1)
    assert (found.name, found.country, found.employees, found.founded_year) == ("Acme | Home", "", Range(), None)


async def test_there_is_no_second_page_and_nothing_is_asked_for_it():
    assert await exa(lambda request: pytest.fail("asked")).search(SearchQuery("acme"), limit=10, offset=10) == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsRejected), (402, QuotaExhausted), (429, Unavailable), (502, Unavailable), (400, RequestRejected)],
)
async def test_a_failure_says_what_to_do_next(status, error):
    with pytest.raises(error):
        await exa(lambda request: httpx.Response(status, json={"error": "no"})).search(SearchQuery("acme"), limit=1)


@pytest.mark.parametrize(("failure", "was_sent"), [(httpx.ConnectError, False), (httpx.ReadTimeout, True)])
async def test_only_a_request_that_was_sent_may_be_billed(failure, was_sent):
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure("broken")

    with pytest.raises(Unavailable) as caught:
        await exa(answer).search(SearchQuery("acme"), limit=1)
    assert caught.value.may_be_billed is was_sent


@pytest.mark.parametrize("failure", [httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_timeout_before_sending_is_not_billed(failure):
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure("slow")

    with pytest.raises(Unavailable) as caught:
        await exa(answer).search(SearchQuery("acme"), limit=1)
    assert not caught.value.may_be_billed


async def test_an_address_that_egress_refuses_is_unavailable_and_not_billed():
    def answer(request: httpx.Request) -> httpx.Response:
        raise NotResolved("There is no such host.")

    with pytest.raises(Unavailable) as caught:
        await exa(answer).search(SearchQuery("acme"), limit=1)
    assert not caught.value.may_be_billed


async def test_it_waits_as_long_as_the_vendor_asks():
    busy = httpx.Response(429, headers={"retry-after": "7"})
    with pytest.raises(Unavailable) as caught:
        await exa(lambda request: busy).search(SearchQuery("acme"), limit=1)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"results": None}),
        httpx.Response(200, json={"results": ["x"]}),
        httpx.Response(200, json={"results": [{"id": "1"}]}),
        httpx.Response(200, json={"results": [{"id": "1", "url": 7}]}),
    ],
)
async def test_an_answer_that_cannot_be_read_may_be_billed(answer):
    with pytest.raises(Unavailable) as caught:
        await exa(lambda request: answer).search(SearchQuery("acme"), limit=1)
    assert caught.value.may_be_billed


async def test_a_redirect_is_not_followed():
    moved = httpx.Response(302, headers={"location": "http://127.0.0.1/"})
    with pytest.raises(RequestRejected):
        await exa(lambda request: moved).search(SearchQuery("acme"), limit=1)


async def test_it_says_what_the_vendor_says_it_cost():
    _found, cost = await exa(lambda request: httpx.Response(200, json=ANSWER)).search_and_cost(
        SearchQuery("acme"), limit=10
    )
    assert cost == 5_000
    _found, cost = await exa(lambda request: httpx.Response(200, json={"results": []})).search_and_cost(
        SearchQuery("acme"), limit=10
    )
    assert cost is None


@pytest.mark.parametrize(("limit", "cost"), [(1, 7_000), (10, 7_000), (11, 8_000), (100, 97_000), (500, 97_000)])
def test_each_result_after_the_tenth_costs_more(limit, cost):
    assert exa(lambda request: httpx.Response(200)).worst_case_microusd(limit) == cost
