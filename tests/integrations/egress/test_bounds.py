"""Nothing that a server sends costs more memory or time than it may: shown in a process that has no more."""

import asyncio
import gzip
import itertools
import json
import sys
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.harness.fake_web import Asked, FakeWeb, Handler

ROOT = Path(__file__).parents[3]
MEGABYTE = bytes(1_000_000)
ENDINGS = {
    "gzip": "TooBig",
    "deflate": "TooBig",
    "members": "TooBig",
    "empties": "Unreadable",
    "length": "TooBig",
    "chunked": "TooBig",
    "headers": "TooBig",
    "header-line": "TooBig",
    "cookies": "TooBig",
    "one-line": "TooBig",
    "drip-head": "TimedOut",
    "drip-body": "TimedOut",
    "drip-chunks": "TimedOut",
    "interim": "TimedOut",
    "silent": "TimedOut",
    "late-head-and-drip": "TimedOut",
    "loop": "RedirectLoop",
    "tls": "TimedOut",
}


def bomb(wbits: int, megabytes: int = 700) -> bytes:
    packer = zlib.compressobj(1, wbits=wbits)
    return b"".join(packer.compress(MEGABYTE) for _ in range(megabytes)) + packer.flush()


def sending(head: bytes, pieces: Iterator[bytes], seconds_between: float = 0.0) -> Handler:
    """Send `head` and then `pieces` until there are no more or nobody listens."""

    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(seconds_between)

    return handler


async def late_head_and_drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.6)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    await sending(b"", itertools.repeat(b"x"), 0.1)(asked, writer)


async def silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def hostile_pages() -> dict[str, Handler]:
    forever = itertools.repeat
    return {
        "/length": sending(OK + b"Content-Length: 10000000000\r\n\r\n", forever(MEGABYTE)),
        "/chunked": sending(CHUNKED, forever(b"10000\r\n" + bytes(65_536) + b"\r\n")),
        "/headers": sending(OK, (b"X-%d: %d\r\n" % (number, number) for number in range(100_000))),
        "/header-line": sending(OK + b"X: ", iter([MEGABYTE.replace(b"\0", b"x"), b"\r\n\r\n"])),
        "/cookies": sending(OK, (b"Set-Cookie: c%d=%s\r\n" % (number, b"x" * 50) for number in range(10_000))),
        "/one-line": sending(b"HTTP/1.1 200 ", forever(b"x" * 1_000)),
        "/drip-head": sending(OK, forever(b"X: y\r\n"), 0.05),
        "/drip-body": sending(OK + b"Content-Length: 100000\r\n\r\n", forever(b"x"), 0.05),
        "/drip-chunks": sending(CHUNKED, forever(b"1\r\nx\r\n"), 0.05),
        "/interim": sending(b"", forever(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), 0.05),
        "/silent": silent,
        "/late-head-and-drip": late_head_and_drip,
    }


@pytest.fixture
async def hostile(web: FakeWeb) -> AsyncIterator[FakeWeb]:
    web.pages |= hostile_pages()
    web.page("/gzip", bomb(zlib.MAX_WBITS | 16), content_encoding="gzip")
    web.page("/deflate", bomb(zlib.MAX_WBITS), content_encoding="deflate")
    web.page("/members", gzip.compress(4 * MEGABYTE) * 200, content_encoding="gzip")
    web.page("/empties", gzip.compress(b"") * 200_000, content_encoding="gzip")
    web.redirect("/loop", "/loop")
    yield web


@pytest.mark.skipif(sys.platform != "linux", reason="reads its memory from /proc")
async def test_no_server_makes_a_reader_use_more_memory_or_time_than_it_may(hostile: FakeWeb) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    mute = await asyncio.start_server(hold, "127.0.0.1", 0)
    ports = [str(hostile.port), str(mute.sockets[0].getsockname()[1])]
    module = "tests.integrations.egress.bounded_reader"
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *ports, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await reader.communicate()
    mute.close()
    assert reader.returncode == 0
    endings = json.loads(printed)
    grown = endings.pop("grown")
    assert endings == ENDINGS
    # A page of 5 MB is held as it grows and once more as it is handed on; the rest is buffers and the interpreter.
    assert grown < 40_000_000
