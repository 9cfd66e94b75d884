"""Whatever a vendor sends, a provider returns what can be stored, or says by a ProviderError what to do next."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

import pytest

from integrations.capabilities import ChatTurn, News, SearchQuery
from integrations.egress.vendors import vendor_client
from integrations.errors import ProviderError, Unavailable
from integrations.providers.exa import Exa
from integrations.providers.registry import REGISTRY
from integrations.providers.sandbox import Sandbox
from integrations.providers.slack import Slack


@dataclass
class Speaker:
    """A server that says the same bytes to whoever comes, and hangs up."""

    raw: bytes = b""
    port: int = field(default=0, init=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def say(self, body: bytes, *headers: str, status: int = 200, size: int | None = None) -> None:
        """Say one answer; `size` is what it gives as its length."""
        head = [f"HTTP/1.1 {status} X", "Connection: close", f"Content-Length: {len(body) if size is None else size}"]
        self.raw = "\r\n".join([*head, *headers]).encode("latin-1") + b"\r\n\r\n" + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"content-length: ")
        await reader.readexactly(int(length.split(b"\r\n")[0] or 0))
        writer.write(self.raw)
        await writer.drain()
        writer.close()


@pytest.fixture
async def vendor() -> AsyncIterator[Speaker]:
    speaker = Speaker()
    async with await asyncio.start_server(speaker.serve, "127.0.0.1", 0) as server:
        speaker.port = server.sockets[0].getsockname()[1]
        yield speaker


@asynccontextmanager
async def exa(base_url: str):
    async with aclosing(Exa(api_key="k", base_url=base_url)) as provider:
        yield lambda: provider.search_and_cost(SearchQuery("pumps"), limit=3)


@asynccontextmanager
async def sandbox(base_url: str):
    async with vendor_client(base_url) as client:
        yield lambda: Sandbox(client, base_url=base_url).search(SearchQuery("pumps"), limit=3)


@asynccontextmanager
async def slack(base_url: str):
    async with aclosing(Slack(webhook="T0/B0/x", base_url=base_url)) as provider:
        yield lambda: provider.tell(News("1", "14 leads", "Of 312.", "https://app.example.com/", "Open"))


def model(slug: str, name: str, *, is_streamed: bool = False):
    @asynccontextmanager
    async def opened(base_url: str):
        async with aclosing(REGISTRY[slug](api_key="k", base_url=f"{base_url}/v1", model=name)) as provider:

            async def streamed() -> list[Any]:
                return [piece async for piece in provider.stream(system="Chat.", turns=[ChatTurn("user", "Hi")])]

            yield streamed if is_streamed else lambda: provider.complete(system="Judge.", user="Pages.")

    return opened


COMPANY = {
    "name": "Acme",
    "description": "Pumps.",
    "foundedYear": 1999,
    "workforce": {"total": 8},
    "headquarters": {"city": "Graz", "country": "Austria"},
}
SEARCHED = {
    "results": [
        {
            "id": "1",
            "url": "https://acme.example",
            "title": "Acme",
            "score": 0.4,
            "entities": [{"id": "e", "type": "company", "version": 1, "properties": COMPANY}],
        }
    ],
    "costDollars": {"total": 0.005},
}
ROW = {"name": "Acme", "domain": "acme.example", "website": "https://acme.example", "snippet": "Pumps."}
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
SAID = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "usage": USAGE,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
}
CHUNK = SAID | {"choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": "yes"}}]}


@dataclass(frozen=True)
class Door:
    """One way to ask a provider over the wire, and a good answer to that; no JSON for Slack, which says `ok`."""

    slug: str
    opened: Callable[[str], Any]
    good: Any = None
    is_stream: bool = False

    def body(self, answer: str) -> bytes:
        return f"data: {answer}\n\ndata: [DONE]\n\n".encode() if self.is_stream else answer.encode()

    @property
    def content_type(self) -> str:
        return f"Content-Type: {'text/event-stream' if self.is_stream else 'application/json'}"


MODELS = {"kimi": "kimi-k2.6", "moonshot": "moonshot-v1-128k", "openai": "gpt-4.1-mini", "local_server": "any"}
TALKING = [
    Door("exa", exa, SEARCHED),
    Door("sandbox", sandbox, [ROW | {"location": "Graz", "country": "AT"}]),
    *(Door(slug, model(slug, name), SAID) for slug, name in MODELS.items()),
    *(Door(slug, model(slug, name, is_streamed=True), CHUNK, is_stream=True) for slug, name in MODELS.items()),
]
DOORS = [*TALKING, Door("slack", slack)]
# The language models read their answers by the same lines of code, whole and streamed.
ENOUGH_MODELS = {("openai", False), ("kimi", True)}
READING = [door for door in TALKING if door.slug not in MODELS or (door.slug, door.is_stream) in ENOUGH_MODELS]


def named(door: Door) -> str:
    return f"{door.slug} stream" if door.is_stream else door.slug


every_door = pytest.mark.parametrize("door", DOORS, ids=named)

# Each as it would stand in the JSON of an answer.
HOSTILE = {
    "beyond a double": "1e400",
    "below a double": "-1e400",
    "no number": "NaN",
    "too many digits": "9" * 4_400,
    "many digits": "9" * 4_200,
    "less than nothing": "-1",
    "a claim": "true",
    "nothing": "null",
    "NUL": r'"a\u0000b"',
    "NUL in an address": r'"https://\u0000acme.example/"',
    "half a pair": r'"a\ud800b"',
    "words": '"many"',
    "a number in words": '"1e999990"',
    "a list": "[[]]",
    "an object": '{"a": 1}',
    "deep": "[" * 500 + "]" * 500,
    "too deep": "[" * 20_000 + "]" * 20_000,
    "never closed": '{"a":' * 20_000,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from places(inner, (*path, step))


def with_mark(value: Any, path: tuple[Any, ...]) -> Any:
    """Return `value` with `@` in the place of what is at `path`."""
    if not path:
        return "@"
    changed = value.copy()
    changed[path[0]] = with_mark(value[path[0]], path[1:])
    return changed


async def outcome(ask: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await ask()
    except ProviderError as error:
        return error


def test_whoever_is_asked_over_the_wire_is_tested_here():
    wired = {
        slug
        for slug, provider in REGISTRY.items()
        if {"client", "http_client"} & {*inspect.signature(provider).parameters}
    }
    assert {door.slug for door in DOORS} == wired


@pytest.mark.parametrize("door", READING, ids=named)
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
async def test_nonsense_at_any_place_of_an_answer_is_left_out_or_makes_it_unreadable(vendor, door, hostile):
    async with door.opened(vendor.base_url) as ask:
        for path in places(door.good):
            vendor.say(door.body(json.dumps(with_mark(door.good, path)).replace('"@"', hostile)), door.content_type)
            found = await outcome(ask)
            if isinstance(found, ProviderError):
                assert isinstance(found, Unavailable), path
                assert found.provider == door.slug
                assert found.may_be_billed or not REGISTRY[door.slug].needs_key
            else:
                stored = json.dumps(found, default=asdict, allow_nan=False, ensure_ascii=False)
                assert r"\u0000" not in stored and stored.encode(), path


GARBAGE = {
    "nothing": b"",
    "a page": b"<html>",
    "cut JSON": b'{"results": [{"id": "1"',
    "bytes": b"\xff\xfe\x00\x80",
    "brackets": b"[" * 100_000,
    "digits": b"9" * 5_000,
    "half a pair": rb'"\ud800"',
    "cut event": b"data: {",
}
TYPES = {
    "JSON": "Content-Type: application/json",
    "a page": "Content-Type: text/html",
    "events": "Content-Type: text/event-stream",
    "none": "X-None: x",
    "no encoding of text": "Content-Type: application/json; charset=base64",
    "idna": "Content-Type: text/plain; charset=idna",
}


@every_door
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_in_whatever_encoding_is_unavailable(vendor, door, body):
    async with door.opened(vendor.base_url) as ask:
        for content_type in TYPES.values():
            vendor.say(body, content_type)
            assert isinstance(await outcome(ask), Unavailable), content_type


@every_door
@pytest.mark.parametrize("status", [302, 401, 429, 500])
async def test_a_refusal_goes_by_its_status_whatever_else_is_said(vendor, door, status):
    async with door.opened(vendor.base_url) as ask:
        for content_type, body in zip(cycle(TYPES.values()), GARBAGE.values(), strict=False):
            vendor.say(body, content_type, status=status)
            found = await outcome(ask)
            assert isinstance(found, Unavailable if status in (429, 500) else ProviderError), body[:20]
            assert not (isinstance(found, Unavailable) and found.may_be_billed)


@every_door
@pytest.mark.parametrize(
    "moment",
    ["Mon, 20 Nov 99999999999999999999 08:49:37 GMT", "Mon, 20 Nov 9999 08:49:37 -2359", "9" * 30, "1e400", "NaN"],
)
async def test_a_time_that_no_calendar_has_is_no_time_to_wait_for(vendor, door, moment):
    vendor.say(b"{}", f"Retry-After: {moment}", f"X-RateLimit-Reset: {moment}", status=429)
    async with door.opened(vendor.base_url) as ask:
        assert isinstance(await outcome(ask), ProviderError)


BROKEN = {
    "cut off": b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
    "a chunk that breaks off": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a chunk of no size": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "an event that breaks off": b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: ",
    "damaged packing": b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "unknown packing": b"HTTP/1.1 200 X\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in the head": b"HTTP/1.1 200 X\r\nContent-Type: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
}


@every_door
@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_an_answer_that_breaks_off_is_unavailable(vendor, door, raw):
    vendor.raw = raw
    async with door.opened(vendor.base_url) as ask:
        assert isinstance(await outcome(ask), Unavailable)
