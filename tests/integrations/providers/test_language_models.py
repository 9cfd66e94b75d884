"""Language models at the wire: what they are asked, and what their answers mean."""

import json
from pathlib import Path
from typing import Literal

import httpx
import pytest
from pydantic import BaseModel, Field

from integrations.capabilities import Usage
from integrations.egress.errors import NotResolved
from integrations.errors import CredentialsRejected, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.kimi import Kimi
from integrations.providers.local_server import LocalServer
from integrations.providers.moonshot import Moonshot
from integrations.providers.openai import OpenAI, strict
from tests.integrations.providers.vendors import MODELS

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "the-model-that-answered",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a": 1}'}}],
    "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100},
}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 5}}}


def talking(provider: type[ChatCompletions], model: str, answer) -> ChatCompletions:
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return provider(api_key="sk-test", base_url="https://vendor.example/v1", model=model, http_client=http_client)


@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_it_answers_with_the_model_and_what_it_used(provider, model):
    done = await talking(provider, model, lambda request: httpx.Response(200, json=ANSWER)).complete(
        system="Judge.", user="The pages."
    )
    assert (done.text, done.model, done.usage) == ('{"a": 1}', "the-model-that-answered", Usage(1_000, 100))


async def asked_of(provider: type[ChatCompletions], model: str, **asked) -> dict:
    """Return the body of the request."""
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer sk-test"
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=ANSWER)

    await talking(provider, model, answer).complete(system="Judge.", user="Pages.", max_tokens=77, **asked)
    (body,) = sent
    return body


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        (OpenAI, "gpt-4.1-mini", {"temperature": 0, "max_completion_tokens": 77}),
        # The vendor fixes the temperature of K2.5 and later, and answers any other with 400.
        (Kimi, "kimi-k2.6", {"thinking": {"type": "disabled"}, "max_completion_tokens": 77}),
        (Kimi, "kimi-k2.5", {"thinking": {"type": "disabled"}, "max_completion_tokens": 77}),
        (Kimi, "kimi-k2-0905-preview", {"temperature": 0, "max_completion_tokens": 77}),
        (Kimi, "kimi-k2-thinking", {"max_completion_tokens": 77}),
        (Moonshot, "moonshot-v1-128k", {"temperature": 0, "max_completion_tokens": 77}),
        (LocalServer, "qwen3:8b", {"temperature": 0, "max_tokens": 77}),
    ],
)
async def test_it_asks_as_the_vendor_wants_to_be_asked(provider, model, expected):
    sent = await asked_of(provider, model)
    messages = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Pages."}]
    assert sent == {"model": model, "messages": messages} | expected


@pytest.mark.parametrize(
    ("provider", "model"),
    [*((Kimi, model) for model in Kimi.prices), *((Moonshot, model) for model in Moonshot.prices)],
)
async def test_what_is_asked_keeps_to_the_vendors_contract(provider, model):
    """Every name and range that Moonshot's specification gives for its models, and every model that has a price."""
    allowed = contract(model)
    sent = await asked_of(provider, model, json_schema=SCHEMA)
    assert sent.keys() <= allowed.keys()
    assert sent["response_format"]["type"] in allowed["response_format"]["properties"]["type"]["enum"]
    if "temperature" in sent:
        assert allowed["temperature"]["minimum"] <= sent["temperature"] <= allowed["temperature"]["maximum"]
    if "thinking" in sent:
        assert sent["thinking"]["type"] in allowed["thinking"]["properties"]["type"]["enum"]


def contract(model: str) -> dict:
    """Return the properties of a request for `model`, from Moonshot's OpenAPI document."""
    path = Path(__file__).parents[4] / "shared/data/specs/moonshot/moonshot-ai-openapi.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    schemas = json.loads(path.read_text())["components"]["schemas"]
    for schema in schemas.values():
        parts = schema.get("allOf", [])
        own = [part["properties"] for part in parts if "properties" in part]
        if own and model in own[0]["model"].get("enum", []):
            return schemas["ChatRequestBase"]["properties"] | own[0]
    raise AssertionError(f"the specification does not know {model}")


