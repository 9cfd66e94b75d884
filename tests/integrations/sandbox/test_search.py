"""The sandbox's search engine, and the provider that asks it."""

import httpx
import pytest

from integrations.capabilities import SearchQuery
from integrations.errors import RequestRejected, Unavailable
from integrations.providers.sandbox import Sandbox, questions_of
from integrations.sandbox.catalogue import by_domain
from integrations.sandbox.search import SEARCH_HOST, search, terms_of

MACHINISTS = SearchQuery(
    text="Contract manufacturers of precision machined parts in Germany or Austria with 20-500 employees, "
    "ISO 9001 certified, not distributors",
    keywords=("precision machined parts", "contract manufacturer"),
    countries=("DE", "AT"),
)


@pytest.fixture
async def provider(sandbox):
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Sandbox(client, base_url=sandbox.base_url)


def industries_of(companies):
    return [by_domain(company.domain).industry for company in companies]


def test_words_are_compared_by_their_beginnings_and_chinese_by_pairs():
    assert terms_of("Machining and machined") == ["machin", "machin"]
    assert terms_of("物流软件") == ["物流", "流软", "软件"]
    assert terms_of("Präzision ŽELJA") == ["prazis", "zelja"]


@pytest.mark.parametrize(
    ("text", "country", "industry"),
    [
        ("contract manufacturers of precision machined parts", "DE", "machining"),
        ("cybersecurity software companies", "US", "security"),
        ("物流软件公司", "CN", "logistics_software"),
        ("proizvođači hrane i pića", "RS", "food"),
        ("éditeurs de logiciels de cybersécurité", "FR", "security"),
    ],
)
def test_what_fits_comes_first(text, country, industry):
    assert search(text, countries=[country])[0].industry == industry


def test_what_only_sounds_like_it_is_found_too():
    found = {company.industry for company in search("precision machined parts", countries=["DE", "AT"], limit=30)}
    assert {"machining", "distribution", "parked"} <= found


def test_nothing_fits_words_that_nobody_uses():
    assert search("qqqqqq zzzzzz") == []
    assert search("") == []


def test_bad_numbers_are_refused(visitor):
    for query in ("limit=0", "limit=1000", "limit=x", "offset=-1"):
        assert visitor.get(SEARCH_HOST, f"/search?q=a&{query}").status_code == 400
    assert visitor.get(SEARCH_HOST, "/other").status_code == 404


async def test_the_provider_returns_companies_of_the_countries_that_were_asked_for(provider):
    found = await provider.search(MACHINISTS, limit=15)
    assert len(found) == 15
    assert {company.country for company in found} == {"DE", "AT"}
    assert industries_of(found).count("machining") >= 10
    assert all(company.source == "sandbox" and not company.record for company in found)
    assert [company.relevance for company in found] == sorted((c.relevance for c in found), reverse=True)


async def test_pages_of_results_do_not_overlap_and_make_up_the_whole(provider):
    whole = [company.domain for company in await provider.search(MACHINISTS, limit=20)]
    first = [company.domain for company in await provider.search(MACHINISTS, limit=10)]
    second = [company.domain for company in await provider.search(MACHINISTS, limit=10, offset=10)]
    assert set(first).isdisjoint(second)
    assert set(first + second) == set(whole)


async def test_an_offset_behind_the_end_finds_nothing(provider):
    assert await provider.search(MACHINISTS, limit=10, offset=500) == []


async def test_a_chinese_and_a_serbian_query_find_their_companies(provider):
    chinese = await provider.search(SearchQuery(text="物流软件公司", countries=("CN",)), limit=5)
    serbian = await provider.search(SearchQuery(text="obrada metala u Srbiji", countries=("RS",)), limit=5)
    assert industries_of(chinese).count("logistics_software") == 3
    assert industries_of(serbian)[0] in {"machining", "metal"}


async def test_a_sandbox_that_is_not_running_is_unavailable():
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(Unavailable, match="does not answer"):
            await Sandbox(client, base_url="http://127.0.0.1:1").search(MACHINISTS, limit=5)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(503), Unavailable),
        (httpx.Response(400, json={"error": "no"}), RequestRejected),
        (httpx.Response(200, text="<html>"), Unavailable),
        (httpx.Response(200, json={"a": 1}), Unavailable),
    ],
)
async def test_other_answers_are_errors_by_what_to_do_next(response, error):
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: response)) as client:
        with pytest.raises(error):
            await Sandbox(client).search(MACHINISTS, limit=5)


def test_a_query_becomes_a_few_short_questions():
    query = SearchQuery(text="long " * 5000, industries=("security", "no_such.industry"), keywords=("a", "b"))
    questions = questions_of(query)
    assert "a b" in questions
    assert "no such industry" in questions
    assert all(0 < len(question) <= 400 for question in questions)
    assert questions_of(SearchQuery(text="")) == []
