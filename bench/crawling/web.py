"""A web of many sites on one port: slow, compressed, now and then broken for a moment, as the real one is.

`python -m bench.crawling.web SITES` prints two ports: the web, and the same pages without latency or failures, for what
a browser can do at most. Each line on its input makes the failures come anew, so that all crawlers meet the same web,
and is answered by `ready`; it ends with its input. Sites are told by the Host header: `siteN.example`, or `address_of`.
"""

import asyncio
import gzip
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.crawling.pages import PATHS, page

# Of twenty sites these, so that it is 15 % of any hundred.
_SHELLS = frozenset({6, 12, 19})
BROKEN_FIRST = 0.03
FASTEST_SECONDS, SLOWEST_SECONDS = 0.15, 0.4


@dataclass(frozen=True, slots=True)
class Body:
    """One page, ready to be sent."""

    kind: str
    plain: bytes
    packed: bytes


@dataclass(frozen=True, slots=True)
class Web:
    """All pages by site and path, and which of them have had their failure."""

    bodies: Mapping[tuple[int, str], Body]
    broken: set[tuple[int, str]] = field(default_factory=set)


def share(words: str) -> float:
    """Return a number from 0 to 1 that follows from `words`."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") / 2**32


def is_shell(site: int) -> bool:
    """Return whether a site shows nothing without JavaScript."""
    return site % 20 in _SHELLS


def is_broken_first(site: int, path: str) -> bool:
    """Return whether a page answers 503 when it is asked for the first time; what its script fetches never does."""
    return path in PATHS and share(f"broken {site}{path}") < BROKEN_FIRST


def latency(site: int, path: str) -> float:
    """Return the seconds after which a page is answered."""
    return FASTEST_SECONDS + share(f"slow {site}{path}") * (SLOWEST_SECONDS - FASTEST_SECONDS)


def address_of(site: int) -> str:
    """Return the loopback address of a site, for crawlers that cannot be told where a name leads."""
    return f"127.1.{site // 250}.{site % 250 + 1}"


def site_of(host: str) -> int:
    """Return the number of the site that a Host header names, -1 where it names none."""
    name = host.partition(":")[0]
    if name.startswith("site") and name[4:].partition(".")[0].isdigit():
        return int(name[4:].partition(".")[0])
    parts = name.split(".")
    return int(parts[2]) * 250 + int(parts[3]) - 1 if len(parts) == 4 and parts[:2] == ["127", "1"] else -1


class Site(asyncio.Protocol):
    """One connection: GET requests with keep-alive, one after the other, answered after the page's latency."""

    def __init__(self, web: Web, *, is_flawless: bool) -> None:
        self._web = web
        self._is_flawless = is_flawless
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._answer_later(head.decode("latin-1"))

    def _answer_later(self, head: str) -> None:
        request, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        site, path = site_of(headers.get("host", "")), request.split(" ")[1].partition("?")[0]
        answer = self._answer(site, path, takes_gzip="gzip" in headers.get("accept-encoding", ""))
        if self._is_flawless:
            self._write(answer)
        else:
            asyncio.get_running_loop().call_later(latency(site, path), self._write, answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    def _answer(self, site: int, path: str, *, takes_gzip: bool) -> bytes:
        key = (site, path.rstrip("/") or "/")
        body = self._web.bodies.get(key)
        if body is None:
            return _message("404 Not Found", "text/plain", b"not here")
        if not self._is_flawless and key not in self._web.broken and is_broken_first(*key):
            self._web.broken.add(key)
            return _message("503 Service Unavailable", "text/plain", b"one moment")
        if takes_gzip:
            return _message("200 OK", f"{body.kind}; charset=utf-8\r\nContent-Encoding: gzip", body.packed)
        return _message("200 OK", f"{body.kind}; charset=utf-8", body.plain)


def _message(status: str, kind: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def web_of(sites: int) -> Web:
    """Return so many sites, all pages made and compressed beforehand: serving them is to cost next to nothing."""
    bodies: dict[tuple[int, str], Body] = {}
    for site in range(sites):
        for path in PATHS:
            known = page(site, path, is_shell=is_shell(site))
            bodies[site, path] = _body("text/html", known.html)
            if known.fetched:
                bodies[site, known.fetched_from] = _body("application/json", known.fetched)
    return Web(bodies)


def _body(kind: str, text: str) -> Body:
    plain = text.encode()
    return Body(kind, plain, gzip.compress(plain, 6, mtime=0))


async def serve(web: Web) -> None:
    """Serve `web` until standard input ends."""
    loop = asyncio.get_running_loop()
    ports = []
    for is_flawless in (False, True):
        # All of 127.0.0.0/8 is this machine; a wildcard is the one way to listen on all of it.
        server = await loop.create_server(
            lambda is_flawless=is_flawless: Site(web, is_flawless=is_flawless),  # type: ignore[misc]
            "0.0.0.0",  # noqa: S104
            0,
            backlog=1_024,
        )
        ports.append(server.sockets[0].getsockname()[1])
    print(*ports, flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        web.broken.clear()
        print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(web_of(int(sys.argv[1]))))
