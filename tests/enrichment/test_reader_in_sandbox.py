"""The reader against the sandbox: the world that the demo shows."""

import asyncio
from collections.abc import Iterator

import pytest

from enrichment.reader import SiteReader
from integrations.capabilities import ReadSite
from integrations.egress.policy import Policy
from integrations.sandbox.catalogue import COMPANIES
from integrations.sandbox.server import SandboxServer


@pytest.fixture(scope="module")
def sites() -> Iterator[dict[str, ReadSite]]:
    """What the reader made of every site of the sandbox, by domain, all read at the same time."""
    with SandboxServer(port=0) as sandbox:
        yield asyncio.run(read_all(sandbox.port))


async def read_all(port: int) -> dict[str, ReadSite]:
    policy = Policy(routes={".example": ("127.0.0.1", port)})
    reader = SiteReader(policy=policy, user_agent="MagnetHunter/1.0 (+https://magnet.example/bot)")
    reads = await asyncio.gather(*(reader.read_site(company.website) for company in COMPANIES))
    return {company.domain: site for company, site in zip(COMPANIES, reads, strict=True)}


def test_every_readable_site_is_read_in_full(sites: dict[str, ReadSite]) -> None:
    for company in (company for company in COMPANIES if company.is_readable):
        site = sites[company.domain]
        assert (bool(site.pages), site.problem) == (True, ""), company.domain
        for page in site.pages:
            told = (*page.contacts, *page.facts)
            assert all(one.quote in (page.clues if one.in_source else page.text) for one in told), page.url
            assert all(fact.quote for fact in page.facts), page.url


def test_every_other_site_says_in_words_why_it_is_not(sites: dict[str, ReadSite]) -> None:
    for company in (company for company in COMPANIES if not company.is_readable):
        assert sites[company.domain].problem.endswith("."), company.domain
        assert sites[company.domain].is_parked == company.is_parked, company.domain


def test_script_shells_are_recognised(sites: dict[str, ReadSite]) -> None:
    for company in (company for company in COMPANIES if company.needs_browser):
        assert sites[company.domain].needs_browser, company.domain
        assert sites[company.domain].pages == (), company.domain


def test_the_published_address_of_a_company_is_found(sites: dict[str, ReadSite]) -> None:
    companies = [company for company in COMPANIES if company.is_readable and company.email]
    found = {
        company.domain: {contact.email for page in sites[company.domain].pages for contact in page.contacts}
        for company in companies
    }
    missed = [company.domain for company in companies if company.email.lower() not in found[company.domain]]
    assert len(missed) <= len(companies) // 20, missed


def test_a_site_that_is_gone_is_told_in_words_and_not_by_a_status(sites: dict[str, ReadSite]) -> None:
    gone = [company.domain for company in COMPANIES if company.quirk == "gone"]
    assert gone
    assert {sites[domain].problem for domain in gone} == {"The site does not answer at its address."}


def test_umlauts_survive_a_server_that_names_the_wrong_charset(sites: dict[str, ReadSite]) -> None:
    wrong = [company.domain for company in COMPANIES if company.quirk == "wrong_charset"]
    assert wrong
    assert not any("Ã" in page.text for domain in wrong for page in sites[domain].pages)
