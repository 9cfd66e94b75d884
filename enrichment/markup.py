"""HTML as bytes → a parsed tree that cost a bounded time to build.

lexbor is quadratic in three things that a hostile page can have plenty of: elements nested in each other (100,000 deep
took 20 s), formatting elements left open (2,000 of them made two million nodes in 0.7 s) and attributes of one element
(100,000 took 34 s). All are flattened before parsing; pages that people made have none of them.
"""

import codecs
import re

from charset_normalizer import from_bytes
from selectolax.lexbor import LexborHTMLParser

MAX_DEPTH = 400
_MAX_CHARS = 3_000_000
# Below this number of tags the worst page costs less than 0.1 s.
_TAGS_TO_LOOK_CLOSER = 1_500
_CHARS_TO_LOOK_CLOSER = 30_000
_MAX_OPEN_FORMATTING = 60
_MAX_ATTRIBUTES = 500
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# A tag as browsers read it: a quote counts only behind an equals sign.
_REST_OF_TAG = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>?"""
_LONG_TAG = re.compile(rf"<([a-zA-Z][a-zA-Z0-9]*+){_REST_OF_TAG}")
_WHOLE_TAG = re.compile(rf"<[a-zA-Z]{_REST_OF_TAG}")
_CLOSERS = ("</script>", "</style>", "</title>", "</textarea>", "-->")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>?")
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_FORMATTING_TAG = re.compile(r"</?(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b[^<>]{0,2000}>?", re.I)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "option",
        "tr",
        "td",
        "th",
        "dt",
        "dd",
    ]
)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,40})""", re.I)
_ASCII = bytes(range(128))
_ENOUGH_TO_GUESS = 30
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# What browsers read under these names (https://encoding.spec.whatwg.org/#names-and-labels).
_SUPERSETS = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}

# What servers name in their header when nobody has told them.
_DEFAULTS = frozenset({"iso8859-1", "iso8859-15", "cp1252", "ascii"})


def parse(html: str) -> LexborHTMLParser:
    """Return the tree of `html`, flattened where parsing would cost too much."""
    return LexborHTMLParser(_flattened(_with_short_tags(html[:_MAX_CHARS])))


def decode(body: bytes, charset: str = "") -> str:
    """Return `body` as text: by BOM, `charset` (of the header), UTF-8, the page's own <meta>, then by statistics.

    Valid UTF-8 goes before a header that names a charset of single bytes: servers send that one by default, and
    no text that people write in it happens to be UTF-8 as well.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    if charset and _is_western(charset) and (text := _strict_utf8(body)) is not None:
        return text
    if charset and (text := _decoded(body, charset)) is not None:
        return text
    if (text := _decoded(body, "utf-8")) is not None:
        return text
    declared = _META_CHARSET.search(body, 0, 4096)
    if declared and (text := _decoded(body, declared[1].decode("ascii"))) is not None:
        return text
    # Statistics need something to count; a few odd letters are most often Western ones.
    odd = body.translate(None, _ASCII)
    best = from_bytes(body[:100_000]).best() if len(odd) >= _ENOUGH_TO_GUESS else None
    name = codecs.lookup(best.encoding).name if best else "cp1252"
    return body.decode(_SUPERSETS.get(name, name), "replace")


def _is_western(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in _DEFAULTS
    except LookupError:
        return False


def _strict_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(body: bytes, charset: str) -> str | None:
    """Return `body` in `charset`, or None where that is unknown or plainly wrong."""
    try:
        name = codecs.lookup(charset).name
        name = _SUPERSETS.get(name, name)
        text = body.decode(name, "replace")
    except (LookupError, ValueError):
        return None
    # Some damage is normal (a cut page, one bad byte in a comment); much of it means another charset.
    return text if text.count("\ufffd") <= len(text) // 500 else None


def _with_short_tags(html: str) -> str:
    if len(html) < _CHARS_TO_LOOK_CLOSER or max(map(len, _WHOLE_TAG.findall(html)), default=0) < 4 * _MAX_ATTRIBUTES:
        return html
    return _LONG_TAG.sub(_shortened, html)


def _shortened(tag: re.Match[str]) -> str:
    whole = tag[0]
    if len(whole) < 4 * _MAX_ATTRIBUTES:
        return whole
    attributes = max(whole.count("="), len(re.findall(r"[\s/]+", whole)))
    if attributes <= _MAX_ATTRIBUTES:
        return whole
    # In a script "a<b" only looks like a tag; the script must still end where it did.
    ends = [closer for closer in _CLOSERS if closer[:-1] in whole.lower()]
    return f"<{tag[1]}>{''.join(ends)}"


def _flattened(html: str) -> str:
    if html.count("<") < _TAGS_TO_LOOK_CLOSER:
        return html
    depth = formatting = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _FORMATTING:
            formatting = max(0, formatting - 1) if tag[1] else formatting + 1
            if formatting > _MAX_OPEN_FORMATTING:
                return _flattened_formatting(html)
        elif name not in _VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            if depth > MAX_DEPTH:
                return html[: tag.start()] + _ANY_TAG.sub("\n", html[tag.start() :])
    return html


def _flattened_formatting(html: str) -> str:
    return _flattened(_FORMATTING_TAG.sub("", html))
