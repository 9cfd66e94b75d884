"""OpenAI and Kimi at the wire."""

import json

import httpx
import pytest

from integrations.capabilities import Usage
from integrations.egress.errors import NotResolved
from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.kimi import Kimi
from integrations.providers.openai import OpenAI, strict

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "the-model-that-answered",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a": 1}'}}],
    "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100},
}
MODELS = [(OpenAI, "gpt-4.1-mini"), (Kimi, "kimi-k2.6")]


def talking(provider: type[ChatCompletions], model: str, answer) -> ChatCompletions:
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return provider(api_key="sk-test", base_url="https://vendor.example/v1", model=model, http_client=http_client)


@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_it_answers_with_the_model_and_what_it_used(provider, model):
    done = await talking(provider, model, lambda request: httpx.Response(200, json=ANSWER)).complete(
        system="Judge.", user="The pages."
    )
    assert (done.text, done.model, done.usage) == ('{"a": 1}', "the-model-that-answered", Usage(1_000, 100))


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        (OpenAI, "gpt-4.1-mini", {"temperature": 0, "response_format": "json_schema"}),
        (Kimi, "kimi-k2.6", {"thinking": {"type": "disabled"}, "response_format": "json_object"}),
    ],
)
async def test_it_asks_as_the_vendor_wants_to_be_asked(provider, model, expected):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer sk-test"
        asked.append(json.loads(request.content))
        return httpx.Response(200, json=ANSWER)

    schema = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 5}}}
    await talking(provider, model, answer).complete(system="Judge.", user="Pages.", json_schema=schema, max_tokens=77)
    (sent,) = asked
    assert (sent["model"], sent["max_completion_tokens"]) == (model, 77)
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert expected | {"response_format": {"type": expected["response_format"]}} == {
        key: {"type": sent[key]["type"]} if key == "response_format" else sent[key] for key in expected
    }


@pytest.mark.parametrize(("provider", "model"), MODELS)
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "invalid_api_key", CredentialsRejected),
        (403, "forbidden", CredentialsRejected),
        (402, "payment", QuotaExhausted),
        (429, "insufficient_quota", QuotaExhausted),
        (429, "rate_limit_exceeded", Unavailable),
        (500, "server_error", Unavailable),
        (503, "overloaded", Unavailable),
        (400, "invalid_request", RequestRejected),
        (404, "model_not_found", RequestRejected),
    ],
)
async def test_a_failure_says_what_to_do_next(provider, model, status, code, error):
    refused = httpx.Response(status, json={"error": {"message": "no", "code": code}}, headers={"retry-after": "7"})
    with pytest.raises(error) as caught:
        await talking(provider, model, lambda request: refused).complete(system="Judge.", user="Pages.")
    assert "sk-test" not in str(caught.value)
    if error is Unavailable:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("failure", "was_sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (NotResolved, False),
        (httpx.ReadTimeout, True),
        (httpx.ReadError, True),
        (httpx.RemoteProtocolError, True),
    ],
)
async def test_only_a_request_that_was_sent_may_be_billed(failure, was_sent):
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure("broken")

    with pytest.raises(Unavailable) as caught:
        await talking(OpenAI, "gpt-4.1-mini", answer).complete(system="Judge.", user="Pages.")
    assert caught.value.may_be_billed is was_sent


@pytest.mark.parametrize("content", ["<html>", "[]", '{"choices": 7}', "{", ""])
async def test_nonsense_instead_of_an_answer_is_a_provider_error(content):
    said = httpx.Response(200, text=content, headers={"content-type": "application/json"})
    with pytest.raises(ProviderError):
        await talking(OpenAI, "gpt-4.1-mini", lambda request: said).complete(system="Judge.", user="Pages.")


@pytest.mark.parametrize(
    "choices", [[], [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "refusal": "No."}}]]
)
async def test_an_answer_without_text_is_empty_and_is_paid_for(choices):
    empty = ANSWER | {"choices": choices}
    done = await talking(OpenAI, "gpt-4.1-mini", lambda request: httpx.Response(200, json=empty)).complete(
        system="Judge.", user="Pages."
    )
    assert (done.text, done.usage) == ("", Usage(1_000, 100))


def test_costs_are_whole_micro_dollars_rounded_up_and_unknown_models_have_none():
    model = OpenAI(api_key="k", base_url="https://vendor.example/v1", model="gpt-4.1-mini")
    assert model.cost_microusd(Usage(1_000, 100)) == 560
    assert model.cost_microusd(Usage(1, 0)) == 1
    unknown = OpenAI(api_key="k", base_url="https://vendor.example/v1", model="gpt-99")
    assert unknown.cost_microusd(Usage(1, 1)) is None
    assert unknown.worst_case_microusd(input_characters=10, max_tokens=10) is None


def test_a_strict_schema_has_no_bounds_but_keeps_fields_of_any_name():
    schema = {"title": "Form", "properties": {"title": {"type": "string", "maxLength": 9}}, "anyOf": [{"minimum": 1}]}
    assert strict(schema) == {"properties": {"title": {"type": "string"}}, "anyOf": [{}]}
