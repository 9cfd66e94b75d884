"""By which words a criterion is looked for on a page."""

import pytest

from integrations.capabilities import Criterion
from integrations.judging.facets import FACETS, facet_of
from integrations.judging.traces import traces_of
from integrations.lexicon.words import Phrases, words


@pytest.mark.parametrize(
    ("sentence", "facet"),
    [
        ("The company has 20 to 200 employees.", "employees"),
        ("Das Unternehmen wurde gegründet seit 1990.", "founded_year"),
        ("The company is certified to ISO 9001.", "certification"),
        ("The company is based in Germany.", "country"),
        ("The company's main business is machining.", "industry"),
        ("Zzyzx qwrt.", "industry"),
    ],
)
def test_what_a_criterion_of_no_known_kind_asks_for_is_read_from_its_sentence(sentence, facet):
    assert facet_of(Criterion("k", sentence)) == facet
    assert facet in FACETS
    assert facet_of(Criterion("k", sentence, facet="region")) == "region"


@pytest.mark.parametrize(
    ("sentence", "facet", "line"),
    [
        ("The company is based in Germany.", "country", "73728 Esslingen, Deutschland"),
        ("The company is based in Germany.", "country", "我们的总部位于德国"),
        ("Sitz des Unternehmens: Bayern.", "region", "Adresse: Hauptstraße 1, München"),
        ("The company has 20 to 200 employees.", "employees", "Firma ima 64 zaposlenih"),
        ("The company was founded in 1990 or later.", "founded_year", "Maison fondée en 1994"),
        ("The company is certified to ISO 9001.", "certification", "Wir sind zertifiziert"),
        ("The company exhibits at Hannover Messe.", "event", "Meet us at Hannover Messe"),
        ("The company serves customers in medical devices.", "customers", "Nos clients : dispositifs médicaux"),
        ("The company's main business is food and beverage.", "industry", "公司生产食品和饮料"),
    ],
)
def test_a_line_in_the_pages_language_shows_it(sentence, facet, line):
    phrases = Phrases.of(
        (phrase, weight) for phrase, weight in traces_of(Criterion("k", sentence, facet=facet)).items()
    )
    assert phrases.find(words(line))


def test_every_weight_is_a_share():
    for facet in FACETS:
        traces = traces_of(Criterion("k", "The company makes pumps in Germany for Hannover Messe.", facet=facet))
        assert all(0 < weight <= 1 for weight in traces.values())
