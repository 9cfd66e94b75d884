"""One page gets so many bytes, connections and seconds of the proxy, however it spreads them."""

import asyncio
import contextlib
import ipaddress
import itertools
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from integrations.egress.allowance import Bounds
from integrations.egress.browser import find_executable
from integrations.egress.policy import Policy
from integrations.egress.proxy import FilteringProxy
from tests.harness.fake_web import Asked, FakeWeb

GET = "GET http://acme.example{path} HTTP/1.1\r\nHost: acme.example\r\n\r\n"


@pytest.fixture
async def proxy(web: FakeWeb) -> AsyncIterator[FilteringProxy]:
    async with FilteringProxy(Policy(routes=web.routes)) as proxy:
        yield proxy


async def dial(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def say(url: str, text: str | bytes) -> bytes:
    """Send raw bytes and return all that comes back, '' for a connection that was cut off."""
    reader, writer = await dial(url)
    writer.write(text.encode() if isinstance(text, str) else text)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


class Holding:
    """Answers nothing; `has_begun` tells that somebody waits for it."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.has_begun.set()
        await asyncio.Event().wait()


async def test_bytes_are_counted_over_all_connections_of_a_page(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.page("/", b"x" * 40_000)
    async with proxy.page(Bounds(max_bytes=100_000)) as page:
        got = [len(await say(page.url, GET.format(path="/"))) for _ in range(5)]
        assert got[0] > 40_000
        assert sum(got) < 101_000
        assert page.allowance.problem == "The page loads more than 0.1 MB."
    assert len(await say(proxy.url, GET.format(path="/"))) > 40_000


async def test_bytes_of_connections_at_the_same_time_are_counted_together(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.page("/", b"x" * 40_000)
    async with proxy.page(Bounds(max_bytes=100_000)) as page:
        got = await asyncio.gather(*(say(page.url, GET.format(path="/")) for _ in range(20)))
        assert page.allowance.bytes_used == 100_000
    assert sum(map(len, got)) < 105_000  # the refusals' own heads are not the site's


async def test_what_a_page_sends_is_counted_too(web: FakeWeb, proxy: FilteringProxy) -> None:
    body = b"y" * 300_000
    head = b"POST http://acme.example/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    web.pages["/"] = Holding()
    async with proxy.page(Bounds(max_bytes=50_000)) as page:
        assert await say(page.url, head + body) == b""
        assert page.allowance.bytes_used == 50_000
        assert page.allowance.problem


async def test_connections_are_counted(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.page("/", "ok")
    async with proxy.page(Bounds(max_connections=3)) as page:
        answers = [await say(page.url, GET.format(path="/")) for _ in range(5)]
        assert [answer[9:12] for answer in answers] == [b"200", b"200", b"200", b"", b""]
        assert page.allowance.problem == "The page opens more than 3 connections."
    assert len(web.asked) == 3


async def test_refused_connections_count_as_well(proxy: FilteringProxy) -> None:
    async with proxy.page(Bounds(max_connections=2)) as page:
        answers = [await say(page.url, "CONNECT 127.0.0.1:80 HTTP/1.1\r\n\r\n") for _ in range(3)]
    assert [answer[9:12] for answer in answers] == [b"403", b"403", b""]


async def test_connections_at_a_time_are_bounded_and_come_free_again(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.page("/", "ok")
    web.pages["/hold"] = holding = Holding()
    async with proxy.page(Bounds(max_open=1)) as page:
        held = asyncio.create_task(say(page.url, GET.format(path="/hold")))
        await holding.has_begun.wait()
        assert await say(page.url, GET.format(path="/")) == b""
        assert not page.allowance.problem
        held.cancel()
        while not (answer := await say(page.url, GET.format(path="/"))):
            continue
        assert answer.endswith(b"ok")


async def test_a_pages_time_is_up_for_all_its_connections(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.pages["/hold"] = Holding()
    async with proxy.page(Bounds(seconds=0.2)) as page:
        assert await asyncio.gather(*(say(page.url, GET.format(path="/hold")) for _ in range(3))) == [b"", b"", b""]
        assert await say(page.url, "") == b""
    assert len(web.asked) == 3


async def test_closing_a_page_closes_its_connections_and_its_address(web: FakeWeb, proxy: FilteringProxy) -> None:
    web.pages["/hold"] = holding = Holding()
    async with proxy.page() as page:
        reader, writer = await dial(page.url)
        writer.write(GET.format(path="/hold").encode())
        await holding.has_begun.wait()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    with pytest.raises(ConnectionError):
        await dial(page.url)


async def test_pages_have_addresses_of_their_own_on_this_machine_only(proxy: FilteringProxy) -> None:
    async with proxy.page() as one, proxy.page() as two:
        urls = {proxy.url, one.url, two.url}
    assert len(urls) == 3
    hosts = {url.removeprefix("http://").rpartition(":")[0] for url in urls}
    assert all(ipaddress.ip_address(host).is_loopback for host in hosts)


async def test_one_page_cannot_reach_the_address_of_another(proxy: FilteringProxy) -> None:
    async with proxy.page() as one, proxy.page() as two:
        port = two.url.rpartition(":")[2]
        assert b" 403 " in await say(one.url, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n")
        assert two.allowance.connections == 0


async def test_a_tunnel_passes_bytes_as_they_are(web: FakeWeb) -> None:
    # What an HTTP/2 connection begins with, and bytes that are no text at all.
    sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" + bytes(range(256))

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    policy = Policy(routes={"acme.example": ("127.0.0.1", server.sockets[0].getsockname()[1])})
    async with FilteringProxy(policy) as proxy:
        reader, writer = await dial(proxy.url)
        writer.write(b"CONNECT acme.example:443 HTTP/1.1\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    server.close()


@pytest.mark.parametrize("port", [22, 25, 6379, 3000, 0, 65_535])
async def test_a_tunnel_leads_to_the_ports_of_websites_only(proxy: FilteringProxy, port: int) -> None:
    assert (await say(proxy.url, f"CONNECT acme.example:{port} HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 403")


async def test_a_second_request_on_a_connection_goes_nowhere(web: FakeWeb, proxy: FilteringProxy) -> None:
    received: list[bytes] = []

    async def listening(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
        received.append(asked.path.encode())

    web.pages["/"] = listening
    second = "GET http://127.0.0.1/admin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    post = "POST http://acme.example/ HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
    for first in (GET.format(path="/"), post):
        answer = await say(proxy.url, first + second)
        assert answer.count(b"HTTP/1.1") == 1
        assert b"Connection: close" in answer
    assert [asked.path for asked in web.asked] == ["/", "/"]


async def test_a_body_is_passed_on_to_its_last_byte_and_no_further() -> None:
    received = bytearray()
    done = asyncio.Event()

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.readuntil(b"\r\n\r\n"))
        received.extend(await reader.readexactly(5))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        received.extend(await reader.read())
        writer.close()
        done.set()

    server = await asyncio.start_server(sink, "127.0.0.1", 0)
    policy = Policy(routes={"acme.example": ("127.0.0.1", server.sockets[0].getsockname()[1])})
    async with FilteringProxy(policy) as proxy:
        reader, writer = await dial(proxy.url)
        writer.write(
            b"POST http://acme.example/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /smuggled HTTP/1.1\r\n\r\n"
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
        writer.close()
    await done.wait()
    assert received.endswith(b"\r\n\r\nhello")
    server.close()


async def test_a_head_without_end_is_refused(proxy: FilteringProxy) -> None:
    reader, writer = await dial(proxy.url)
    writer.write(b"GET http://acme.example/ HTTP/1.1\r\nX: " + b"x" * 200_000)
    with contextlib.suppress(ConnectionError):  # it may close before all that was sent has arrived
        assert (await reader.readline()).startswith(b"HTTP/1.1 431")
    writer.close()


async def test_interim_answers_are_kept_back_and_rubbish_is_told(web: FakeWeb, proxy: FilteringProxy) -> None:
    async def hints(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def endless_hints(asked: Asked, writer: asyncio.StreamWriter) -> None:
        for _ in itertools.repeat(None):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()

    async def rubbish(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n<script>")

    web.pages |= {"/": hints, "/endless": endless_hints, "/rubbish": rubbish}
    answer = await say(proxy.url, GET.format(path="/"))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"ok")
    for path in ("/endless", "/rubbish"):
        answer = await say(proxy.url, GET.format(path=path))
        assert answer.startswith(b"HTTP/1.1 502") and b"script" not in answer


@pytest.mark.browser
@pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine")
async def test_a_page_in_a_browser_is_stopped_and_its_neighbour_is_not(web: FakeWeb, proxy: FilteringProxy) -> None:
    greedy = "for (let i = 0; i < 200; i++) fetch('http://h' + i + '.example/big').catch(() => 0)"
    web.page("greedy.example/", f"<title>greedy</title><script>{greedy}</script>")
    web.page("modest.example/", "<title>modest</title>")
    web.page("/big", b"x" * 100_000, access_control_allow_origin="*")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_executable(), chromium_sandbox=False)
        async with proxy.page(Bounds(max_bytes=1_000_000)) as one, proxy.page(Bounds(max_bytes=1_000_000)) as two:
            contexts = [
                await browser.new_context(proxy={"server": page.url, "bypass": "<-loopback>"}) for page in (one, two)
            ]
            first, second = [await context.new_page() for context in contexts]
            async with first.expect_event("requestfailed"):
                await first.goto("http://greedy.example/")
            assert one.allowance.problem
            assert one.allowance.bytes_used == 1_000_000
            with pytest.raises(PlaywrightError):
                await first.goto("http://modest.example/")
            await second.goto("http://modest.example/")
            assert await second.title() == "modest"
            assert 0 < two.allowance.bytes_used < 10_000
        await browser.close()
