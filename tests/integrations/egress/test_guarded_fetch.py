import asyncio
import gzip
import time
import zlib
from collections.abc import Sequence

import pytest

from integrations.egress.errors import (
    EgressError,
    NotConnected,
    NotResolved,
    RedirectLoop,
    Refused,
    TimedOut,
    TooBig,
    Unreadable,
)
from integrations.egress.fetch import Fetched, fetch
from integrations.egress.policy import Policy
from integrations.egress.transport import Resolver, guarded_client, resolve
from tests.harness.fake_web import Asked, FakeWeb, Listener, answer
from tests.integrations.egress.test_policy import LITERALS

BOMB = gzip.compress(bytes(60_000_000), 9)


async def read(web: FakeWeb, url: str, resolver: Resolver = resolve, **bounds: object) -> Fetched:
    policy = Policy(routes=web.routes)
    async with guarded_client(policy, user_agent="test", resolver=resolver) as client:
        return await fetch(client, url, policy=policy, **bounds)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", LITERALS)
async def test_it_never_connects_to_an_inside_address(web: FakeWeb, inside: Listener, host: str) -> None:
    policy = Policy(ports=frozenset({inside.port}))
    async with guarded_client(policy) as client:
        with pytest.raises(EgressError):
            await fetch(client, f"http://{host}:{inside.port}/", policy=policy, deadline=5)
        with pytest.raises(Exception):  # noqa: B017 - whatever the client says, the listener must not be reached
            await client.get(f"http://{host}:{inside.port}/")
    assert inside.accepts == 0


async def test_a_name_that_leads_inside_is_refused(inside: Listener) -> None:
    policy = Policy(ports=frozenset({inside.port}))
    for answers in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]):

        async def resolver(host: str, port: int, answers: Sequence[str] = answers) -> Sequence[str]:
            return answers

        async with guarded_client(policy, resolver=resolver) as client:
            with pytest.raises(Refused):
                await fetch(client, f"http://innocent.com:{inside.port}/", policy=policy)
    assert inside.accepts == 0


async def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(inside: Listener) -> None:
    policy = Policy(ports=frozenset({inside.port}))
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["203.0.113.1"] if len(asked) > 1 else ["127.0.0.1"]

    async with guarded_client(policy, resolver=rebinding) as client:
        with pytest.raises(Refused):
            await fetch(client, f"http://rebind.com:{inside.port}/", policy=policy)
    assert asked == ["rebind.com"]
    assert inside.accepts == 0


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "http://0x7f.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://a@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/",
    ],
)
async def test_a_redirect_inwards_is_refused(web: FakeWeb, inside: Listener, to: str) -> None:
    web.redirect("/", to.format(port=inside.port))
    policy = Policy(routes=web.routes, ports=frozenset({80, inside.port}))
    async with guarded_client(policy) as client:
        with pytest.raises(EgressError):
            await fetch(client, "http://acme.example/", policy=policy)
    assert inside.accepts == 0


async def test_it_follows_redirects_and_says_where_it_came_out(web: FakeWeb) -> None:
    web.redirect("/", "/de/")
    web.page("/de/", "<p>Hallo")
    got = await read(web, "http://acme.example/")
    assert (got.final_url, got.redirects, got.body) == (
        "http://acme.example/de/",
        ("http://acme.example/",),
        b"<p>Hallo",
    )


async def test_a_redirect_loop_ends(web: FakeWeb) -> None:
    web.redirect("/", "/again")
    web.redirect("/again", "/")
    with pytest.raises(RedirectLoop):
        await read(web, "http://acme.example/")
    assert len(web.asked) == 6


async def test_every_hop_is_told_before_it_is_asked_for(web: FakeWeb) -> None:
    web.redirect("/", "http://other.example/")
    web.page("other.example/", "ok")
    hops: list[str] = []

    async def before_hop(url: str) -> None:
        hops.append(url)

    await read(web, "http://acme.example/", before_hop=before_hop)
    assert hops == ["http://acme.example/", "http://other.example/"]


