import pytest

from integrations.lexicon.numerals import in_digits
from integrations.lexicon.script import in_latin


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("more than fifty employees", "more than 50 employees"),
        ("two hundred fifty people or more", "250 people or more"),
        ("ten to twenty employees", "10 to 20 employees"),
        ("mindestens dreißig Mitarbeiter", "mindestens 30 Mitarbeiter"),
        ("au moins cinquante salariés", "au moins 50 salariés"),
        ("najmanje šezdeset zaposlenih", "najmanje 60 zaposlenih"),
        ("至少五十人", "至少50人"),
        ("一百二十名员工", "120名员工"),
        ("百人以上", "100人以上"),
        ("一万人", "10000人"),
        ("成立十年以上", "成立10年以上"),
        ("近三年成立", "近3年成立"),
    ],
)
def test_numbers_that_count_people_or_years_are_written_in_digits(said, written):
    assert in_digits(said) == written


@pytest.mark.parametrize(
    "said", ["Ten Forward Inc", "one hundred reasons", "cent", "sto i stolica", "万科", "一些公司"]
)
def test_other_words_stay(said):
    assert in_digits(said) == said


def test_serbian_is_read_in_either_alphabet_and_russian_is_left_alone():
    assert in_latin("Произвођачи љубави и џема, Његош") == "Proizvođači ljubavi i džema, Njegoš"
    assert in_latin("российские производители") == "российские производители"
    assert in_latin("plain") == "plain"
