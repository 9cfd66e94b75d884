"""Language models that answer piece by piece, over the real client, against a server on loopback."""

import asyncio
import json
from contextlib import aclosing

import pytest

from integrations.capabilities import ChatTurn, Completion, Usage
from integrations.errors import CredentialsRejected, QuotaExhausted, Unavailable
from integrations.providers.openai import OpenAI
from integrations.providers.wording import MAX_CHARACTERS, MOST_TOKENS
from tests.harness.language_model import LanguageModelServer, Reply, refused
from tests.integrations.providers.vendors import MODELS, heard, talking_to

HELLO = Reply(pieces=["Hel", "lo, ", "世界", " 👋"])


class Impatient(OpenAI):
    idle_seconds = 0.2


class Brief(OpenAI):
    deadline_seconds = 0.3


def says(*events: dict | str) -> Reply:
    return Reply(events=events)


def chunk(**changes: object) -> dict:
    choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]} | changes


def ended(reason: str = "stop") -> dict:
    return chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_the_pieces_come_as_they_are_written_and_the_whole_at_the_end(provider, model):
    with LanguageModelServer(lambda _question: HELLO) as server:
        async with talking_to(server, provider, model) as asked:
            pieces, whole = await heard(asked)
    assert pieces == ["Hel", "lo, ", "世界", " 👋"]
    assert whole == Completion("Hello, 世界 👋", model, Usage(1_000, 100))


@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_it_asks_for_a_stream_with_its_usage_and_tells_the_conversation(provider, model):
    turns = [ChatTurn("user", "Hi"), ChatTurn("assistant", "Yes?"), ChatTurn("user", "Pumps")]
    with LanguageModelServer(lambda _question: HELLO) as server:
        async with talking_to(server, provider, model) as asked:
            assert [piece async for piece in asked.stream(system="Chat.", turns=turns, max_tokens=9)]
    (sent,) = server.asked
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})
    assert sent["messages"] == [
        {"role": "system", "content": "Chat."},
        *({"role": turn.role, "content": turn.text} for turn in turns),
    ]
    assert sent[provider.limit_name] == 9


async def test_a_piece_is_shown_before_the_next_is_written():
    with LanguageModelServer(lambda _question: HELLO, is_paced=True) as server:
        async with (
            talking_to(server) as asked,
            aclosing(asked.stream(system="", turns=[ChatTurn("user", "Hi")])) as stream,
        ):
            for expected in HELLO.pieces:
                server.let_go()
                assert await anext(stream) == expected
            server.let_go(3)
            assert isinstance(await anext(stream), Completion)
            assert await anext(stream, None) is None


async def test_closing_the_stream_closes_the_connection():
    with LanguageModelServer(lambda _question: Reply(pieces=["word "] * 1_000), is_paced=True) as server:
        async with talking_to(server) as asked:
            async with aclosing(asked.stream(system="", turns=[ChatTurn("user", "Hi")])) as stream:
                server.let_go()
                assert await anext(stream) == "word "
            assert await asyncio.to_thread(server.was_left.wait, 10)


async def test_a_reader_who_is_cancelled_closes_the_connection():
    with LanguageModelServer(lambda _question: HELLO, is_paced=True) as server:
        async with talking_to(server) as asked:
            reading = asyncio.create_task(heard(asked))
            assert await asyncio.to_thread(server.was_asked.wait, 10)
            server.let_go()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert await asyncio.to_thread(server.was_left.wait, 10)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(pieces=["a", "b", "c"], cut_after=2), id="the connection breaks"),
        pytest.param(Reply(pieces=["a"], cut_after=0), id="before the first piece"),
        pytest.param(Reply(pieces=["a", "b"], has_end=False), id="it ends without saying so"),
        pytest.param(says("[DONE]"), id="nothing at all"),
        pytest.param(says({"error": {"message": "overloaded", "type": "server_error"}}), id="an error at once"),
        pytest.param(says(chunk(), {"error": {"message": "The server had an error", "code": 500}}), id="then an error"),
        pytest.param(says(chunk(), {"error": "upstream"}), id="an error that is a string"),
        pytest.param(says(chunk(), "{"), id="broken JSON"),
        pytest.param(says(chunk(), "[" * 100_000), id="too deep"),
        pytest.param(says(chunk(), '"text"'), id="a string for a chunk"),
        pytest.param(says(chunk(choices=[{"index": 0, "delta": {"content": {"text": "x"}}}])), id="another shape"),
        pytest.param(says(chunk(choices=7)), id="a number of choices"),
        pytest.param(says(chunk(choices=[])), id="no choices"),
    ],
)
async def test_an_answer_that_breaks_off_may_be_on_the_bill(reply):
    with LanguageModelServer(lambda _question: reply) as server:
        async with talking_to(server) as asked:
            with pytest.raises(Unavailable) as caught:
                await heard(asked)
    assert caught.value.may_be_billed
    assert caught.value.provider == "openai"


async def test_a_stream_that_ends_for_want_of_money_says_so():
    reply = says(chunk(), {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})
    with LanguageModelServer(lambda _question: reply) as server:
        async with talking_to(server) as asked:
            with pytest.raises(QuotaExhausted):
                await heard(asked)


@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRejected), (402, QuotaExhausted), (503, Unavailable)])
async def test_a_refusal_before_the_stream_is_what_it_is_elsewhere(status, error):
    with LanguageModelServer(lambda _question: refused(status, {"message": "no"}, retry_after="7")) as server:
        async with talking_to(server) as asked:
            with pytest.raises(error) as caught:
                await heard(asked)
    assert not getattr(caught.value, "may_be_billed", False)