async def test_a_gzip_bomb_is_cut_at_the_limit(web: FakeWeb) -> None:
    web.page("/", BOMB, content_encoding="gzip")
    with pytest.raises(TooBig):
        await read(web, "http://acme.example/", max_bytes=1_000_000)


async def test_a_long_body_can_be_cut_instead(web: FakeWeb) -> None:
    web.page("/", BOMB, content_encoding="gzip")
    got = await read(web, "http://acme.example/", max_bytes=1_000, cut=True)
    assert (len(got.body), got.is_cut) == (1_000, True)


async def test_a_body_without_end_is_refused(web: FakeWeb) -> None:
    async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()

    web.pages["/"] = endless
    with pytest.raises(TooBig):
        await read(web, "http://acme.example/", max_bytes=300_000)


async def test_a_slow_drip_ends_at_the_deadline(web: FakeWeb) -> None:
    async def drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    web.pages["/"] = drip
    started = time.monotonic()
    with pytest.raises(TimedOut):
        await read(web, "http://acme.example/", deadline=0.3)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "encoding, packed",
    [
        ("gzip", gzip.compress(b"<p>plain", mtime=0)),
        ("gzip", gzip.compress(b"<p>pl", mtime=0) + gzip.compress(b"ain", mtime=0)),
        ("deflate", zlib.compress(b"<p>plain")),
        ("deflate", zlib.compress(b"<p>plain", wbits=-15)),
        ("identity", b"<p>plain"),
    ],
)
async def test_it_reads_what_servers_send_as_gzip_and_deflate(web: FakeWeb, encoding: str, packed: bytes) -> None:
    web.page("/", packed, content_encoding=encoding)
    assert (await read(web, "http://acme.example/")).body == b"<p>plain"


@pytest.mark.parametrize("encoding, packed", [("br", b"abc"), ("gzip", b"this is not gzip"), ("zstd", b"abc")])
async def test_it_says_so_when_an_answer_cannot_be_decompressed(web: FakeWeb, encoding: str, packed: bytes) -> None:
    web.page("/", packed, content_encoding=encoding)
    with pytest.raises(Unreadable):
        await read(web, "http://acme.example/")


async def test_it_never_asks_for_brotli(web: FakeWeb) -> None:
    web.page("/", "ok")
    await read(web, "http://acme.example/")
    assert web.asked[0].headers["accept-encoding"] == "gzip, deflate"


async def test_it_ignores_the_proxy_settings_of_the_machine(
    web: FakeWeb, inside: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    web.page("/", "ok")
    assert (await read(web, "http://acme.example/")).body == b"ok"
    assert inside.accepts == 0


async def test_a_host_that_hangs_up_is_told_from_one_that_does_not_exist(web: FakeWeb) -> None:
    async def hang_up(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async def nobody(host: str, port: int) -> Sequence[str]:
        return []

    web.pages["/"] = hang_up
    with pytest.raises(NotConnected):
        await read(web, "http://acme.example/")
    with pytest.raises(NotResolved):
        await read(web, "http://nobody.com/", resolver=nobody)


async def test_https_on_a_plain_port_is_not_tried_again(web: FakeWeb) -> None:
    with pytest.raises(NotConnected) as error:
        await read(web, "https://acme.example/")
    assert not error.value.is_passing


async def test_huge_headers_are_not_read_to_the_end(web: FakeWeb) -> None:
    async def chatty(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Long: " + b"x" * 60_000 + b"\r\n")
            await writer.drain()

    web.pages["/"] = chatty
    with pytest.raises(TooBig, match="headers"):
        await read(web, "http://acme.example/")


async def test_an_error_page_is_an_answer(web: FakeWeb) -> None:
    async def broken(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, b"sorry", 500, {})

    web.pages["/"] = broken
    assert (await read(web, "http://acme.example/")).status == 500
