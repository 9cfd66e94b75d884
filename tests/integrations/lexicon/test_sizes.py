import pytest

from integrations.capabilities import Range
from integrations.lexicon import sizes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("with 11-200 employees", Range(11, 200)),
        ("50+ employees", Range(50, None)),
        ("fewer than 50 employees", Range(None, 50)),
        ("entre 10 et 50 salariés", Range(10, 50)),
        ("moins de 250 salariés", Range(None, 250)),
        ("mindestens 50 Mitarbeiter", Range(50, None)),
        ("100人以上", Range(100, None)),
        ("više od 50 zaposlenih", Range(50, None)),
        ("mittelständische Unternehmen", Range(50, 999)),
        ("10,000+ employees", Range(10_000, None)),
    ],
)
def test_it_reads_how_many_people(said, expected):
    found = sizes.employees_in(said)
    assert found is not None
    assert found.range == expected


def test_a_bare_range_is_a_headcount_only_in_a_wish():
    assert sizes.employees_in("robotics, 50-100") is None
    asked = sizes.asked_employees("robotics, 50-100")
    assert asked is not None
    assert asked.range == Range(50, 100)


@pytest.mark.parametrize("said", ["raised $50-100M", "2015-2018", "no numbers at all"])
def test_other_numbers_are_no_headcount(said):
    assert sizes.asked_employees(said) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("founded after 2019", Range(2020, None)),
        ("established before 2010", Range(None, 2009)),
        ("founded in 2018", Range(2018, 2018)),
        ("fondée en 1987", Range(1987, 1987)),
        ("older than 20 years", Range(None, 2004)),
        ("2015年以后成立", Range(2015, None)),
    ],
)
def test_it_reads_founding_years(said, expected):
    found = sizes.asked_founded(said, this_year=2024)
    assert found is not None
    assert found.range == expected
