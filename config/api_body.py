"""The body of a request to the API: one JSON object in UTF-8, read strictly.

What others let pass is refused here, since two readers that understand a body differently are a way around a check:
a byte order mark, a name that is there twice, NaN and Infinity (https://www.rfc-editor.org/rfc/rfc8259#section-4).
"""

import json
from email.message import Message
from math import isfinite
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

MEDIA_TYPE = "application/json"


class UnreadableBody(Exception):
    """A body that cannot be read; `status` is the HTTP status, the message says what to send."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class StrictParser(Parser):
    """Gives operations the body that was read before they run."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read(request)


def check(request: HttpRequest, *, is_needed: bool) -> None:
    """Read the body. Raises UnreadableBody (400, 415 or 422), also for `null` where there is to be an object."""
    if read(request) is None and request.body and is_needed:
        raise UnreadableBody(422, _("The body is to be a JSON object: {…}."))


def read(request: HttpRequest) -> Any:
    """Return the body as JSON says it, None for none. Raises UnreadableBody (400, 415 or 422)."""
    if not hasattr(request, "json_body"):
        request.json_body = _read(request)  # type: ignore[attr-defined]
    return request.json_body  # type: ignore[attr-defined]


def _read(request: HttpRequest) -> Any:
    if not request.body:
        return None
    sent = Message()
    sent["Content-Type"] = request.headers.get("Content-Type", "")
    if sent.get_content_type() != MEDIA_TYPE or (sent.get_content_charset() or "utf-8") != "utf-8":
        raise UnreadableBody(415, _("Send the body as application/json, in UTF-8."))
    try:
        body = json.loads(request.body.decode(), **_STRICTLY)
    except (ValueError, RecursionError) as error:
        raise UnreadableBody(400, _("The body is not valid JSON.")) from error
    if body is not None and not isinstance(body, dict):
        raise UnreadableBody(422, _("The body is to be a JSON object: {…}."))
    return body


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _number(text: str) -> int | float:
    """Return 5 for 5.0, as JSON Schema has it. Raises ValueError for what no float holds."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text} is too big")
    return int(value) if value.is_integer() else value


_STRICTLY: dict[str, Any] = {
    "object_pairs_hook": _without_twins, "parse_constant": _no_number, "parse_float": _number,
}  # fmt: skip
