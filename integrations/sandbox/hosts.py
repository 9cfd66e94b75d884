"""How each host of the sandbox answers: an ASGI application that looks at the Host header."""

import asyncio
import zlib
from collections import Counter
from functools import cache

from integrations.sandbox.answers import Answer, Receive, Scope, Send, page, plain, redirect, send_answer
from integrations.sandbox.catalogue import SandboxCompany, by_domain
from integrations.sandbox.html import app_script, page_html
from integrations.sandbox.pages import Site, site_of
from integrations.sandbox.search import SEARCH_HOST, answer_search

FAILURES_OF_FLAKY = 2
_MAX_FORM_BYTES = 64 * 1024
_site = cache(site_of)


class Sandbox:
    """The ASGI application. What it remembers, how often flaky hosts have failed, ends with it.

    `slowness` scales how long slow hosts take; tests that are not about waiting make it small.
    """

    def __init__(self, *, slowness: float = 1.0) -> None:
        self._slowness = slowness
        self._failed: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, method = asked.get("host", "").partition(":")[0].lower(), str(scope["method"])
        await _drain(receive)
        if host == SEARCH_HOST:
            await send_answer(send, answer_search(scope["path"], scope["query_string"]), asked, method=method)
            return
        company = by_domain(host)
        if company is None or not company.is_served:
            await send_answer(send, plain(f"There is no such host here: {host}\n", 421), asked, method=method)
            return
        if company.quirk == "slow":
            await asyncio.sleep(seconds_of_slow(company) * self._slowness)
        answer = self._answer(company, host, method, scope["path"])
        zips, tags = company.pick("zips", (True, False)), company.pick("tags", (True, False))
        await send_answer(send, answer, asked, method=method, zips=zips, tags=tags)

    def _answer(self, company: SandboxCompany, host: str, method: str, path: str) -> Answer:
        if path == "/robots.txt":
            return robots(company)
        if company.quirk == "flaky" and self._failed[company.domain] < FAILURES_OF_FLAKY:
            self._failed[company.domain] += 1
            return Answer(503, b"Service Unavailable", "text/plain", {"retry-after": "1"})
        if company.redirects_to:
            return redirect(f"http://{company.redirects_to}{path}")
        if host.startswith("www.") and not company.website.startswith("http://www."):
            return redirect(f"http://{company.domain}{path}")
        return _answer_path(company, method, path)


def seconds_of_slow(company: SandboxCompany) -> float:
    """Return how long a slow host lets wait, 1.5 to 3 seconds."""
    return 1.5 + zlib.crc32(company.domain.encode()) % 4 * 0.5


def robots(company: SandboxCompany) -> Answer:
    """Return the host's robots.txt; every fourth host has none."""
    if company.quirk == "robots":
        return plain("User-agent: *\nDisallow: /\n")
    lines = company.pick("robots", ("User-agent: *\nAllow: /", "User-agent: *\nDisallow: /intern/", "# no rules", ""))
    if not lines:
        return _not_found(company)
    sitemap = f"\nSitemap: http://{company.domain}/sitemap.xml\n" if has_sitemap(company) else "\n"
    return plain(lines + sitemap)


def has_sitemap(company: SandboxCompany) -> bool:
    return company.quirk not in {"parked", "loop"} and company.pick("sitemap", (True, True, False))


def _answer_path(company: SandboxCompany, method: str, path: str) -> Answer:
    if company.is_parked:
        return page(_PARKED.format(domain=company.domain)) if path == "/" else _not_found(company)
    if company.quirk == "loop":
        return redirect("/start" if path == "/" else "/", 302)
    site = _site(company)
    if path == "/sitemap.xml" and has_sitemap(company):
        return _sitemap(site)
    if path == "/assets/app.js" and company.needs_browser:
        return Answer(200, app_script(site).encode(), "text/javascript; charset=utf-8")
    found = next((known for known in site.pages if known.path == path.rstrip("/") or known.path == path), None)
    if found is None:
        return _not_found(company)
    if method == "POST":
        return page(f"<!doctype html><title>OK</title><p>{site.words['form_thanks']}</p>")
    if method not in {"GET", "HEAD"}:
        return plain("Method Not Allowed\n", 405)
    return _encoded(company, page_html(site, found))


def _encoded(company: SandboxCompany, text: str) -> Answer:
    if company.quirk == "gbk":
        return Answer(200, text.encode("gb18030"), "text/html")
    if company.quirk == "wrong_charset":
        return Answer(200, text.encode(), "text/html; charset=iso-8859-1")
    return page(text)


def _sitemap(site: Site) -> Answer:
    rows = "".join(f"<url><loc>http://{site.company.domain}{known.path}</loc></url>" for known in site.pages)
    opening = '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return Answer(200, f"{opening}{rows}</urlset>".encode(), "application/xml")


def _not_found(company: SandboxCompany) -> Answer:
    return page(f"<!doctype html><title>404</title><h1>404</h1><p>{company.domain}</p>", 404)


async def _drain(receive: Receive) -> None:
    """Read what the client sent, up to a bound, so that the connection can be used again."""
    size, more = 0, True
    while more and size <= _MAX_FORM_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))


_PARKED = """<!doctype html><html lang="en"><head><title>{domain} is for sale</title></head><body>
<h1>{domain}</h1><p>This domain is for sale! Buy this domain or make an offer today.</p>
<p>This domain is parked. Related searches: machining parts, cyber security, cheap insurance, logistics.</p>
<p><a href="/">Inquire about this domain</a></p></body></html>
"""