@pytest.mark.parametrize(("provider", "told"), [(OpenAI, strict(SCHEMA)), (LocalServer, SCHEMA)])
async def test_a_schema_goes_where_the_vendor_has_a_place_for_it(provider, told):
    sent = await asked_of(provider, "any", json_schema=SCHEMA)
    form = sent["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert form["json_schema"]["schema"] == told
    assert sent["messages"][0]["content"] == "Judge."


@pytest.mark.parametrize(("provider", "model"), [(Kimi, "kimi-k2.6"), (Moonshot, "moonshot-v1-8k")])
async def test_elsewhere_the_schema_is_told_in_words_that_are_always_the_same(provider, model):
    first, second = [await asked_of(provider, model, json_schema=SCHEMA) for _ in range(2)]
    assert first["response_format"] == {"type": "json_object"}
    told = first["messages"][0]["content"]
    assert told.startswith("Judge.") and told.endswith(json.dumps(SCHEMA, separators=(",", ":")))
    assert told == second["messages"][0]["content"]
    assert first["messages"][1]["content"] == "Pages."


async def test_what_is_in_the_environment_is_told_to_nobody(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-somebody")

    def answer(request: httpx.Request) -> httpx.Response:
        assert "somebody" not in str(request.headers)
        return httpx.Response(200, json=ANSWER)

    await talking(Kimi, "kimi-k2.6", answer).complete(system="Judge.", user="Pages.")


async def test_a_local_server_needs_no_key_and_names_its_model_without_the_path():
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=ANSWER | {"model": "/home/somebody/models/small.gguf"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    model = LocalServer(api_key="", base_url="http://127.0.0.1:1/v1", model="any", http_client=client)
    done = await model.complete(system="Judge.", user="Pages.")
    assert done.model == "small.gguf"
    assert model.cost_microusd(Usage(1_000_000, 1_000_000)) == 0
    assert model.worst_case_microusd(input_characters=1_000_000, max_tokens=4_000) == 0


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


@pytest.mark.parametrize(
    "content",
    [
        *("<html>", "[]", '{"choices": 7}', "{", "", "null", "7", '"text"', "[" * 100_000),
        '{"choices": [{"message": {"content": {"text": "x"}}}]}',
        '{"choices": [{"message": {"content": ["x"]}}]}',
        '{"choices": [{"message": null}]}',
        '{"choices": [7]}',
    ],
    ids=range(13),
)
async def test_nonsense_instead_of_an_answer_is_a_provider_error(content):
    said = httpx.Response(200, text=content, headers={"content-type": "application/json"})
    with pytest.raises(Unavailable) as caught:
        await talking(OpenAI, "gpt-4.1-mini", lambda request: said).complete(system="Judge.", user="Pages.")
    assert caught.value.may_be_billed


@pytest.mark.parametrize("usage", [None, {}, 7, {"prompt_tokens": "1", "completion_tokens": 1}], ids=range(4))
async def test_usage_that_cannot_be_read_is_unknown_and_the_answer_is_kept(usage):
    said = httpx.Response(200, json=ANSWER | {"usage": usage, "model": 7})
    done = await talking(OpenAI, "gpt-4.1-mini", lambda request: said).complete(system="Judge.", user="Pages.")
    assert (done.text, done.usage, done.model) == ('{"a": 1}', None, "gpt-4.1-mini")


async def test_what_no_database_takes_is_left_out():
    content = json.dumps(ANSWER).replace('{\\"a\\": 1}', r"a\u0000b\ud800c\ud83d\udc4b")
    said = httpx.Response(200, text=content, headers={"content-type": "application/json"})
    done = await talking(OpenAI, "gpt-4.1-mini", lambda request: said).complete(system="Judge.", user="Pages.")
    assert done.text == "ab\ufffdc👋"


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


def test_the_worst_case_counts_the_schema_and_is_never_less_than_what_it_costs():
    model = OpenAI(api_key="k", base_url="https://vendor.example/v1", model="gpt-4.1-mini")
    plain = model.worst_case_microusd(input_characters=1_000, max_tokens=100)
    assert plain >= model.cost_microusd(Usage(2_000, 100))
    assert model.worst_case_microusd(input_characters=1_000, max_tokens=100, json_schema=SCHEMA) > plain


def test_a_strict_schema_has_no_bounds_but_keeps_fields_of_any_name():
    schema = {"title": "Form", "properties": {"title": {"type": "string", "maxLength": 9}}, "anyOf": [{"minimum": 1}]}
    assert strict(schema) == {"properties": {"title": {"type": "string"}}, "anyOf": [{}]}


def test_a_strict_schema_requires_every_field_and_allows_no_other():
    class Part(BaseModel):
        kind: Literal["a"] = "a"

    class Form(BaseModel):
        name: str = Field("", max_length=5, pattern="^x")
        part: Part = Field(default_factory=Part, description="beside a reference")
        parts: list[Part] = Field(default_factory=list, max_length=3)

    told = strict(Form.model_json_schema())
    assert told["required"] == ["name", "part", "parts"]
    assert told["additionalProperties"] is False
    assert told["properties"]["name"] == {"type": "string"}
    assert told["properties"]["part"] == {"$ref": "#/$defs/Part"}
    assert told["$defs"]["Part"]["required"] == ["kind"]
