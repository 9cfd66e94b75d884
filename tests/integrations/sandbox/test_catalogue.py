"""Who lives in the sandbox, and what their pages say."""

from collections import Counter

import phonenumbers
import pytest

from integrations.sandbox.catalogue import COMPANIES, SandboxCompany, by_domain
from integrations.sandbox.hostile import orders_of
from integrations.sandbox.html import app_script, email_markup, page_html
from integrations.sandbox.pages import site_of

INHABITED = [company for company in COMPANIES if not company.is_parked]
ORIGINALS = [company for company in INHABITED if company.domain == company.domain_of_content]


def text_of(company: SandboxCompany) -> str:
    site = site_of(company)
    return "".join(page_html(site, page) for page in site.pages)


def test_there_are_at_least_sixty_companies_of_eight_industries_and_six_countries():
    assert len(COMPANIES) >= 60
    assert len({company.industry for company in INHABITED}) >= 8
    assert len({company.country for company in INHABITED}) >= 6
    assert {"de", "zh", "sr", "en", "fr"} == {company.language for company in INHABITED}


def test_every_domain_is_reserved_and_listed_once():
    assert all(company.domain.endswith(".example") for company in COMPANIES)
    assert max(Counter(company.domain for company in COMPANIES).values()) == 1


def test_every_kind_of_odd_host_is_there():
    assert Counter(company.quirk for company in COMPANIES if company.quirk) == {
        "hostile": 4,
        "javascript": 3,
        "slow": 2,
        "flaky": 2,
        "robots": 2,
        "parked": 2,
        "gone": 1,
        "loop": 1,
        "wrong_charset": 1,
        "gbk": 1,
    }
    assert sum(bool(company.copy_of) for company in COMPANIES) == 1
    assert sum(bool(company.redirects_to) for company in COMPANIES) == 1


@pytest.mark.parametrize("company", INHABITED, ids=lambda company: company.domain)
def test_every_site_has_three_to_six_pages_with_paths_of_their_own(company):
    pages = site_of(company).pages
    assert 3 <= len(pages) <= 6
    assert pages[0].path == "/"
    assert len({page.path for page in pages}) == len(pages)


@pytest.mark.parametrize(
    "company", [company for company in INHABITED if company.is_readable], ids=lambda company: company.domain
)
def test_a_site_tells_its_summary_its_numbers_and_its_people(company):
    text = text_of(company)
    assert company.phone in text
    for number in (company.employees, company.founded):
        assert number is None or str(number) in text
    assert all(person.name in text for person in company.team)


def test_most_phone_numbers_can_be_parsed_and_are_valid():
    valid = [phonenumbers.is_valid_number(phonenumbers.parse(company.phone, None)) for company in ORIGINALS]
    assert sum(valid) >= 0.8 * len(valid)


def test_sites_of_one_trade_and_language_do_not_read_alike():
    machinists = [company for company in ORIGINALS if company.industry == "machining" and company.language == "de"]
    starts = {tuple(page.path for page in site_of(company).pages) for company in machinists}
    assert len(starts) >= 3
    assert len({text_of(company) for company in machinists}) == len(machinists)


def test_a_copy_says_the_same_as_its_original():
    copy = next(company for company in COMPANIES if company.copy_of)
    original = by_domain(copy.copy_of)
    assert original is not None
    assert site_of(copy).pages == site_of(original).pages
    assert copy.name == original.name


def test_hostile_pages_carry_their_orders_in_every_place_and_no_other_page_does():
    for company in INHABITED:
        orders = orders_of(company)
        assert (orders is not None) is company.is_hostile
        if orders:
            text = text_of(company)
            assert "<!-- " in text
            assert "display:none" in text
            assert "alt=" in text
            assert "application/ld+json" in text


def test_a_site_that_needs_a_browser_has_its_text_in_the_script_only():
    company = next(company for company in COMPANIES if company.needs_browser)
    assert company.summary not in text_of(company)
    assert company.summary in app_script(site_of(company))


def test_a_name_with_www_is_the_same_company():
    assert by_domain("WWW.nordfraes.example") is by_domain("nordfraes.example")
    assert by_domain("nobody.example") is None


@pytest.mark.parametrize(
    ("form", "markup"),
    [
        ("link", '<a href="mailto:a@b.example">a@b.example</a>'),
        ("text", "a@b.example"),
        ("at", "a [at] b.example"),
        ("at-dot", "a (at) b (dot) example"),
        ("entities", "&#97;&#64;&#98;&#46;&#101;&#120;&#97;&#109;&#112;&#108;&#101;"),
    ],
)
def test_an_address_is_published_in_the_form_that_is_asked_for(form, markup):
    assert email_markup("a@b.example", form) == markup
