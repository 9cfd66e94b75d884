"""The body of an answer, decompressed piece by piece, never larger than it is allowed to be."""

import zlib
from collections.abc import Iterator

import httpx

from integrations.egress.errors import TooBig, Unreadable

# Never brotli or zstandard: there is no bound on what their Python decoders write.
ACCEPT_ENCODING = "gzip, deflate"
# What servers send that compress nothing; the last three are mistakes that browsers overlook.
_PLAIN = frozenset({"", "identity", "none", "utf-8", "binary"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_START = b"\x1f\x8b"
_GZIP_OR_ZLIB, _RAW = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS
# A member may be empty, so that bytes alone do not bound the work; honest files have one for every 64 kB at most.
_MAX_MEMBERS = 1_000


async def bounded_body(response: httpx.Response, max_bytes: int, *, cut: bool = False) -> tuple[bytes, bool]:
    """Return the decompressed body of a streamed `response` and whether it was cut at `max_bytes`.

    Raises `TooBig` for a longer one unless `cut`, and `Unreadable` for what cannot be decompressed.
    """
    length = response.headers.get("content-length", "")
    if not cut and length.isdigit() and _is_over(length, max_bytes):
        raise _too_big(max_bytes)
    decoder = Decoder(response.headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        for piece in decoder.pieces(chunk, max_bytes + 1 - len(body)):
            body += piece
        if len(body) > max_bytes or received > max_bytes:
            if cut:
                return bytes(body[:max_bytes]), True
            raise _too_big(max_bytes)
    return bytes(body), False


def _is_over(digits: str, limit: int) -> bool:
    # Python refuses to make a number of some thousand digits; a length of twenty is over any limit.
    return len(digits) > 19 or int(digits) > limit


def _too_big(max_bytes: int) -> TooBig:
    return TooBig(f"The page is larger than {max_bytes / 1_000_000:g} MB.")


class Decoder:
    """Decompresses a body piece by piece and never writes more than it is allowed to."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in _PLAIN | _PACKED:
            raise Unreadable(f"The site answers in an encoding that was not asked for ({encoding[:20]}).")
        self._is_plain = encoding in _PLAIN
        self._is_deflate = encoding == "deflate"
        self._held = b""
        self._inflate: zlib._Decompress | None = None
        self._members = 0

    def pieces(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """Yield what `chunk` decompresses to, at most `room` bytes in all."""
        if self._is_plain:
            yield chunk
            return
        if self._inflate is None:
            chunk, self._held = self._held + chunk, b""
            if len(chunk) < 2:
                self._held = chunk  # two bytes tell which kind of deflate it is
                return
            self._begin(chunk)
        yield from self._inflated(chunk, room)

    def _inflated(self, chunk: bytes, room: int) -> Iterator[bytes]:
        while chunk and room > 0 and self._inflate is not None:
            try:
                piece = self._inflate.decompress(chunk, room)
            except zlib.error as error:
                raise Unreadable("The site's answer is damaged: it cannot be decompressed.") from error
            room -= len(piece)
            yield piece
            chunk = self._inflate.unconsumed_tail
            if self._inflate.eof:
                chunk = self._inflate.unused_data
                # A gzip body may have several members; anything else after the end is rubbish that browsers ignore.
                if not chunk.startswith(_GZIP_START):
                    return
                self._begin(chunk)

    def _begin(self, start: bytes) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise Unreadable("The site's answer is damaged: it is packed in too many parts.")
        # Some servers send raw deflate without the zlib header that RFC 9110 asks for.
        is_raw = self._is_deflate and not _has_zlib_header(start) and not start.startswith(_GZIP_START)
        self._inflate = zlib.decompressobj(_RAW if is_raw else _GZIP_OR_ZLIB)


def _has_zlib_header(start: bytes) -> bool:
    """Return whether the first two bytes are a zlib header. https://www.rfc-editor.org/rfc/rfc1950#section-2.2"""
    return start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
