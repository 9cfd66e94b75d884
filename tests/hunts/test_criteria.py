import pytest

from hunts.brief import read_brief
from hunts.criteria import criteria_of
from hunts.icp import Icp
from integrations.capabilities import Criterion, Range
from integrations.lexicon import places, sizes
from integrations.lexicon.events import events_in
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.words import words

LANGUAGES = ["en", "fr", "de", "zh", "sr", "pt"]  # the last has no sentences of its own and takes the English ones


def made(language: str, *, employees: Range = Range(), founded: Range = Range()) -> dict[str, Criterion]:
    icp = Icp(
        keywords=("décolletage",),
        excluded=("drones",),
        countries=("DE", "FR"),
        regions=("Bretagne",),
        events=("Hannover Messe",),
        employees=employees,
        founded_year=founded,
        language=language,
    )
    criteria = criteria_of(icp, groups=[("machining", "sheet_metal")])
    return {criterion.facet if criterion.kind != "exclude" else "exclude": criterion for criterion in criteria}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_says_again_what_it_was_made_of(language):
    criteria = made(language)
    assert industry_groups(criteria["industry"].text) == (("machining", "sheet_metal"),)
    assert [hit.value.countries for hit in places.find(words(criteria["country"].text))] == [("DE",)]
    assert [hit.value.region for hit in places.find(words(criteria["region"].text))] == ["FR-BRE"]
    assert "Hannover Messe" in criteria["event"].text
    assert [name for name, _ in events_in(criteria["event"].text)] == ["Hannover Messe"]
    assert criteria["exclude"].kind == "exclude"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asked", [Range(11, 200), Range(50, None), Range(None, 50)])
def test_the_number_of_employees_is_read_out_of_its_sentence_again(language, asked):
    said = sizes.employees_in(made(language, employees=asked)["employees"].text)
    assert said is not None
    assert said.range == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asked", [Range(2010, 2015), Range(2018, None), Range(None, 2009), Range(2012, 2012)])
def test_the_founding_year_is_read_out_of_its_sentence_again(language, asked):
    said = sizes.founded_in(made(language, founded=asked)["founded_year"].text)
    assert said is not None
    assert said.range == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("excluded", "facet"), [("Germany", "country"), ("Bavaria", "region"), ("London", "region")])
def test_a_place_that_is_ruled_out_is_asked_for_as_a_place(language, excluded, facet):
    (criterion,) = criteria_of(Icp(excluded=(excluded,), language=language), groups=[])
    assert (criterion.kind, criterion.facet) == ("exclude", facet)
    assert [hit.value.name for hit in places.find(words(criterion.text))] == [excluded]


def test_a_city_whose_region_is_unknown_is_asked_for_by_name():
    (criterion,) = read_brief("in London").criteria
    assert (criterion.text, criterion.facet) == ("The company is based in London.", "region")
    (criterion,) = read_brief("in the Nordics or Austria").criteria
    assert criterion.text == "The company is based in Austria or the Nordics."
