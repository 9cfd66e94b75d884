"""Before Django: a body has a bound at every address, and streams have the headers that pages have."""

from collections.abc import Iterator

import pytest

from config.asgi import application
from config.guard import limited
from tests.harness.addresses import addresses

LIMIT = 10_000


@pytest.fixture(autouse=True)
def small(settings):
    settings.MAX_REQUEST_BYTES = LIMIT


async def asked(
    path: str, chunks: Iterator[bytes], *, length: int | None = None, app=application
) -> tuple[int, dict, int]:
    """Send a POST; return the status, the headers, and how many bytes were taken before it was answered."""
    taken, sent = 0, []
    headers = [(b"host", b"testserver"), (b"content-type", b"application/octet-stream")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))

    async def receive():
        nonlocal taken
        body = next(chunks, b"")
        taken += len(body)
        return {"type": "http.request", "body": body, "more_body": bool(body)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await app(scope | {"asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"}, receive, send)
    start = sent[0]
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, taken


async def test_a_body_that_says_it_is_too_big_is_refused_unread_at_every_address():
    for path in addresses({}):
        status, headers, taken = await asked(path, iter([b"x" * 100]), length=LIMIT + 1)
        assert (status, taken) == (413, 0), path
        assert headers["x-content-type-options"] == "nosniff"


async def test_a_body_that_does_not_say_how_big_it_is_is_read_up_to_the_bound():
    for path in ("/", "/hunts/new", "/api/hunts", "/accounts/login/", "/admin/login/"):
        status, _headers, taken = await asked(path, iter([b"x" * 1_000] * 1_000))
        assert status == 413, path
        assert taken <= LIMIT + 1_000


async def test_a_body_that_says_less_than_it_is_is_not_read_beyond_the_bound():
    status, _headers, taken = await asked("/", iter([b"x" * 1_000] * 1_000), length=10)
    assert status == 413
    assert taken <= LIMIT + 1_000


async def test_a_body_within_the_bound_passes_whole():
    got = []

    async def app(scope, receive, send):
        while (message := await receive())["more_body"]:
            got.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    status, _headers, taken = await asked("/", iter([b"x" * 1_000] * 10), length=LIMIT, app=limited(app))
    assert (status, taken, sum(map(len, got))) == (200, LIMIT, LIMIT)


async def test_what_is_no_request_is_let_through():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    await limited(app)({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/hunts/runs/1/stream", "/hunts/chat/1/stream/1"])
async def test_streams_have_the_headers_too(path):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"testserver")]}
    await application(scope | {"asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"}, None, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 404
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
