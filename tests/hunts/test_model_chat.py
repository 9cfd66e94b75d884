"""The chat with a language model, over the real client and HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import async_to_sync

from billing.models import Hold
from hunts import chat, chat_writer
from hunts.chat_models import Conversation, Message
from integrations.capabilities import Range
from tests.harness.chat_answers import answer
from tests.harness.language_model import Answer, LanguageModelServer, Reply, refused

pytestmark = pytest.mark.django_db(transaction=True)

BRIEF = "We sell coolant pumps to machine shops in Germany"


@pytest.fixture
def conversation(workspace, owner) -> Conversation:
    return chat.begin(workspace, by=owner)


@contextmanager
def model(settings, script: Answer) -> Iterator[LanguageModelServer]:
    with LanguageModelServer(script, tokens=(900, 300)) as server:
        providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
        providers["openai"] |= {"api_key": "sk-test-canary", "base_url": server.base_url, "model": "gpt-4.1-mini"}
        settings.PROVIDERS = providers
        settings.LANGUAGE_MODEL_ORDER = ["openai"]
        yield server


def say(conversation: Conversation, text: str) -> tuple[Message, list[str | chat_writer.StartOver]]:
    message = chat.claim(chat.say(conversation, text).pk)
    assert message is not None

    async def write() -> list[str | chat_writer.StartOver]:
        return [piece async for piece in chat_writer.write(message)]

    pieces = async_to_sync(write)()
    message.refresh_from_db()
    conversation.refresh_from_db()
    return message, pieces


def shops(_messages) -> str:
    return answer(
        "Machine shops in **Germany**, then.",
        question="How large should they be?",
        topic="size",
        suggestions=("11-50", "51-200"),
        product="coolant pumps",
        summary="Machine shops in Germany",
        industries=["machining", "deburring services"],
        countries=["DE"],
        employees_min=500,
        employees_max=20,
        criteria=[{"text": "The company machines metal parts.", "kind": "must", "weight": 9}],
    )


def test_an_answer_comes_in_pieces_and_fills_in_the_profile(settings, conversation):
    with model(settings, shops):
        message, pieces = say(conversation, BRIEF)
    assert "".join(pieces) == "Machine shops in **Germany**, then."
    assert len(pieces) > 3
    assert message.text == "Machine shops in **Germany**, then.\n\nHow large should they be?"
    assert (message.topic, message.suggestions) == ("size", ["11-50", "51-200"])
    assert message.written_by.startswith("openai/")
    icp = conversation.icp
    assert (icp.product, icp.countries, icp.employees) == ("coolant pumps", ("DE",), Range(20, 500))
    assert icp.industries == ("machining",)
    assert "deburring services" in icp.keywords
    assert [one.text for one in icp.criteria] == ["The company machines metal parts."]


def test_an_answer_is_paid_for_once_and_within_the_conversations_limit(settings, conversation):
    with model(settings, shops):
        say(conversation, BRIEF)
    conversation.budget.refresh_from_db()
    hold = Hold.objects.get()
    assert hold.status == Hold.Status.SETTLED
    assert conversation.budget.spent_microusd == hold.settled_microusd == 900 * 0.4 + 300 * 1.6
    assert conversation.budget.reserved_microusd == 0


def test_a_conversation_that_has_spent_what_it_may_is_answered_by_rules(settings, workspace, owner):
    settings.CHAT_MAX_SPEND_MICROUSD = 100
    conversation = chat.begin(workspace, by=owner)
    with model(settings, shops) as server:
        message, _ = say(conversation, BRIEF)
    assert server.asked == []
    assert message.written_by == "rules"
    assert "spent what it may" in message.problem
    assert conversation.icp.countries == ("DE",)


@pytest.mark.parametrize(
    "script",
    [
        lambda _: "I am not JSON",
        lambda _: '{"reply": "Hello", "profile": {}}',
        lambda _: answer("Hi", countries=["DE"], employees_min=-5),
        lambda _: "",
        lambda _: Reply(pieces=['{"reply": "', *["x" * 100] * 10_000, '"}']),
        lambda question: Reply(shops(question), cut_after=9),
        lambda _: refused(500, {"message": "down"}),
        lambda _: refused(401, {"message": "Incorrect API key provided: sk-test-canary"}),
    ],
    ids=["no-json", "wrong-shape", "out-of-bounds", "empty", "a-megabyte", "breaks-off", "500", "401"],
)
def test_a_model_that_fails_is_replaced_by_rules_and_the_message_says_why(settings, conversation, script):
    with model(settings, script):
        message, pieces = say(conversation, BRIEF)
    assert message.status == Message.Status.DONE
    assert message.written_by == "rules"
    assert "read by rules instead" in message.problem
    assert "sk-test" not in message.problem
    after = pieces[max(at for at, one in enumerate(pieces) if isinstance(one, chat_writer.StartOver)) + 1 :]
    assert "".join(after) == message.text
    assert conversation.icp.countries == ("DE",)


def test_an_answer_that_rules_gave_can_be_asked_of_the_model_again(settings, conversation):
    with model(settings, lambda _: refused(500, {"message": "down"})):
        message, _ = say(conversation, BRIEF)
    with model(settings, shops):
        again = chat.claim(chat.ask_again(message).pk)

        async def write() -> None:
            async for _piece in chat_writer.write(again):
                pass

        async_to_sync(write)()
    assert not Message.objects.filter(pk=message.pk).exists()
    assert Message.objects.get(pk=again.pk).written_by.startswith("openai/")


def test_a_question_for_what_is_known_or_was_asked_is_not_put(settings, conversation):
    def pushy(_messages) -> str:
        return answer("Noted.", question="Where are they?", topic="place", suggestions=("Here",), countries=["DE"])

    with model(settings, pushy):
        first, _ = say(conversation, "Machine shops")
        second, _ = say(conversation, "in Germany")
    assert first.topic == "place"
    assert (second.text, second.topic, second.suggestions) == ("Noted.", "", [])


def test_the_model_is_told_what_was_said_and_edited_and_no_more(settings, conversation):
    with model(settings, shops) as server:
        say(conversation, BRIEF)
        icp = conversation.icp
        chat.edit(conversation, type(icp).from_json(icp.to_json() | {"regions": ["Bavaria"]}), seen=1)
        say(conversation, "also Austria")
    last = server.asked[-1]["messages"]
    assert [one["role"] for one in last] == ["system", "user", "assistant", "user", "user"]
    assert "Bavaria" in last[0]["content"] and "Bavaria" in last[3]["content"]
    assert (
        server.asked[0]["messages"][0]["content"][:1_500] == last[0]["content"][:1_500]
    )  # a prefix that can be cached


def test_an_edit_while_the_model_writes_is_not_undone_by_its_answer(settings, conversation):
    with model(settings, shops):
        say(conversation, BRIEF)
        message = chat.claim(chat.say(conversation, "and?").pk)
        icp = conversation.icp
        chat.edit(conversation, type(icp).from_json(icp.to_json() | {"countries": ["DE", "CH"]}), seen=1)

        async def write() -> None:
            async for _piece in chat_writer.write(message):
                pass

        async_to_sync(write)()
    conversation.refresh_from_db()
    assert conversation.icp.countries == ("DE", "CH")
