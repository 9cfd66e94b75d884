"""Addresses from sitemap.xml, for sites whose links lead nowhere. https://www.sitemaps.org/protocol.html"""

import html
import re
import zlib
from urllib.parse import urljoin, urlsplit

from enrichment.site import Visit
from integrations.egress.errors import EgressError

MAX_ADDRESSES = 2_000
_MAX_BYTES = 2_000_000
_MAX_FILES = 3
# A pattern instead of an XML parser: there are no entities to expand, and a broken file still gives its addresses.
_ADDRESS = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*(https?://[^\s<\]]{1,2000})", re.I)


async def addresses_of(visit: Visit, home: str) -> list[str]:
    """Return the addresses that the site's sitemaps list, [] where it has none."""
    waiting = list(visit.sitemaps) or [urljoin(home, "/sitemap.xml")]
    found: list[str] = []
    for _ in range(_MAX_FILES):
        if not waiting or len(found) >= MAX_ADDRESSES:
            break
        addresses = await _listed(visit, waiting.pop(0))
        waiting += [address for address in addresses if _is_sitemap(address)]
        found += [address for address in addresses if not _is_sitemap(address)]
    return found[:MAX_ADDRESSES]


def _is_sitemap(address: str) -> bool:
    return urlsplit(address).path.lower().endswith((".xml", ".xml.gz"))


async def _listed(visit: Visit, url: str) -> list[str]:
    try:
        answer = await visit.get(url, max_bytes=_MAX_BYTES)
    except EgressError:
        return []
    if answer.status != 200:
        return []
    text = _unpacked(answer.body).decode("utf-8", "replace")
    return [html.unescape(match[1]) for match in _ADDRESS.finditer(text)][:MAX_ADDRESSES]


def _unpacked(body: bytes) -> bytes:
    """Return what a `.xml.gz` holds, as far as it may be long; anything else as it is."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MAX_BYTES)
    except zlib.error:
        return b""
