from collections.abc import Sequence
from dataclasses import replace

import pytest

from integrations.capabilities import Range, SearchQuery
from integrations.lexicon.text import normalise
from integrations.providers.directory import Directory, DirectoryRow, record_text

LOCK = DirectoryRow(
    name="Lockwell",
    domain="lockwell.example",
    website="https://lockwell.example",
    one_liner="Penetration testing for cloud teams",
    description="Lockwell finds vulnerabilities before hackers do. Our cybersecurity platform watches your cloud.",
    location="Austin, TX, USA",
    employees=Range(40, 40),
)
BREAD = DirectoryRow(
    name="Breadly",
    domain="breadly.example",
    one_liner="Fresh bread by subscription",
    description="We bake. We take security seriously and protect your data.",
    location="Austin, TX, USA",
    employees=Range(40, 40),
)
USINE = DirectoryRow(
    name="Usimeca",
    domain="usimeca.example",
    description="Sous-traitant en usinage de précision, tournage et fraisage de pièces mécaniques.",
    location="1 RUE DU TEST, 38260, LA FRETTE, FR",
    event="global-industrie-2025",
)


class Rows:
    """An index that finds every row."""

    def __init__(self, *rows: DirectoryRow) -> None:
        self.rows = rows

    async def candidates(self, terms: Sequence[str], *, countries: Sequence[str], limit: int) -> list[DirectoryRow]:
        return list(self.rows)[:limit]


async def domains(query: SearchQuery, *rows: DirectoryRow, limit: int = 10, offset: int = 0) -> list[str]:
    return [found.domain for found in await Directory(Rows(*rows)).search(query, limit=limit, offset=offset)]


SECURITY = SearchQuery("Cybersecurity companies in the United States", ("cybersecurity",), countries=("US",))


async def test_what_a_company_does_stands_before_what_it_mentions():
    assert (await domains(SECURITY, BREAD, LOCK))[0] == "lockwell.example"


async def test_another_country_is_left_out():
    assert await domains(SECURITY, replace(LOCK, location="Lyon, France")) == []


async def test_a_second_country_counts_and_is_the_one_that_is_told():
    [found] = await Directory(Rows(replace(LOCK, location="Lyon, France; Austin, TX, USA"))).search(SECURITY, limit=5)
    assert found.country == "US"


async def test_an_unknown_country_comes_last_and_is_not_lost():
    unknown = replace(LOCK, domain="unknown.example", location="Remote")
    assert await domains(SECURITY, unknown, LOCK) == ["lockwell.example", "unknown.example"]


@pytest.mark.parametrize(("size", "is_found"), [(Range(11, 200), True), (Range(100, None), False)])
async def test_the_number_of_employees_is_held_to(size, is_found):
    assert bool(await domains(replace(SECURITY, employees=size), LOCK)) is is_found


async def test_a_region_is_read_from_the_postal_code():
    query = SearchQuery("usinage", ("machining",), countries=("FR",), regions=("Auvergne-Rhône-Alpes",))
    assert await domains(query, USINE) == ["usimeca.example"]
    assert await domains(replace(query, regions=("Bretagne",)), USINE) == []


async def test_a_fair_is_held_to_whatever_its_year():
    query = SearchQuery("machining", ("machining",), events=("Global Industrie",))
    assert await domains(query, USINE, replace(USINE, domain="other.example", event="startups")) == ["usimeca.example"]


async def test_what_is_excluded_is_left_out():
    assert await domains(replace(SECURITY, excluded=("penetration testing",)), LOCK) == []


async def test_pages_follow_each_other():
    rows = [replace(LOCK, domain=f"{number}.example") for number in range(5)]
    first = await domains(SECURITY, *rows, limit=2)
    assert first + await domains(SECURITY, *rows, limit=3, offset=2) == [f"{number}.example" for number in range(5)]


async def test_nothing_known_is_an_empty_list():
    assert await domains(SECURITY) == []


def test_the_record_is_citable_plain_text():
    text = record_text(USINE)
    assert text == normalise(text)
    lines = text.split("\n")
    assert lines[0] == "Usimeca"
    assert "Country: France" in lines
    assert "Exhibits at: Global Industrie 2025" in lines
    assert "Employees: 40" in record_text(LOCK).split("\n")
