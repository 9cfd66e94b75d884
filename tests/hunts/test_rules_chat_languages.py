"""The chat without a language model, in the languages of the product: what it suggests, it understands."""

from dataclasses import replace

import pytest
from django.utils import translation

from hunts import asking
from hunts.icp import Icp
from hunts.rules_chat import answer, read_said
from integrations.capabilities import Range
from integrations.lexicon.language import language_of

BRIEFS = {"zh-hans": "德国的金融科技公司", "sr-latn": "Fintech firme u Nemačkoj"}
# The suggestions that leave it open stand last.
NARROWING = [(topic, place) for topic, count in (("place", 3), ("size", 3), ("roles", 3)) for place in range(count)]
OPEN = ["product", "place", "size", "roles"]
EXPECTED = {
    ("place", 0): {"countries": ("DE", "AT", "CH")},
    ("place", 1): {"regions": ("EU",)},
    ("place", 2): {"countries": ("US",)},
    ("size", 0): {"employees": Range(11, 50)},
    ("size", 1): {"employees": Range(51, 200)},
}


@pytest.fixture(params=BRIEFS)
def language(request):
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def begun(language) -> Icp:
    """A profile that says nothing of what is asked for."""
    return replace(answer(BRIEFS[language], Icp(), topic="", asked=[])[0], countries=(), criteria=())


@pytest.mark.parametrize(("topic", "place"), NARROWING, ids=[f"{topic}-{place}" for topic, place in NARROWING])
def test_a_suggestion_is_understood(begun, topic, place):
    suggestion = asking.question(topic).suggestions[place]
    after = read_said(suggestion, begun, topic=topic)
    named = {"place": ("countries", "regions"), "size": ("employees",), "roles": ("roles",)}[topic]
    assert any(getattr(after, name) for name in named), suggestion
    for name, value in EXPECTED.get((topic, place), {}).items():
        assert getattr(after, name) == value, suggestion
    others = {"product", "industries", "keywords", "excluded", "countries", "regions", "employees", "roles"} - {*named}
    assert {name for name in others if getattr(after, name) != getattr(begun, name)} == set(), suggestion


def test_more_than_two_hundred_has_no_upper_end(begun):
    after = read_said(asking.question("size").suggestions[2], begun, topic="size")
    assert after.employees.min in (200, 201)
    assert after.employees.max is None


@pytest.mark.parametrize("topic", OPEN)
def test_a_suggestion_that_leaves_it_open_narrows_nothing(begun, topic):
    assert read_said(asking.question(topic).suggestions[-1], begun, topic=topic) == begun


def test_what_is_suggested_is_in_the_language_of_the_conversation(language):
    spoken = [text for topic in OPEN for text in asking.question(topic).suggestions]
    with translation.override("en"):
        assert not set(spoken) & {text for topic in OPEN for text in asking.question(topic).suggestions}
    assert language_of(asking.question("product").text) == language[:2]


def test_an_answer_begins_as_the_language_does(language):
    _icp, reply = answer(BRIEFS[language], Icp(), topic="", asked=[])
    assert reply.text.startswith({"zh-hans": "我要找的", "sr-latn": "Ovakve firme"}[language])
    assert {"zh-hans": "**国家/地区:** 德国", "sr-latn": "**Države:** Nemačka"}[language] in reply.text
