"""Hosts and registrable domains. https://publicsuffix.org"""

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from publicsuffixlist import PSLFILE, PublicSuffixList

# Hosts of many small sites that give each a name of its own, and are not on the list.
_SITE_BUILDERS = "wordpress.com business.site weebly.com webnode.page jimdosite.com tumblr.com ueniweb.com"
_SUFFIXES = PublicSuffixList([*Path(PSLFILE).read_text("utf-8").splitlines(), *_SITE_BUILDERS.split()])
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
