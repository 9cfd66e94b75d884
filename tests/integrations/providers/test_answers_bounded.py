"""However much a vendor sends, what is kept of it is bounded, and the caller is told."""

import gzip
import json
import tracemalloc
import zlib

import httpx
import pytest

from integrations.capabilities import SearchQuery
from integrations.egress.vendors import MAX_ANSWER_BYTES, AnswerTooBig, AnswerUnreadable, vendor_client
from integrations.errors import ProviderError, Unavailable
from integrations.providers.exa import Exa
from tests.harness.language_model import LanguageModelServer, Reply, refused
from tests.integrations.providers.vendors import MODELS, talking_to

HUGE = b'{"choices": [{"message": {"content": "' + b"a" * 20_000_000 + b'"}}]}'


def sent(body: bytes, status: int = 200, **headers: str) -> Reply:
    return Reply(body=body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def fetched(reply: Reply) -> httpx.Response:
    with LanguageModelServer(lambda _question: reply) as server:
        async with vendor_client(server.base_url) as client:
            return await client.post(f"{server.base_url}/x", json={"messages": [{"content": "{}"}], "model": "m"})


@pytest.mark.parametrize(("provider", "model"), MODELS)
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(sent(HUGE), id="plain"),
        pytest.param(sent(gzip.compress(HUGE), content_encoding="gzip"), id="a bomb"),
        pytest.param(sent(HUGE, status=500), id="an error"),
    ],
)
async def test_an_answer_of_megabytes_is_refused_and_hardly_any_of_it_kept(provider, model, reply):
    with LanguageModelServer(lambda _question: reply) as server:
        async with talking_to(server, provider, model) as asked:
            await _ignored(asked)  # whatever is loaded once is loaded
            tracemalloc.start()
            with pytest.raises(Unavailable, match="1 MB") as caught:
                await asked.complete(system="Judge.", user="Pages.")
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert caught.value.may_be_billed
    assert peak < 6 * MAX_ANSWER_BYTES


async def _ignored(asked) -> None:
    with pytest.raises(Unavailable):
        await asked.complete(system="Judge.", user="Pages.")


async def test_a_search_of_megabytes_is_a_provider_error():
    with LanguageModelServer(lambda _question: sent(HUGE)) as server:
        exa = Exa(api_key="exa-test", base_url=server.base_url)
        with pytest.raises(ProviderError):
            await exa.search(SearchQuery(text="pumps"), limit=5)
        await exa.aclose()


@pytest.mark.parametrize("size", [MAX_ANSWER_BYTES, MAX_ANSWER_BYTES + 1], ids=["at the limit", "over it"])
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
async def test_the_limit_is_exact_before_and_after_packing(size, encoding):
    body = b"a" * size
    packed = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[encoding](body)
    reply = sent(packed, content_encoding=encoding) if encoding else sent(packed)
    if size > MAX_ANSWER_BYTES:
        with pytest.raises(AnswerTooBig):
            await fetched(reply)
    else:
        response = await fetched(reply)
        assert response.content == body
        assert "content-encoding" not in response.headers


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
async def test_what_is_packed_as_nobody_asked_is_not_unpacked(encoding):
    with pytest.raises(AnswerUnreadable):
        await fetched(sent(b"whatever", content_encoding=encoding))


async def test_what_is_packed_badly_is_an_unreadable_answer_that_may_be_billed():
    with LanguageModelServer(lambda _question: sent(b"\x1f\x8bno", content_encoding="gzip")) as server:
        async with talking_to(server) as asked:
            with pytest.raises(Unavailable) as caught:
                await asked.complete(system="Judge.", user="Pages.")
    assert caught.value.may_be_billed


async def test_a_packed_answer_is_read():
    with LanguageModelServer(str) as server:
        body = gzip.compress(json.dumps(server.completion("m", "yes")).encode())
        server.answer = lambda _question: sent(body, content_encoding="gzip")
        async with talking_to(server) as asked:
            assert (await asked.complete(system="Judge.", user="Pages.")).text == "yes"
    assert server.headers[0]["accept-encoding"] == "gzip, deflate"


async def test_a_refusal_is_read_through_the_same_bounds():
    with LanguageModelServer(lambda _question: refused(429, {"message": "x" * 500_000}, retry_after="3")) as server:
        async with talking_to(server) as asked:
            with pytest.raises(Unavailable) as caught:
                await asked.complete(system="Judge.", user="Pages.")
    assert caught.value.retry_after == 3
    assert len(caught.value.message) < 200
