from hypothesis import given
from hypothesis import strategies as st

from integrations.lexicon.text import normalise
from integrations.lexicon.words import LONGEST_SENTENCE, Phrases, fold, sentences, words


@given(st.text())
def test_every_sentence_is_a_verbatim_part_of_the_text_and_short_enough_to_quote(text):
    text = normalise(text)
    assert all(piece in text and len(piece) <= LONGEST_SENTENCE for piece in sentences(text))


def test_it_folds_accents_and_writes_serbian_in_latin():
    assert fold("Décolletage Đorđe Машинска обрада") == "decolletage djordje masinska obrada"


def test_plurals_are_one_word_with_their_singular():
    assert words("fonderies companies matériaux") == words("fonderie company matérial")


def test_the_longest_phrase_wins_and_hides_the_shorter_one_in_it():
    phrases = Phrases.of([("property", "a"), ("intellectual property", "b")])
    assert [hit.value for hit in phrases.find(words("our intellectual property"))] == ["b"]


def test_a_star_stands_for_every_ending():
    phrases = Phrases.of([("zerspan*", "x")])
    assert phrases.find(words("Zerspanungstechnik"))
    assert not phrases.find(words("Zersetzung"))


def test_chinese_needs_no_spaces():
    assert Phrases.of([("机床", "x")]).find(words("数控机床制造商"))
