"""HTTP answers as plain values, and how one is sent over ASGI: gzip and ETag where the host has them."""

import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and its type; `headers` holds what else there is."""

    status: int
    body: bytes = b""
    content_type: str = _HTML
    headers: Mapping[str, str] = field(default_factory=dict)


def page(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode())


def plain(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), "text/plain; charset=utf-8")


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")


def redirect(url: str, status: int = 301) -> Answer:
    return Answer(status, b"", headers={"location": url})


async def send_answer(
    send: Send, answer: Answer, asked: Mapping[str, str], *, method: str, zips: bool = False, tags: bool = False
) -> None:
    """Send `answer`, zipped and tagged if the host does so and `asked`, the request's headers, allow it."""
    headers = {"content-type": answer.content_type, **answer.headers}
    status, body = answer.status, answer.body
    if tags and status == 200:
        headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.get("if-none-match") == headers["etag"]:
            status, body = 304, b""
    if zips and body and "gzip" in asked.get("accept-encoding", ""):
        body = gzip.compress(body, mtime=0)
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
    if status != 304:
        headers["content-length"] = str(len(body))
    lines = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
