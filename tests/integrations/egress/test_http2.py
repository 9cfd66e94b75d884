"""HTTP/2 goes through the same door: the same addresses, the same bounds."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from integrations.egress.errors import EgressError, NotConnected, TooBig, Unreadable
from integrations.egress.fetch import fetch
from integrations.egress.policy import Policy
from integrations.egress.transport import guarded_client
from tests.integrations.egress.test_certificates import SecureSite

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")

Connection = h2.connection.H2Connection
Answer = Callable[[Connection, int], None]


class Http2Site(SecureSite):
    """Answers every request by `answer(connection, stream)`, over one connection for as long as it lasts."""

    answer: Answer
    connections = 0
    requests = 0

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.certificate.with_name("key.pem"))
        context.set_alpn_protocols(["h2"])
        return context

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        try:
            writer.write(connection.data_to_send())
            while data := await reader.read(65_536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.requests += 1
                        self.answer(connection, event.stream_id)
                writer.write(connection.data_to_send())
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def hello(connection: Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), ("content-type", "text/html")])
    connection.send_data(stream, b"hello", end_stream=True)


def many_headers(connection: Connection, stream: int, kilobytes: int = 100) -> None:
    headers = [(":status", "200"), *((f"x-{number}", "y" * 1_000) for number in range(kilobytes))]
    connection.send_headers(stream, headers, end_stream=True)


def headers_without_end(connection: Connection, stream: int) -> None:
    many_headers(connection, stream, kilobytes=2_000)


def goodbye(connection: Connection, stream: int) -> None:
    connection.close_connection()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[Http2Site, Policy, httpx.AsyncClient]]:
    site = Http2Site(tmp_path)
    server = await site.start()
    policy = Policy(routes={".example": ("127.0.0.1", server.sockets[0].getsockname()[1])})
    trusting = ssl.create_default_context(cafile=str(site.certificate))
    async with guarded_client(policy, context=trusting) as client:
        yield site, policy, client
    server.close()


async def test_pages_of_a_site_come_over_one_connection(site: tuple[Http2Site, Policy, httpx.AsyncClient]) -> None:
    server, policy, client = site
    server.answer = hello
    for _ in range(3):
        got = await fetch(client, "https://acme.example/", policy=policy)
        assert got.body == b"hello"
    assert (server.connections, server.requests) == (1, 3)


@pytest.mark.parametrize(
    "answer, error", [(many_headers, TooBig), (headers_without_end, Unreadable), (goodbye, NotConnected)]
)
async def test_what_is_no_page_ends_with_a_reason(
    site: tuple[Http2Site, Policy, httpx.AsyncClient], answer: Answer, error: type[EgressError]
) -> None:
    server, policy, client = site
    server.answer = answer
    with pytest.raises(error):
        await fetch(client, "https://acme.example/", policy=policy, deadline=10)
