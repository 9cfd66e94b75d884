from collections.abc import Sequence

import pytest

from enrichment.postal import MAX_COUNTRIES, countries_of
from integrations.capabilities import PageFact


def countries(*facts: PageFact, host: str = "acme.com", language: str = "", phones: Sequence[str] = ()) -> list[str]:
    return [fact.value for fact in countries_of(facts, host=host, language=language, phones=phones)]


def address_in(country: str, quote: str = "12345 Town") -> PageFact:
    return PageFact("address", f"Street 1, {quote}", country, quote, confidence=0.9)


def test_the_country_is_that_of_the_address_and_quotes_it() -> None:
    (fact,) = countries_of([address_in("DE")], host="acme.com", language="en", phones=["+33 1 40 00 00 00"])
    assert (fact.kind, fact.value, fact.quote, fact.confidence) == ("country", "DE", "12345 Town", 0.9)


def test_the_country_of_most_addresses_goes_first() -> None:
    assert countries(address_in("FR"), address_in("DE"), address_in("DE")) == ["DE", "FR"]


def test_the_country_of_the_sites_domain_goes_before_more_addresses_elsewhere() -> None:
    assert countries(address_in("DE"), address_in("DE"), address_in("AT"), host="acme.at") == ["AT", "DE"]


def test_among_countries_told_alike_the_one_of_the_sites_language_goes_first() -> None:
    assert countries(address_in("US"), address_in("FR"), language="fr") == ["FR", "US"]


def test_the_first_country_is_surer_than_the_others() -> None:
    first, other = countries_of([address_in("DE"), address_in("FR")], host="acme.de", language="", phones=())
    assert first.confidence > other.confidence


@pytest.mark.parametrize(
    "line, country",
    [
        ("Tel. +49 (0)30 123456", "DE"),
        ("Phone: +1 416 955 1700", "CA"),
        ("T 0044 20 7193 1430", "GB"),
        ("电话: +86 21 5175 8787", "CN"),
    ],
)
def test_without_an_address_a_phone_number_tells_the_country(line: str, country: str) -> None:
    (fact,) = countries_of([], host="acme.com", language="en", phones=[line])
    assert (fact.value, fact.quote) == (country, line)
    assert fact.confidence < 0.9


@pytest.mark.parametrize("line", ["030 123456", "+999 123456789", "+", "", "+0 123456789"])
def test_a_number_without_a_countrys_code_tells_none(line: str) -> None:
    assert countries(phones=[line]) == []


def test_a_domain_alone_proves_nothing() -> None:
    assert countries(host="acme.de", language="de") == []


def test_there_are_never_more_countries_than_a_few() -> None:
    codes = ["DE", "AT", "CH", "FR", "IT", "ES", "NL", "BE"]
    assert countries(*map(address_in, codes)) == codes[:MAX_COUNTRIES]


def test_a_megabyte_of_a_number_ends() -> None:
    assert countries(phones=["+1 " * 300_000, "+" + "1" * 1_000_000] * 100) == []
