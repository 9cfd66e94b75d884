"""Which encoding a text file is in: by its mark, else by a vote of its lines that are not plain ASCII."""

import codecs
import zlib
from io import BufferedIOBase

import charset_normalizer

CHUNK = 1_000_000
ENOUGH = 64_000  # bytes of telling lines

# What spreadsheets of our users' countries write beside UTF-8. Not more, so that short texts are guessed right.
CODE_PAGES = ["cp1252", "cp1250", "cp1251", "gb18030", "big5", "shift_jis", "euc_kr"]
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def encoding_of(stream: BufferedIOBase) -> str:
    """Return the encoding of `stream`, which is read from where it stands up to where it is clear.

    A file is UTF-8 when most of its lines that could tell are, so that a few broken lines do not spoil the others.
    """
    chunk = _chunk(stream)
    for mark, encoding in _MARKS.items():
        if chunk.startswith(mark):
            return encoding
    if wide := _wide(chunk[:2000]):
        return wide
    lines = _telling_lines(stream, chunk)
    valid = sum(map(_is_utf8, lines))
    if valid * 2 >= len(lines):
        return "utf-8-sig"
    guess = charset_normalizer.from_bytes(b"\n".join(lines)[:ENOUGH], cp_isolation=CODE_PAGES).best()
    return guess.encoding if guess else "cp1252"


def _chunk(stream: BufferedIOBase) -> bytes:
    """Return the next bytes; of a damaged file what can be had. Who reads the rows will tell of the damage."""
    parts: list[bytes] = []
    try:
        while sum(map(len, parts)) < CHUNK and (part := stream.read1(CHUNK)):
            parts.append(part)
    except (OSError, EOFError, zlib.error):
        return b"".join(parts)
    return b"".join(parts)


def _wide(head: bytes) -> str:
    """Return which UTF-16 a text without a mark is in, told by the zero bytes of its commas and digits, or ''."""
    odd, even = head[1::2].count(0), head[::2].count(0)
    if max(odd, even) * 5 < len(head) or min(odd, even) * 10 > max(odd, even):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _telling_lines(stream: BufferedIOBase, chunk: bytes) -> list[bytes]:
    """Return lines that hold more than ASCII: up to ENOUGH bytes of the first chunk that has any."""
    carried = b""
    while chunk:
        if chunk.isascii() and carried.isascii():
            carried, chunk = b"", _chunk(stream)
            continue
        *lines, carried = (carried + chunk).replace(b"\r", b"\n").split(b"\n")
        carried = carried[:CHUNK]
        telling = [line for line in [*lines, carried] if not line.isascii()]
        if len(telling) > 1 or (telling and telling[0] is not carried):
            return telling[:-1] if telling[-1] is carried else telling
        chunk = _chunk(stream)
    return [] if carried.isascii() else [carried]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
