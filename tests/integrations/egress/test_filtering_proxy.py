import asyncio

import pytest

from integrations.egress.allowance import Bounds
from integrations.egress.policy import Policy
from integrations.egress.proxy import FilteringProxy
from tests.harness.fake_web import Asked, FakeWeb, Listener
from tests.integrations.egress.test_policy import LITERALS


async def say(proxy: FilteringProxy, text: str) -> bytes:
    """Send raw bytes to the proxy and return all that comes back."""
    port = int(proxy.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    await writer.drain()
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""  # it closed without reading all that was sent
    finally:
        writer.close()


@pytest.mark.parametrize("host", LITERALS)
async def test_it_opens_no_connection_inwards(inside: Listener, host: str) -> None:
    async with FilteringProxy(Policy(ports=frozenset({inside.port}))) as proxy:
        for request in (
            f"CONNECT {host}:{inside.port} HTTP/1.1\r\n\r\n",
            f"GET http://{host}:{inside.port}/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        ):
            answer = await say(proxy, request)
            assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 502"))
    assert inside.accepts == 0


async def test_a_name_that_leads_inwards_is_refused(inside: Listener) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    async with FilteringProxy(Policy(ports=frozenset({inside.port})), resolver=resolver) as proxy:
        assert b" 403 " in await say(proxy, f"CONNECT innocent.com:{inside.port} HTTP/1.1\r\n\r\n")
        assert proxy.refused == 1
    assert inside.accepts == 0


async def test_it_is_no_door_to_the_services_that_the_operator_trusts(inside: Listener) -> None:
    policy = Policy(trusted=frozenset({f"http://127.0.0.1:{inside.port}"}))
    async with FilteringProxy(policy) as proxy:
        assert b" 403 " in await say(proxy, f"GET http://127.0.0.1:{inside.port}/ HTTP/1.1\r\n\r\n")
    assert inside.accepts == 0


async def test_it_passes_a_plain_request_on_in_origin_form(web: FakeWeb) -> None:
    web.page("/a?b=1", "hello")
    request = "GET http://acme.example/a?b=1 HTTP/1.1\r\nHost: acme.example\r\nProxy-Connection: keep-alive\r\n\r\n"
    async with FilteringProxy(Policy(routes=web.routes)) as proxy:
        assert (await say(proxy, request)).endswith(b"hello")
    assert web.asked[0].path == "/a?b=1"
    assert "proxy-connection" not in web.asked[0].headers
    assert web.asked[0].headers["connection"] == "close"


async def test_an_answer_ends_its_connection_so_that_no_other_sites_request_follows(web: FakeWeb) -> None:
    async def lingering(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\nContent-Length: 2\r\n\r\nok"
        )
        await writer.drain()

    web.pages["/"] = lingering
    async with FilteringProxy(Policy(routes=web.routes)) as proxy:
        answer = (await say(proxy, "GET http://acme.example/ HTTP/1.1\r\nHost: acme.example\r\n\r\n")).lower()
    assert b"connection: close" in answer
    assert b"keep-alive" not in answer


async def test_it_tunnels(web: FakeWeb) -> None:
    web.page("/", "hello")
    request = "CONNECT acme.example:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: acme.example\r\n\r\n"
    async with FilteringProxy(Policy(routes=web.routes)) as proxy:
        answer = await say(proxy, request)
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\n")
    assert answer.endswith(b"hello")


async def test_it_stops_a_download_that_is_too_large(web: FakeWeb) -> None:
    web.page("/", b"x" * 200_000)
    request = "GET http://acme.example/ HTTP/1.1\r\nHost: acme.example\r\n\r\n"
    async with FilteringProxy(Policy(routes=web.routes), bounds=Bounds(max_bytes=50_000)) as proxy:
        assert len(await say(proxy, request)) <= 50_000


@pytest.mark.parametrize(
    "rubbish", ["\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT \xff:1 HTTP/1.1\r\n\r\n", "x" * 70_000]
)
async def test_rubbish_is_answered_by_closing(rubbish: str) -> None:
    async with FilteringProxy(Policy()) as proxy:
        answer = await say(proxy, rubbish)
        assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