async def test_an_answer_that_was_cut_at_the_limit_comes_as_far_as_it_goes():
    with LanguageModelServer(lambda _question: Reply(pieces=["half"], finish_reason="length")) as server:
        async with talking_to(server) as asked:
            _, whole = await heard(asked)
    assert whole.text == "half"


async def test_a_vendor_that_does_not_count_leaves_the_usage_unknown():
    with LanguageModelServer(lambda _question: Reply(pieces=["a"], has_usage=False)) as server:
        async with talking_to(server) as asked:
            _, whole = await heard(asked)
    assert whole.usage is None


@pytest.mark.parametrize(
    "usage",
    [{"prompt_tokens": -5, "completion_tokens": 1}, {"prompt_tokens": "5"}, {"prompt_tokens": MOST_TOKENS + 1}, [], 7],
    ids=["negative", "text", "too many", "a list", "a number"],
)
async def test_counts_that_cannot_be_true_are_unknown(usage):
    whole = {"prompt_tokens": 1, "completion_tokens": 1}
    told = whole | usage if isinstance(usage, dict) else usage
    with LanguageModelServer(
        lambda _question: says(chunk(), ended(), chunk(choices=[], usage=told), "[DONE]")
    ) as server:
        async with talking_to(server) as asked:
            assert (await heard(asked))[1].usage is None


async def test_comments_empty_pieces_thoughts_and_chunks_without_choices_are_passed_over():
    def piece(delta: dict | None) -> dict:
        return chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}])

    events = [
        chunk(choices=[]),
        piece({"role": "assistant", "content": None}),
        piece({"reasoning_content": "Hm."}),
        piece({"content": ""}),
        piece(None),
        piece({"content": "yes"}),
        ended(),
        "[DONE]",
    ]
    with LanguageModelServer(lambda _question: says(*events)) as server:
        async with talking_to(server) as asked:
            assert (await heard(asked))[0] == ["yes"]


async def test_a_refusal_of_the_model_is_an_empty_answer():
    refusal = chunk(choices=[{"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": None}])
    with LanguageModelServer(lambda _question: says(refusal, ended(), "[DONE]")) as server:
        async with talking_to(server) as asked:
            pieces, whole = await heard(asked)
    assert (pieces, whole.text) == ([], "")


async def test_what_no_database_takes_is_left_out_and_a_split_character_is_put_together():
    def piece(text: str) -> str:
        return json.dumps(chunk(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}]))

    events = [piece("a\0b"), piece("\ud83d"), piece("\udc4b!"), piece("\ud800"), json.dumps(ended()), "[DONE]"]
    with LanguageModelServer(lambda _question: says(*events)) as server:
        async with talking_to(server) as asked:
            pieces, whole = await heard(asked)
    assert pieces == ["ab", "👋!"]
    assert whole.text == "ab👋!\ufffd"


async def test_a_model_that_does_not_stop_is_stopped():
    endless = Reply(pieces=["word " * 2_000] * (MAX_CHARACTERS // 10_000 + 2))
    with LanguageModelServer(lambda _question: endless) as server:
        async with talking_to(server) as asked:
            with pytest.raises(Unavailable, match="wrote more than") as caught:
                await heard(asked)
    assert caught.value.may_be_billed


async def test_a_stream_of_megabytes_is_not_read_to_its_end():
    # Nothing in it is text, so that only the size on the wire can tell.
    padded = Reply(pieces=[""] * 60, changes={"obfuscation": "x" * 100_000})
    with LanguageModelServer(lambda _question: padded) as server:
        async with talking_to(server) as asked:
            with pytest.raises(Unavailable, match="4 MB") as caught:
                await heard(asked)
    assert caught.value.may_be_billed


@pytest.mark.parametrize("provider", [Impatient, Brief], ids=["idle", "deadline"])
@pytest.mark.parametrize("pieces", [0, 1])
async def test_a_server_that_falls_silent_is_left(provider, pieces):
    with LanguageModelServer(lambda _question: HELLO, is_paced=True) as server:
        server.let_go(pieces)
        async with talking_to(server, provider) as asked:
            with pytest.raises(Unavailable, match="took too long") as caught:
                await heard(asked)
            assert await asyncio.to_thread(server.was_left.wait, 10)
    assert caught.value.may_be_billed


async def test_a_server_that_never_begins_is_left():
    with LanguageModelServer(lambda _question: HELLO) as server:
        server.may_answer.clear()
        async with talking_to(server, Brief) as asked:
            with pytest.raises(Unavailable, match="took too long") as caught:
                await heard(asked)
    assert caught.value.may_be_billed


async def test_an_answer_in_one_piece_has_a_deadline_too():
    with LanguageModelServer(lambda _question: HELLO) as server:
        server.may_answer.clear()
        async with talking_to(server, Brief) as asked:
            with pytest.raises(Unavailable, match="took too long") as caught:
                await asked.complete(system="Judge.", user="Pages.")
    assert caught.value.may_be_billed


async def test_many_streams_share_one_client():
    with LanguageModelServer(lambda question: Reply(question["text"])) as server:
        async with talking_to(server) as asked:
            answers = await asyncio.gather(*(heard(asked, f"number {number} of many") for number in range(40)))
    assert [whole.text for _, whole in answers] == [f"number {number} of many" for number in range(40)]
