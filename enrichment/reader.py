"""Reads a company's site: the home page, then the pages that say most, each as clean text.

What can go wrong with a site is an answer in plain words, never an exception: a dead site is a fact about a lead.
"""

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx

from enrichment.analysis import analyse
from enrichment.cache import CachedPage, PageCache
from enrichment.document import Document, Link
from enrichment.hosts import Failure, Hosts, MemoryHosts, turn_of
from enrichment.links import COMMON_PATHS, rank_addresses, rank_links
from enrichment.markup import decode
from enrichment.site import TRIES, Forbidden, Sleep, Visit
from enrichment.sitemap import addresses_of
from enrichment.technologies import is_telling
from integrations.capabilities import ReadPage, ReadSite
from integrations.egress.errors import (
    BadCertificate,
    EgressError,
    NotConnected,
    NotResolved,
    TimedOut,
    Unreadable,
)
from integrations.egress.fetch import Fetched
from integrations.egress.policy import Policy
from integrations.egress.robots import Robots, RobotsStore
from integrations.egress.transport import Resolver, guarded_client, resolve
from integrations.lexicon.domains import host_of

FRESH_FOR = timedelta(days=7)
SITE_SECONDS = 50.0
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", ""})
NO_ANSWER = "The site does not answer at its address."
TOO_LONG = "The site took too long to answer."
PARKED = "The domain is parked: no company shows itself there."


class Renderer(Protocol):
    """A browser, as far as the reader needs one."""

    async def render(self, url: str, deadline: float) -> tuple[str, str]:
        """Return the page's HTML after its scripts ran, and its final address. Raises `EgressError`."""


class Broken(Unreadable):
    """The site's server says itself that it is broken."""


class LeftAlone(EgressError):
    """The site failed a short while ago and is not asked again yet."""

    def __init__(self, failure: Failure) -> None:
        seen, until = (datetime.fromtimestamp(moment, UTC) for moment in (failure.failed_at, failure.until))
        known = f"Known since {seen:%d %b %H:%M} UTC; the site is asked again after {until:%d %b %H:%M} UTC."
        super().__init__(f"{failure.reason} {known}")


@dataclass(frozen=True, slots=True)
class _Read:
    """One page as it was read, and where it leads."""

    kept: CachedPage
    from_cache: bool


