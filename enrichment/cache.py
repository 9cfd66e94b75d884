"""What a reader remembers of a page between readings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from integrations.capabilities import ReadPage


@dataclass(frozen=True, slots=True)
class CachedPage:
    """One answer, kept under the address that was asked for (`url`); the page's own address is after redirects."""

    url: str
    page: ReadPage
    fetched_at: datetime
    etag: str = ""
    last_modified: str = ""
    links: tuple[tuple[str, str], ...] = ()  # (address, anchor text)
    needs_browser: bool = False
    is_parked: bool = False


class PageCache(Protocol):
    """Where pages are kept. How long one is fresh is the reader's business, not the cache's."""

    async def get(self, url: str) -> CachedPage | None:
        """Return what is kept for `url`, however old, or None."""

    async def put(self, page: CachedPage) -> CachedPage:
        """Keep `page`, in the place of what was kept for its `url`; return it as it may be kept, and be used."""
