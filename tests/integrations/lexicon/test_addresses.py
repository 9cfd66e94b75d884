import pytest

from integrations.lexicon.addresses import addresses_in, is_address, is_country


@pytest.mark.parametrize(
    "line, country",
    [
        ("A-1060 Wien", "AT"),
        ("60311 Frankfurt, Germany", "DE"),
        ("Austin, Texas 78701", "US"),
        ("London SW1A 1AA", "GB"),
        ("Burlington, ON L7P 1Y7", "CA"),
        ("Sydney NSW 2000", "AU"),
        ("00-590 Warszawa", "PL"),
        ("1100-053 Lisboa", "PT"),
        ("1015 CJ Amsterdam", "NL"),
    ],
)
def test_a_town_with_its_postal_code_tells_the_country(line: str, country: str) -> None:
    assert is_address(line)
    assert [stated.address.countries for stated in addresses_in([line])] == [(country,)]


@pytest.mark.parametrize("line", ["Berlin", "10 000 Products", "© 2019 12345 Berlin", "Call us", "", "1 " * 1_000])
def test_other_lines_are_no_address(line: str) -> None:
    assert not is_address(line)


def test_a_year_before_an_abbreviation_is_no_dutch_town() -> None:
    assert list(addresses_in(["2005 IT Services"])) == []


@pytest.mark.parametrize("line, is_one", [("Germany", True), ("Österreich", True), ("Berlin", False), ("", False)])
def test_a_country_stands_alone_on_its_line(line: str, is_one: bool) -> None:
    assert is_country(line) is is_one
