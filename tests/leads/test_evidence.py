from hypothesis import given
from hypothesis import strategies as st

from integrations.capabilities import Criterion, Judgement, Opinion, ReadPage
from integrations.lexicon.text import normalise, sha256_of
from leads import evidence

CRITERION = Criterion("made", "Makes precision parts.", "must")


def page(text: str, url: str = "https://acme.example/") -> ReadPage:
    text = normalise(text)
    return ReadPage(url, text, sha256_of(text))


PAGE = page("We turn and mill precision parts\nfor medical devices. Founded in 1986 in Graz.")


def finding(answer: str, quote: str, *pages: ReadPage) -> evidence.Finding:
    judgement = Judgement((Opinion("made", answer, quote, confidence=0.9),), "stand-in")  # type: ignore[arg-type]
    return evidence.check(judgement, [CRITERION], pages or (PAGE,))[0]


def test_a_quote_is_found_at_its_offsets_across_a_line_break():
    place = evidence.locate("precision parts for medical devices.", [PAGE])
    assert place is not None
    assert PAGE.text[place.start : place.end] == place.text == "precision parts\nfor medical devices."
    assert place.sha256 == PAGE.sha256


def test_a_quote_that_differs_by_a_word_is_not_found():
    assert evidence.locate("precision parts for dental devices", [PAGE]) is None


def test_a_quote_of_a_few_letters_proves_nothing():
    assert evidence.locate("in", [PAGE]) is None


def test_the_page_that_the_judge_names_is_looked_at_first():
    other = page("Founded in 1986 in Graz.", "https://acme.example/about")
    place = evidence.locate("Founded in 1986", [PAGE, other], url=other.url)
    assert place is not None and place.url == other.url


def test_a_yes_without_its_quote_on_the_page_is_unverified():
    assert finding("yes", "We are certified to ISO 9001.").verdict == "unverified"
    assert finding("yes", "").verdict == "unverified"


def test_a_no_may_rest_on_silence_but_not_on_an_invented_quote():
    assert finding("no", "").verdict == "no"
    assert finding("no", "We only distribute.").verdict == "unverified"


def test_what_the_judge_did_not_answer_is_unclear():
    assert evidence.check(Judgement((), "stand-in"), [CRITERION], [PAGE])[0].verdict == "unclear"


@given(st.text(min_size=12, max_size=300), st.data())
def test_any_piece_of_a_page_is_found_on_it(text, data):
    shown = page(text)
    begin = data.draw(st.integers(0, max(len(shown.text) - 1, 0)))
    piece = shown.text[begin : begin + 60]
    place = evidence.locate(piece, [shown])
    if place is not None:
        assert shown.text[place.start : place.end] == place.text
    else:
        assert sum(map(len, piece.strip(" \n\"'“”„«»").split())) < evidence.SHORTEST_QUOTE


@given(st.text(max_size=200))
def test_whatever_a_judge_claims_a_yes_is_only_shown_with_words_of_the_page(quote):
    checked = finding("yes", quote)
    assert checked.verdict == "unverified" or checked.place.text in PAGE.text
