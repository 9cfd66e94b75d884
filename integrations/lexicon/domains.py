"""Hosts and registrable domains. https://publicsuffix.org"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def host_of(url: str) -> str:
    """Return the host of `url` in lower case, or ''."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=50_000)
def registrable_domain(host: str) -> str:
    """Return the part of `host` that somebody registered (`www.acme.co.uk` → `acme.co.uk`), or `host` itself."""
    return _SUFFIXES.privatesuffix(host.lower().rstrip(".")) or host.lower()


def stated_domain(address: str) -> str:
    """Return the registrable domain of what people write: `Acme.com`, `https://acme.com/en`, `info@acme.com`.

    International names come out as they stand in the DNS (`xn--…`); '' for what is none, such as an IP address.
    """
    text = address.strip().rstrip(".,;")
    host = host_of(text if "://" in text else f"http://{text.rpartition('@')[2]}").strip(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
    return (_SUFFIXES.privatesuffix(host) or "") if _NAME.match(host) else ""
