"""A small web on loopback for tests: pages by host and path, and listeners that nobody may connect to."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Handler = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. `headers` have lower-case names."""

    method: str
    host: str
    path: str
    headers: dict[str, str]


@dataclass
class FakeWeb:
    """`async with FakeWeb() as web: web.page("/", "<h1>…")`. Answers 404 for what it does not know."""

    pages: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def routes(self) -> dict[str, tuple[str, int]]:
        """Every `.example` name leads here."""
        return {".example": ("127.0.0.1", self.port)}

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        """Answer `path` (or `host/path`) with `body`; names of headers are written with underscores."""
        raw = body.encode() if isinstance(body, str) else body
        given = {name.replace("_", "-").title(): value for name, value in headers.items()}

        async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
            await answer(writer, raw, status, {"Content-Type": "text/html; charset=utf-8"} | given)

        self.pages[path] = handler

    def redirect(self, path: str, to: str) -> None:
        self.page(path, "", 302, location=to)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not left to asyncio, which reports a task that was cancelled as an error.
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            first = await reader.readexactly(1)
            if first == b"\x16":
                return  # somebody tries TLS; a plain web server hangs up
            asked = _parsed(first + await reader.readuntil(b"\r\n\r\n"))
            self.asked.append(asked)
            handler = self.pages.get(asked.host + asked.path) or self.pages.get(asked.path)
            if handler is None:
                await answer(writer, b"not found", 404, {"Content-Type": "text/html"})
            else:
                await handler(asked, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()


@dataclass
class Listener:
    """Counts connections; a protected place where there must be none. Listens on IPv6 too, where there is such."""

    accepts: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._count, "127.0.0.1", 0)
        self._six: asyncio.Server | None = None
        with contextlib.suppress(OSError):
            self._six = await asyncio.start_server(self._count, "::1", self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        if self._six is not None:
            self._six.close()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepts += 1
        writer.close()


async def answer(writer: asyncio.StreamWriter, body: bytes, status: int, headers: dict[str, str]) -> None:
    """Write one whole answer and nothing after it."""
    lines = [f"HTTP/1.1 {status} X", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


def _parsed(head: bytes) -> Asked:
    request_line, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = request_line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, headers.get("host", "").partition(":")[0], path, headers)
