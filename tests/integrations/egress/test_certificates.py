"""The connection goes to an address, the certificate is checked for the name."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integrations.egress.errors import BadCertificate
from integrations.egress.fetch import fetch
from integrations.egress.policy import Policy
from integrations.egress.transport import guarded_client, ssl_context

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")


class SecureSite:
    """A TLS server whose certificate is for acme.example; remembers the names that it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self._key = folder / "cert.pem", folder / "key.pem"
        make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=acme.example"
        make += " -addext subjectAltName=DNS:acme.example"
        subprocess.run(
            [*make.split(), "-keyout", self._key, "-out", self.certificate], check=True, capture_output=True, timeout=30
        )
        self.names: list[str | None] = []

    async def start(self) -> asyncio.Server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self._key)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[SecureSite, Policy]]:
    site = SecureSite(tmp_path)
    server = await site.start()
    yield site, Policy(routes={".example": ("127.0.0.1", server.sockets[0].getsockname()[1])})
    server.close()


async def test_a_certificate_that_nobody_vouches_for_is_told_in_words(place: tuple[SecureSite, Policy]) -> None:
    site, policy = place
    async with guarded_client(policy) as client:
        with pytest.raises(BadCertificate, match="certificate"):
            await fetch(client, "https://acme.example/", policy=policy)
    assert site.names == ["acme.example"]


async def test_the_name_and_not_the_address_is_checked(
    place: tuple[SecureSite, Policy],
) -> None:
    site, policy = place
    trusting = ssl.create_default_context(cafile=str(site.certificate))
    async with guarded_client(policy, context=trusting) as client:
        assert (await fetch(client, "https://acme.example/", policy=policy)).body == b"ok"
    async with guarded_client(policy, context=trusting) as client:
        with pytest.raises(BadCertificate):
            await fetch(client, "https://other.example/", policy=policy)


def test_the_context_is_loaded_once() -> None:
    assert ssl_context() is ssl_context()
    assert ssl_context().check_hostname
