import pytest

from integrations.lexicon import places


@pytest.mark.parametrize(
    ("name", "country"),
    [("USA", "US"), ("U.S.", "US"), ("UK", "GB"), ("UAE", "AE"), ("Deutschland", "DE"), ("Allemagne", "DE"),
     ("德国", "DE"), ("Srbija", "RS"),
     ("Nemačka", "DE"), ("Österreich", "AT"), ("Italie", "IT"), ("Bangalore", "IN"), ("深圳", "CN")],
)  # fmt: skip
def test_it_knows_a_place_by_its_names_in_many_languages(name, country):
    place = places.lookup(name)
    assert place is not None
    assert place.countries == (country,)


def test_it_knows_groups_of_countries():
    nordics = places.lookup("Nordics")
    assert nordics is not None
    assert set(nordics.countries) == {"SE", "NO", "DK", "FI", "IS"}


@pytest.mark.parametrize(
    ("location", "country", "region"),
    [
        ("Springfield, IL, USA; Remote", "US", "US-IL"),
        ("1 RUE DU TEST, 38260, LA FRETTE, FR", "FR", "FR-ARA"),
        ("1 RUE DU TEST, 67000, STRASBOURG", "FR", "FR-GES"),
        ("1 RUE DU TEST, 75001, PARIS", "FR", "FR-IDF"),
        ("London, England, United Kingdom", "GB", "GB-ENG"),
    ],
)
def test_it_takes_an_address_apart(location, country, region):
    address = places.parse_address(location)
    assert address.country == country
    assert places.lies_in(address, region)


def test_the_dialling_code_stands_in_for_a_country_that_is_not_named():
    assert places.parse_address("VIA TEST 1, 10040, LEINI", "+39 000000", "test.example").country == "IT"


def test_a_company_in_two_countries_has_both():
    assert places.parse_address("San Francisco, CA, USA; Toronto, ON, Canada").countries == ("US", "CA")


def test_an_unknown_place_is_no_place():
    assert places.parse_address("Remote").countries == ()
    assert places.lookup("asdf") is None
