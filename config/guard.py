"""What stands before Django in every process that serves: no body without a bound, and headers on streams.

Django reads a body to its end, onto the disk, before any of its own limits is asked.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from config.headers import STREAM_HEADERS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    """More was sent than a request may have."""


def limited(application: Application) -> Application:
    """Answer 413 to a body of more than MAX_REQUEST_BYTES, announced or not, and read no more of it than that."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        if _announced(scope) > settings.MAX_REQUEST_BYTES:
            return await _refuse(send)
        has_begun = False
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > settings.MAX_REQUEST_BYTES:
                raise TooLarge
            return message

        async def begun(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await application(scope, counted, begun)
        except TooLarge:
            if has_begun:
                raise
            await _refuse(send)

    return answered


def with_headers(send: Send) -> Send:
    """Return a `send` that puts the headers of streams on an answer as it begins."""
    ours = [(name.lower().encode(), value.encode()) for name, value in STREAM_HEADERS.items()]

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *ours]}
        await send(message)

    return sent


def _announced(scope: Scope) -> int:
    """Return the length that a request says it has; 0 where it says none, or nonsense, which the server refuses."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(said) if said.isdigit() else 0


async def _refuse(send: Send) -> None:
    send = with_headers(send)
    # The rest of the body is not read, so the connection cannot be used again.
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"The request is too big.\n"})
