"""The chat without a language model."""

import pytest

from hunts.icp import Icp
from hunts.rules_chat import Reply, answer
from integrations.capabilities import Range


def talk(*said: str) -> tuple[Icp, list[Reply]]:
    """Say one thing after the other, as the conversation's writer does."""
    icp, replies, asked = Icp(), [], []
    for one in said:
        topic = replies[-1].topic if replies else ""
        icp, reply = answer(one, icp, topic=topic, asked=asked)
        asked += [reply.topic] if reply.topic else []
        replies.append(reply)
    return icp, replies


def test_at_most_three_things_are_asked_and_none_that_is_known():
    icp, replies = talk("Fintech companies in Germany", "?", "?", "?", "?", "?")
    topics = [reply.topic for reply in replies if reply.topic]
    assert topics == ["product", "size", "roles"]
    assert icp.countries == ("DE",)


def test_nothing_is_asked_twice_and_an_open_answer_narrows_nothing():
    before, _ = talk("Fintech companies in Germany")
    after, replies = talk("Fintech companies in Germany", "I would rather not say", "Any size", "Anybody")
    assert [reply.topic for reply in replies] == ["product", "size", "roles", ""]
    assert (after.product, after.employees, after.roles) == ("", Range(), ())
    assert after.criteria == before.criteria


@pytest.mark.parametrize("suggestion", [0, 1, 2])
def test_whatever_is_suggested_is_understood(suggestion):
    icp, replies = talk("Fintech companies", "We sell audits")
    assert icp.product == "audits"
    assert replies[-1].topic == "place"
    icp, replies = talk("Fintech companies", "We sell audits", replies[-1].suggestions[suggestion])
    assert icp.countries or icp.regions
    icp, replies = talk("Fintech companies in Germany", "We sell audits", replies[-1].suggestions[suggestion])
    assert icp.employees
    icp, replies = talk("Fintech companies in Germany", "audits", "Any size", replies[-1].suggestions[0])
    assert icp.roles


def test_the_answer_to_what_is_sold_does_not_narrow_whom_to_sell_to():
    icp, _ = talk("Fintech companies in Germany", "cybersecurity software for banks")
    assert icp.product == "cybersecurity software for banks"
    assert icp.industries == ("fintech",)


def test_a_bare_number_answers_the_question_for_the_size():
    icp, _ = talk("Fintech companies in Germany", "audits", "50 to 200")
    assert icp.employees == Range(50, 200)


@pytest.mark.parametrize(
    ("said", "countries"),
    [
        ("also Austria", ("DE", "AT")),
        ("und auch Österreich", ("DE", "AT")),
        ("也要奥地利的", ("DE", "AT")),
        ("takođe Austrija", ("DE", "AT")),
        ("only Austria", ("AT",)),
        ("not Germany", ()),
        ("remove Germany", ()),
        ("不要德国", ()),
    ],
    ids=["en", "de", "zh", "sr", "only", "not", "remove", "zh-not"],
)
def test_a_later_message_changes_the_profile(said, countries):
    icp, _ = talk("Fintech companies in Germany", "audits", said)
    assert icp.countries == countries
    assert icp.keywords == ()
    assert icp.excluded == ()


def test_what_a_message_rules_out_is_excluded():
    icp, _ = talk("Fintech companies in Germany", "audits", "no consultants")
    assert icp.excluded == ("consultants",)
    assert [one.kind for one in icp.criteria].count("exclude") == 1


def test_criteria_that_somebody_states_are_kept_beside_those_that_follow():
    icp, _ = talk("Fintech companies in Germany", "audits", "ISO 27001 certified", "also France")
    texts = [one.text for one in icp.criteria]
    assert any("ISO 27001" in text for text in texts)
    assert sum("based in" in text for text in texts) == 1


def test_what_cannot_be_read_says_so_and_changes_nothing():
    icp, replies = talk("???")
    assert icp == Icp()
    assert replies[0].text
    before, _ = talk("Fintech companies in Germany")
    after, replies = talk("Fintech companies in Germany", "!!!")
    assert after == before


def test_what_was_said_is_shown_as_it_was_written():
    _icp, replies = talk("Fintech companies in Germany, no **bold** <b>claims</b>")
    assert "<b>" not in replies[0].text.replace(r"\<", "")
    assert "**bold**" not in replies[0].text
