"""A forward proxy on loopback with the rules of `Policy`: the only way out that a browser gets.

It speaks CONNECT (https, wss, ws) and plain HTTP with absolute addresses, one request a connection. Names are
resolved here, once, and the connection goes to the address that was judged.

Each page may get an address of the proxy of its own, so that its bytes, connections and seconds are bounded however
many connections it opens. A port tells pages apart for nothing; a user name and password would too, but to give
them Playwright halts every single request of the page and switches the HTTP cache off.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

from integrations.egress.allowance import Allowance, Bounds
from integrations.egress.errors import EgressError, Refused
from integrations.egress.lookup import Resolver, resolve
from integrations.egress.policy import Policy
from integrations.egress.proxy_heads import Malformed, ProxyRequest, parse_answer, parse_request
from integrations.egress.transport import places

_HEAD_SECONDS = 10.0
_CONNECT_SECONDS = 8.0
_IDLE_SECONDS = 60.0
# How long a site may go on after the browser's side of a tunnel has ended, or after it refused to read on.
_LINGER_SECONDS = 5.0
_MAX_HEAD = 65_536
_MAX_INTERIM = 8
_CHUNK = 65_536
# Over all pages: a browser that has gone wild must not use up the machine's file descriptors.
_MAX_OPEN = 512

_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PageProxy:
    """One page's own address of the proxy. `allowance.problem` says afterwards whether it wanted too much."""

    def __init__(self, url: str, allowance: Allowance) -> None:
        self.url = url
        self.allowance = allowance


class FilteringProxy:
    """`async with FilteringProxy(policy) as proxy: proxy.url`. Counts what it let through and what it refused.

    At `proxy.url` the bounds hold for each connection; `async with proxy.page(bounds) as page: page.url` is an
    address at which they hold for all connections together.
    """

    def __init__(self, policy: Policy, *, resolver: Resolver = resolve, bounds: Bounds | None = None) -> None:
        self._policy = policy.for_strangers()
        self._resolver = resolver
        self._bounds = bounds or Bounds()
        self._stack = AsyncExitStack()
        self._url = ""
        self._open_now = 0
        self.passed = 0
        self.refused = 0

    @property
    def url(self) -> str:
        """The proxy's address, once it listens."""
        if not self._url:
            raise RuntimeError("The proxy does not listen yet.")
        return self._url

    async def __aenter__(self) -> Self:
        listening = self._listening(lambda: Allowance(self._bounds))
        self._url = await self._stack.enter_async_context(listening)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._url = ""
        await self._stack.aclose()

    @asynccontextmanager
    async def page(self, bounds: Bounds | None = None) -> AsyncIterator[PageProxy]:
        """Listen at one more address for as long as one page is open; its connections are closed with it."""
        allowance = Allowance(bounds or self._bounds)
        async with self._listening(lambda: allowance) as url:
            yield PageProxy(url, allowance)

    @asynccontextmanager
    async def _listening(self, allowance_of: Callable[[], Allowance]) -> AsyncIterator[str]:
        """Serve at a free port of 127.0.0.1, where no other machine can ask."""
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._accept((reader, writer), allowance_of()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            # Here and not in the task, which may be cancelled before it has begun.
            task.add_done_callback(lambda _: writer.close())

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=_MAX_HEAD)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, client: _Stream, allowance: Allowance) -> None:
        if self._open_now >= _MAX_OPEN or not allowance.admit():
            return
        self._open_now += 1
        try:
            async with asyncio.timeout_at(allowance.ends_at):
                await self._serve(client, allowance)
        except (TimeoutError, asyncio.CancelledError) as error:
            # Closing would wait for a browser that does not read.
            client[1].transport.abort()
            if isinstance(error, asyncio.CancelledError):
                raise
        except (OSError, asyncio.IncompleteReadError):
            pass  # the browser or the site went away: closing says it
        finally:
            self._open_now -= 1
            allowance.leave()

    async def _serve(self, client: _Stream, allowance: Allowance) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                request = parse_request(await client[0].readuntil(b"\r\n\r\n"))
            upstream = await self._open(request.url, allowance)
        except (EgressError, Malformed, asyncio.LimitOverrunError, OSError, TimeoutError) as error:
            self.refused += isinstance(error, Refused)
            client[1].write(_refusal(_status(error)))
            await client[1].drain()
            return
        self.passed += 1
        await _Relay(client, upstream, allowance).run(request)

    async def _open(self, url: str, allowance: Allowance) -> _Stream:
        """Return a connection to where `url` leads. Raises `EgressError`, `OSError` or `TimeoutError`."""
        target = self._policy.check_url(url)
        async with asyncio.timeout(_CONNECT_SECONDS):
            async with allowance.lookups:
                tried = await places(self._policy, target.host, target.port, self._resolver)
            for address, port in tried[:-1]:
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_CONNECT_SECONDS / len(tried)):
                        return await asyncio.open_connection(address, port)
            return await asyncio.open_connection(*tried[-1])