class SiteReader:
    """The capability `PageReader`, over HTTP first and a browser where one is needed and to be had.

    `user_agent` names us and how to reach us; its first word is what robots.txt files address. `hosts` and
    `robots_store` are what readers share to be polite together. `no_browser_hint` says how to get a browser and is
    shown where one was needed; `always_renders` uses it for every page. With `anew` every page is asked for, also of a
    site that failed a short while ago: a person wants to know it now. One reader serves one event loop.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        user_agent: str,
        cache: PageCache | None = None,
        browser: Renderer | None = None,
        hosts: Hosts | None = None,
        robots_store: RobotsStore | None = None,
        no_browser_hint: str = "",
        always_renders: bool = False,
        resolver: Resolver = resolve,
        sleep: Sleep = asyncio.sleep,
        deadline: float = 20.0,
        fresh_for: timedelta = FRESH_FOR,
        anew: bool = False,
    ) -> None:
        self._policy = policy.for_strangers()
        self._user_agent = user_agent
        self._cache = cache
        self._browser = browser
        self._hosts: Hosts = hosts or MemoryHosts()
        self._robots = Robots(user_agent.partition("/")[0], robots_store)
        self._no_browser_hint = no_browser_hint
        self._always_renders = always_renders
        self._resolver = resolver
        self._sleep = sleep
        self._deadline = deadline
        self._fresh_for = fresh_for
        self._anew = anew
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def read_site(self, website: str, *, topics: Sequence[str] = (), max_pages: int = 5) -> ReadSite:
        """Read the home page of `website` (a domain or an address) and the pages that say most about `topics`."""
        variants = addresses_to_try(website)
        if not variants:
            return ReadSite(problem="This is not a web address.")
        async with self._alone(turn_of(variants[0])), self._visit() as visit:
            try:
                home = await self._fresh_home(variants) or await self._home(visit, variants)
            except EgressError as error:
                return ReadSite(final_url=variants[0], problem=error.reason, from_cache=isinstance(error, LeftAlone))
            return await self._rest(visit, home, topics, max_pages)

    @asynccontextmanager
    async def _alone(self, domain: str) -> AsyncIterator[None]:
        """Let one task at a time read a domain."""
        lock = self._locks.setdefault(domain, asyncio.Lock())
        async with lock:
            yield

    @asynccontextmanager
    async def _visit(self) -> AsyncIterator[Visit]:
        client = guarded_client(self._policy, user_agent=self._user_agent, resolver=self._resolver)
        async with client:
            visit = Visit(client, self._policy, self._robots, self._hosts, deadline=self._deadline, sleep=self._sleep)
            try:
                yield visit
            finally:
                await visit.end_turn()

    async def _fresh_home(self, variants: Sequence[str]) -> _Read | None:
        for url in variants:
            if (kept := await self._fresh(url)) is not None:
                return kept
        return None

    async def _home(self, visit: Visit, variants: Sequence[str]) -> _Read:
        """Return the home page from the network, and remember a host that cannot be read. Raises `EgressError`."""
        host = turn_of(variants[0])
        failure = await self._hosts.failure(host)
        if failure is not None and not failure.is_over and not self._anew:
            raise LeftAlone(failure)
        # Waiting for a turn is not the site's fault and does not count against its time.
        if await visit.wait_for_turn(variants[0]) and (read := await self._fresh_home(variants)) is not None:
            return read
        try:
            async with asyncio.timeout(SITE_SECONDS):
                home = await self._home_from_network(visit, variants)
        except (NotResolved, NotConnected, BadCertificate, TimedOut, Broken) as error:
            await self._hosts.failed(host, error.reason)
            raise
        except TimeoutError as error:
            await self._hosts.failed(host, TOO_LONG)
            raise TimedOut(TOO_LONG) from error
        if failure is not None:
            await self._hosts.answered(host)
        return home

    async def _home_from_network(self, visit: Visit, variants: Sequence[str]) -> _Read:
        """Return the first variant of the home page that can be read. Raises why none could."""
        # Once around before anything is tried again: a dead https port must not cost minutes where http answers.
        visit.tries = 1
        read, failed = await self._once_around(visit, variants)
        visit.tries = TRIES
        if read is not None:
            return read
        # A name that exists tells more than one that does not, and what may pass is worth asking again.
        url, error = min(failed, key=lambda one: (not one[1].is_passing, isinstance(one[1], NotResolved)))
        if error.is_passing:
            return await self._page(visit, url)
        raise error

    async def _once_around(
        self, visit: Visit, variants: Sequence[str]
    ) -> tuple[_Read | None, list[tuple[str, EgressError]]]:
        """Return the first variant that can be read, or why each could not."""
        failed: list[tuple[str, EgressError]] = []
        for url in variants:
            if any(isinstance(error, NotResolved) and host_of(tried) == host_of(url) for tried, error in failed):
                continue
            try:
                return await self._page(visit, url), failed
            except (NotResolved, NotConnected, BadCertificate, TimedOut) as error:
                failed.append((url, error))
        return None, failed

    async def _rest(self, visit: Visit, home: _Read, topics: Sequence[str], max_pages: int) -> ReadSite:
        """Return the site with its further pages; what cannot be read of them is left out."""
        reads, chosen = [home], list[str]()
        if not home.kept.is_parked:
            try:
                async with asyncio.timeout(SITE_SECONDS):
                    chosen += await self._further(visit, home, topics, max_pages)
                    for url in chosen:
                        await self._add(visit, url, reads)
                    # Where the home page led to too few, the pages that it led to lead on.
                    while len(reads) < max_pages and (deeper := _deeper(reads, chosen, topics, max_pages)):
                        chosen += deeper
                        for url in deeper:
                            await self._add(visit, url, reads)
            except TimeoutError:
                pass  # what was read until now is the answer
        return replace(self._site(home, reads), links_chosen=tuple(chosen))

    async def _add(self, visit: Visit, url: str, reads: list[_Read]) -> None:
        """Read one page more, where it can be read."""
        try:
            reads.append(await self._fresh(url) or await self._page(visit, url))
        except EgressError:
            return

    def _site(self, home: _Read, reads: Sequence[_Read]) -> ReadSite:
        pages: dict[str, ReadPage] = {}
        for read in reads:
            if read.kept.page.text and not read.kept.needs_browser:
                pages.setdefault(read.kept.page.sha256, read.kept.page)
        needs_browser = any(read.kept.needs_browser for read in reads)
        problem = PARKED if home.kept.is_parked else self._browser_problem(needs_browser, bool(pages))
        if not pages and not problem:
            problem = "The site's home page has no text."
        return ReadSite(
            final_url=home.kept.page.url,
            pages=tuple(pages.values()),
            problem=problem,
            needs_browser=needs_browser,
            is_parked=home.kept.is_parked,
            from_cache=all(read.from_cache for read in reads),
        )

    def _browser_problem(self, needs_browser: bool, has_pages: bool) -> str:
        if not needs_browser:
            return ""
        what = "Some pages show" if has_pages else "The site shows"
        if self._browser is not None:
            return f"{what} nothing without JavaScript and did not load in the browser either."
        return f"{what} nothing without JavaScript, so a browser is needed. {self._no_browser_hint}".strip()

    async def _further(self, visit: Visit, home: _Read, topics: Sequence[str], max_pages: int) -> list[str]:
        """Return which addresses to read after the home page."""
        links = tuple(Link(url, text) for url, text in home.kept.links)
        document = Document(url=home.kept.page.url, links=links)
        chosen = rank_links(document, topics, max_pages)
        if chosen or home.from_cache or max_pages < 2:
            return chosen
        found = await addresses_of(visit, home.kept.page.url)
        if ranked := rank_addresses(home.kept.page.url, found, topics, max_pages - 1):
            return ranked
        base = httpx.URL(home.kept.page.url)
        return [str(base.copy_with(raw_path=path.encode())) for path in COMMON_PATHS[: max_pages - 1]]

    async def _fresh(self, url: str) -> _Read | None:
        kept = await self._cache.get(url) if self._cache is not None and not self._anew else None
        if kept is None or kept.fetched_at < datetime.now(UTC) - self._fresh_for:
            return None
        # A page that wanted a browser is read again once there is one.
        return None if kept.needs_browser and self._browser else _Read(kept, from_cache=True)

    async def _page(self, visit: Visit, url: str) -> _Read:
        """Read one page over the network. Raises `EgressError`, also for an error status or what is not a page."""
        kept = await self._cache.get(url) if self._cache is not None else None
        answer = await visit.get(url, _validators(kept))
        if answer.status == 304 and kept is not None:
            page = replace(kept, fetched_at=datetime.now(UTC))
        else:
            _check_is_page(answer)
            page = await self._taken_apart(visit, url, answer)
        if self._cache is not None:
            page = await self._cache.put(page)
        return _Read(page, from_cache=False)

    async def _taken_apart(self, visit: Visit, url: str, answer: Fetched) -> CachedPage:
        now = datetime.now(UTC)
        html, headers = decode(answer.body, answer.charset), headers_of(answer)
        seen = analyse(html, answer.final_url, now=now, headers=headers)
        needs_browser = seen.document.needs_browser
        if self._browser is not None and (needs_browser or self._always_renders):
            try:
                html, final_url = await self._browser.render(answer.final_url, self._deadline)
                await visit.check_robots(final_url)
            except EgressError:
                pass  # what HTTP showed of it is kept, as a page that still needs a browser
            else:
                seen = analyse(html, final_url, now=now, how="browser", headers=headers)
                needs_browser = False
        return CachedPage(
            url=url,
            page=replace(seen.page, status=answer.status, size=len(answer.body), seconds=round(answer.elapsed, 3)),
            fetched_at=now,
            etag=answer.headers.get("etag", "")[:200],
            last_modified=answer.headers.get("last-modified", "")[:100],
            links=tuple((link.url, link.text) for link in seen.document.links[:500]),
            needs_browser=needs_browser,
            is_parked=seen.document.is_parked,
        )


def _deeper(reads: Sequence[_Read], chosen: Sequence[str], topics: Sequence[str], max_pages: int) -> list[str]:
    """Return further addresses that the pages read so far link to, none that was chosen before."""
    if len(chosen) >= 2 * max_pages:
        return []  # a site of broken links
    links = tuple(Link(url, text) for read in reads for url, text in read.kept.links)
    seen = {read.kept.page.url for read in reads} | {read.kept.url for read in reads}
    room = max_pages - len(reads)
    return rank_links(Document(url=reads[0].kept.page.url, links=links), topics, room + 1, seen={*chosen, *seen})


def addresses_to_try(website: str) -> list[str]:
    """Return `website` as addresses in the order of trying: as written, with or without www, the other scheme."""
    website = website.strip()
    try:
        first = httpx.URL(website if "://" in website else f"https://{website}/")
        if not first.host or first.scheme not in ("http", "https"):
            return []
        other_host = first.host.removeprefix("www.") if first.host.startswith("www.") else f"www.{first.host}"
        scheme = "http" if first.scheme == "https" else "https"
        second = first.copy_with(host=other_host)
        others = [second, first.copy_with(scheme=scheme), second.copy_with(scheme=scheme)]
    except httpx.InvalidURL:
        return []
    if first.port is not None:
        return [str(first)]
    return [str(address.copy_with(fragment=None)) for address in (first, *others)]


def headers_of(answer: Fetched) -> dict[str, str]:
    """Return those headers of an answer that say what made it, names in lower case."""
    told = ((name.lower(), value) for name, value in answer.headers.items())
    return {name: value[: 20_000 if name == "set-cookie" else 1_000] for name, value in told if is_telling(name)}


def _validators(kept: CachedPage | None) -> dict[str, str]:
    if kept is None or kept.needs_browser:
        return {}
    headers = {"If-None-Match": kept.etag, "If-Modified-Since": kept.last_modified}
    return {name: value for name, value in headers.items() if value}


def _check_is_page(answer: Fetched) -> None:
    if answer.status in (401, 403):
        raise Forbidden(f"The site does not let us in (it answers {answer.status}).")
    if answer.status in (404, 410):
        raise Unreadable("The page does not exist.")
    if answer.status == 421:  # the machine at that address knows no such site
        raise Unreadable(NO_ANSWER)
    if answer.status >= 400:
        kind = Broken if answer.status >= 500 else Unreadable
        raise kind(f"The site answers with error {answer.status}.")
    if answer.content_type not in _HTML_TYPES or answer.body.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8", b"PK\x03\x04")
    ):
        raise Unreadable(f"This is not a web page but {answer.content_type or 'a file'}.")
