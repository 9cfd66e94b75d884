import pytest

from integrations.lexicon.wanted_places import places_in


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("Austrian machine builders", ("AT",)),
        ("österreichische Maschinenbauer", ("AT",)),
        ("fabricants autrichiens", ("AT",)),
        ("austrijski proizvođači", ("AT",)),
        ("fabricantes austriacos", ("AT",)),
        ("produttori austriaci", ("AT",)),
        ("奥地利制造商", ("AT",)),
        ("companies in the Netherlands and Czechia", ("NL", "CZ")),
        ("Firmen in den Niederlanden und der Tschechischen Republik", ("NL", "CZ")),
        ("firme u Francuskoj, Izraelu i Japanu", ("FR", "IL", "JP")),
        ("firme iz Meksika i Sjedinjenih Američkih Država", ("MX", "US")),
        ("DE/AT/CH", ("DE", "AT", "CH")),
        ("companies in the UK, US or UAE", ("GB", "US", "AE")),
        ("företag i Tyskland", ("DE",)),
        ("firmy w kraju Niemcy", ("DE",)),
    ],
)
def test_countries_are_known_by_name_people_and_code(text, countries):
    assert places_in(text).countries == countries


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("in the Nordics", ("Nordics",)),
        ("aus dem DACH-Raum", ("DACH",)),
        ("SEA and LATAM", ("Southeast Asia", "LATAM")),
        ("EMEA", ("EMEA",)),
        ("en Europe de l'Est", ("Eastern Europe",)),
        ("东南亚和北欧", ("Southeast Asia", "Nordics")),
        ("u istočnoj Evropi i na Balkanu", ("Eastern Europe", "Balkans")),
        ("in Bavaria and Catalonia", ("Bavaria", "Catalonia")),
        ("in London", ("London",)),
        ("u Beogradu i Novom Sadu", ("Beograd", "Novi Sad")),
    ],
)
def test_groups_regions_and_cities_are_regions_by_name(text, regions):
    assert places_in(text).regions == regions


@pytest.mark.parametrize(
    "text",
    [
        "companies that help us grow", "le marché des pièces", "nous sommes", "mali proizvođači", "metal polish",
        "a turkey farm", "support in German", "auf Deutsch", "manuals in Hungarian)", "en français",
        "since the Russia-Ukraine war began", "the deep sea", "AR/VR", "HR/IT", "sad je vreme", "raised from US VCs",
    ],
)  # fmt: skip
def test_what_is_no_place_of_a_company_is_none(text):
    found = places_in(text)
    assert (found.countries, found.regions) == ((), ())


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("European AI company with US offices", ()),
        ("Dutch growers exporting to Germany", ("NL",)),
        ("fintech in India that raised from US VCs", ("IN",)),
        ("healthtech in Bangalore that competes with US incumbents", ("IN",)),
        ("companies with offices in Austria", ("AT",)),
        ("出口到德国的中国工厂", ("CN",)),
        ("companies in turkey", ("TR",)),
        ("Turkey-based suppliers", ("TR",)),
        ("French-speaking engineers in Canada", ("CA",)),
    ],
)
def test_where_a_company_is_goes_before_where_else_it_is_active(text, countries):
    assert places_in(text).countries == countries


def test_the_rest_has_no_place_in_it():
    assert "Germany" not in places_in("robotics in Germany, Bavaria").rest
    assert places_in("robotics").rest == "robotics"