class _Relay:
    """Passes bytes between a browser and a site until one has ended, both are silent or nothing is left."""

    def __init__(self, client: _Stream, upstream: _Stream, allowance: Allowance) -> None:
        self._client = client
        self._upstream = upstream
        self._allowance = allowance
        self._idle = asyncio.timeout(_IDLE_SECONDS)

    async def run(self, request: ProxyRequest) -> None:
        """Pass on what `request` asked for. Raises `OSError`, `TimeoutError` or `asyncio.IncompleteReadError`."""
        try:
            async with self._idle:
                await self._both(request)
        finally:
            self._upstream[1].close()

    async def _both(self, request: ProxyRequest) -> None:
        up = asyncio.create_task(self._requests(request))
        down = asyncio.create_task(self._answers(request))
        try:
            # The site's end is the end: a browser that has sent its request may fall silent long before.
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            has_left = up.done() and not request.is_tunnel and up.exception() is None
            if not (down.done() or has_left or self._allowance.problem):
                await asyncio.wait({down}, timeout=_LINGER_SECONDS)
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _requests(self, request: ProxyRequest) -> None:
        source, sink = self._client[0], self._upstream[1]
        if request.is_tunnel:
            await self._pump(source, sink)
            return
        sink.write(request.head)
        await self._pump(source, sink, request.body_length)
        # What follows would be a second request, for another site perhaps. It is not passed on (the answer to the
        # first says that the connection ends); only its end is waited for: a browser that closes has left.
        while not self._allowance.problem and await source.read(_CHUNK):
            continue

    async def _answers(self, request: ProxyRequest) -> None:
        source, sink = self._upstream[0], self._client[1]
        head = b"HTTP/1.1 200 Connection established\r\n\r\n" if request.is_tunnel else await self._answer_head(source)
        if head is None:
            sink.write(_refusal(b"502 Bad Gateway"))
            return
        sink.write(head)
        await self._pump(source, sink)

    async def _answer_head(self, source: asyncio.StreamReader) -> bytes | None:
        """Return the head of the final answer, for nobody waits for an interim one; `None` where there is none."""
        try:
            for _ in range(_MAX_INTERIM):
                raw = await source.readuntil(b"\r\n\r\n")
                status, head = parse_answer(raw)
                if self._allowance.take(len(raw)) < len(raw):
                    return None
                if status >= 200:
                    return head
        except (Malformed, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, length: int | None = None) -> None:
        """Pass `length` bytes on, or all there are, as far as the allowance goes."""
        while length is None or length > 0:
            data = await source.read(_CHUNK if length is None else min(_CHUNK, length))
            if not data:
                if sink.can_write_eof():
                    sink.write_eof()
                return
            granted = self._allowance.take(len(data))
            self._idle.reschedule(asyncio.get_running_loop().time() + _IDLE_SECONDS)
            sink.write(data[:granted])
            await sink.drain()
            if granted < len(data):
                return
            length = None if length is None else length - len(data)


def _status(error: Exception) -> bytes:
    match error:
        case Refused():
            return b"403 Forbidden"
        case asyncio.LimitOverrunError():
            return b"431 Request Header Fields Too Large"
        case Malformed():
            return b"400 Bad Request"
        case _:
            return b"502 Bad Gateway"


def _refusal(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
