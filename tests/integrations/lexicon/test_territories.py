import pytest

from integrations.lexicon import places, territories


def test_the_file_of_names_is_what_this_version_of_babel_says():
    kept = {}
    for line in territories.DATA.read_text(encoding="utf-8").splitlines():
        code, _tab, names = line.partition("\t")
        kept[code] = names.split("|")
    assert kept == territories.collected(), "run: python -m integrations.lexicon.territories"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Tyskland", "DE"), ("Németország", "DE"), ("Γερμανία", "DE"), ("Германия", "DE"), ("ドイツ", "DE"),
        ("독일", "DE"), ("ألمانيا", "DE"), ("גרמניה", "DE"), ("जर्मनी", "DE"), ("เยอรมนี", "DE"), ("საფრანგეთი", "FR"),
        ("Brazīlija", "BR"), ("Verenigde Staten", "US"), ("德國", "DE"), ("Almanya", "DE"), ("Euroopa", "europe"),
    ],
)  # fmt: skip
def test_a_name_in_any_language_is_known(name, code):
    assert territories.code_of(name) == code
    place = places.lookup(name)
    assert place is not None
    assert place.countries == (places.members(code) if len(code) > 2 else (code,))


@pytest.mark.parametrize("word", ["my", "My", "end", "End", "gene", "Siri", "mali", "tyskland", "xyz", ""])
def test_words_that_only_look_like_names_are_none(word):
    assert territories.code_of(word) == ""


def test_names_are_found_where_words_are_not_put_apart():
    text = "ドイツの機械メーカー、독일의 회사, บริษัทในประเทศไทย und Firmen aus İstanbul in Tyskland"
    assert [(text[start:end], code) for start, end, code in territories.find(text)] == [
        ("ドイツ", "DE"), ("독일", "DE"), ("ไทย", "TH"), ("Tyskland", "DE"),
    ]  # fmt: skip


def test_a_name_inside_a_word_is_not_found():
    assert list(territories.find("Tysklandia Österreichisch")) == []


def test_every_group_of_countries_has_names_and_members():
    for group in places.group_ids():
        place = places.group_called(group)
        assert place.name
        assert len(place.countries) > 1
        assert places.lookup(place.name) == place
    assert set(territories.GROUPS.values()) <= set(places.group_ids())
