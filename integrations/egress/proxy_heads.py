"""The heads of what passes a forward proxy, read strictly: what two readers could understand in two ways is malformed.

https://www.rfc-editor.org/rfc/rfc9112
"""

import re
from dataclasses import dataclass

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_AUTHORITY = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[^][:/?#@%]+):[0-9]{1,5}")
_LENGTH = re.compile(rb"[0-9]{1,12}")
# Meant for the proxy and not for the site. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"te", b"trailer", b"upgrade"}
)

_Headers = list[tuple[bytes, bytes]]


class Malformed(ValueError):
    """Not a head that everybody reads alike."""


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """What a browser asks of the proxy: a tunnel to `url`, or `head` to be sent there with `body_length` bytes more."""

    url: str
    is_tunnel: bool
    head: bytes = b""
    body_length: int = 0


def parse_request(raw: bytes) -> ProxyRequest:
    """Return what the head `raw`, up to and with its empty line, asks for. Raises `Malformed`."""
    first, headers = _parsed(raw, is_strict=True)
    matched = _REQUEST_LINE.fullmatch(first)
    if matched is None:
        raise Malformed("not a request line")
    method, target = matched.groups()
    length = _body_length(headers)
    if method != b"CONNECT":
        return _plain(method, target, headers, length)
    if length or _AUTHORITY.fullmatch(target) is None:
        raise Malformed("not a host and a port")
    return ProxyRequest(f"https://{target.decode('ascii')}/", is_tunnel=True)


def parse_answer(raw: bytes) -> tuple[int, bytes]:
    """Return a site's status and its head as the browser gets it: as the last answer of its connection.

    Otherwise the browser would send its next request, for another site perhaps, down the same connection.
    Lines that are no headers are left out, as browsers do. Raises `Malformed`.
    """
    first, headers = _parsed(raw, is_strict=False)
    matched = _STATUS_LINE.fullmatch(first)
    if matched is None:
        raise Malformed("not a status line")
    return int(matched[1]), _written(first, [*_end_to_end(headers), (b"Connection", b"close")])


def _plain(method: bytes, target: bytes, headers: _Headers, length: int) -> ProxyRequest:
    """Return a request with an absolute address as its site wants it: a path, one request a connection."""
    if target[:7].lower() != b"http://" or b"#" in target:
        raise Malformed("not an absolute address")
    authority, path = _split(target[7:])
    kept = [header for header in _end_to_end(headers) if header[0].lower() != b"host"]
    kept = [(b"Host", authority), *kept, (b"Connection", b"close")]
    head = _written(b" ".join([method, path, b"HTTP/1.1"]), kept)
    return ProxyRequest(target.decode("ascii"), is_tunnel=False, head=head, body_length=length)


def _split(rest: bytes) -> tuple[bytes, bytes]:
    """Return the authority and the path with its query, which begins with a slash."""
    end = next((place for place, byte in enumerate(rest) if byte in b"/?"), len(rest))
    path = rest[end:]
    return rest[:end], path if path.startswith(b"/") else b"/" + path


def _parsed(raw: bytes, *, is_strict: bool) -> tuple[bytes, _Headers]:
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    headers = [(matched[1], matched[2]) for line in lines if (matched := _HEADER.fullmatch(line))]
    if is_strict and len(headers) < len(lines):
        raise Malformed("not a header")
    return first, headers


def _body_length(headers: _Headers) -> int:
    """Return how many bytes follow the head. Browsers send no chunked body to an HTTP/1.1 site."""
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        raise Malformed("a body of unknown length")
    lengths = [value.strip() for name, value in headers if name.lower() == b"content-length"]
    if not lengths:
        return 0
    if len(lengths) > 1 or _LENGTH.fullmatch(lengths[0]) is None:
        raise Malformed("not one length")
    return int(lengths[0])


def _end_to_end(headers: _Headers) -> _Headers:
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    # What frames the body is not the browser's to take away.
    dropped = (named - {b"content-length", b"transfer-encoding", b"content-encoding"}) | _HOP_BY_HOP
    return [header for header in headers if header[0].lower() not in dropped]


def _written(first: bytes, headers: _Headers) -> bytes:
    return b"\r\n".join([first, *(b": ".join(header) for header in headers), b"", b""])
