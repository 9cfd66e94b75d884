"""A browser for pages that show nothing without JavaScript, always behind our own filtering proxy.

Playwright's `route()` is no guard (redirects, WebSockets and popups pass it by, and it switches the cache off); a proxy
that Chromium has no way around is.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

from playwright.async_api import BrowserContext, Page, ViewportSize
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from integrations.egress.chromium import INSTALL_HINT, START_SECONDS, Chromium, Launch, available, find_executable
from integrations.egress.errors import (
    BadCertificate,
    EgressError,
    NotConnected,
    RedirectLoop,
    TimedOut,
    TooBig,
    Unreadable,
)
from integrations.egress.lookup import Resolver, resolve
from integrations.egress.policy import Policy
from integrations.egress.proxy import FilteringProxy
from integrations.egress.screenshots import HEIGHT, WIDTH, WITHOUT_BANNERS, picture_of
from integrations.egress.settling import BEFORE_SCRIPTS, READ_WHEN_SETTLED, WITHOUT_LAYOUT

__all__ = ["INSTALL_HINT", "Browser", "available", "find_executable"]

MAX_HTML = 3_000_000
TABS = 12
# A context is cheap, a browser that has run for hours is not: another one takes over after this many pages.
_PAGES_PER_BROWSER = 200
_CLOSE_SECONDS = 5.0
# A page that is read has a desk's width, as phones are often shown less, and little height, as painting is by area.
_UNSEEN: ViewportSize = {"width": WIDTH, "height": 200}
_SEEN: ViewportSize = {"width": WIDTH, "height": HEIGHT}


class Browser:
    """`async with Browser(policy) as browser: html, url = await browser.render(url, 15)`; starts with the first page.

    `executable` is a Chromium to use, `ws_endpoint` a remote one (see `Launch`). A remote browser must be able to reach
    `proxy_url`, a proxy with the same rules; a local one gets a proxy of its own. Only with `images` are
    pictures and fonts loaded and pages laid out, for screenshots. `tabs` pages are open at a time, each in a
    context of its own.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        executable: str = "",
        ws_endpoint: str = "",
        proxy_url: str = "",
        user_agent: str = "",
        resolver: Resolver = resolve,
        ignore_certificates: bool = False,
        images: bool = False,
        tabs: int = TABS,
        pages_per_browser: int = _PAGES_PER_BROWSER,
        start_seconds: float = START_SECONDS,
    ) -> None:
        if ws_endpoint and not proxy_url:
            raise ValueError("A remote browser needs the address of a filtering proxy that it can reach.")
        self._policy = policy.for_strangers()
        self._executable = executable
        self._ws_endpoint = ws_endpoint
        self._proxy_url = proxy_url
        self._user_agent = user_agent
        self._ignore_certificates = ignore_certificates
        self._images = images
        self._pages_per_browser = pages_per_browser
        self._start_seconds = start_seconds
        self._proxy = FilteringProxy(policy, resolver=resolver)
        self._stack = AsyncExitStack()
        self._tabs = asyncio.Semaphore(tabs)
        self._starting = asyncio.Lock()
        self._current: Chromium | None = None
        self._running: set[Chromium] = set()

    @property
    def proxy(self) -> FilteringProxy:
        """The proxy of a local browser."""
        return self._proxy

    async def __aenter__(self) -> Self:
        if not self._proxy_url:
            await self._stack.enter_async_context(self._proxy)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._current = None
        await asyncio.gather(*(self._end(chromium) for chromium in list(self._running)))
        await self._stack.aclose()

    async def render(self, url: str, deadline: float) -> tuple[str, str]:
        """Return the HTML of `url` once its text has settled, and the final address.

        `deadline` is in seconds from when a tab is free; a page that never settles is taken as it is
        three quarters through. Raises `EgressError`.
        """
        async with self._visit(url, deadline) as page:
            read = await _settled(page, deadline * 0.75)
        if read is None:
            raise TooBig(f"The page is larger than {MAX_HTML / 1_000_000:g} MB once its scripts have run.")
        # The proxy stopped whoever led inwards with an empty answer; here it gets its reason.
        self._policy.check_url(read[1])
        return read

    async def screenshot(self, url: str, deadline: float) -> bytes:
        """Return the first screen of `url` as WebP; the `deadline` is that of `render`.

        Raises `EgressError`, also `Unreadable` for a page that shows nothing.
        """
        if not self._images:
            raise ValueError("This browser was opened without images.")
        async with self._visit(url, deadline) as page:
            await _settled(page, deadline * 0.5)
            return await picture_of(page, deadline * 0.25)

    @asynccontextmanager
    async def _visit(self, url: str, deadline: float) -> AsyncIterator[Page]:
        """Open `url` in a tab of its own. Whatever goes wrong within is raised as an `EgressError`."""
        self._policy.check_url(url)
        async with self._tabs:
            try:
                async with self._fresh_context(deadline) as context, asyncio.timeout(deadline):
                    yield await self._opened(context, url, deadline)
            except (TimeoutError, PlaywrightTimeout) as error:
                raise TimedOut(f"The page did not load in the browser within {deadline:g} seconds.") from error
            except PlaywrightError as error:
                raise _explained(error) from error

    @asynccontextmanager
    async def _fresh_context(self, deadline: float) -> AsyncIterator[BrowserContext]:
        async with self._chromium() as chromium, self._way_out() as proxy_url:
            try:
                async with asyncio.timeout(deadline):
                    context = await chromium.browser.new_context(
                        user_agent=self._user_agent or None,
                        service_workers="block",
                        accept_downloads=False,
                        permissions=[],
                        proxy=Launch(proxy_url).proxy,
                        ignore_https_errors=self._ignore_certificates,
                        viewport=_SEEN if self._images else _UNSEEN,
                    )
            except (TimeoutError, PlaywrightError):
                self._retire(chromium)
                raise
            try:
                yield context
            finally:
                await self._close(context, chromium)

    async def _opened(self, context: BrowserContext, url: str, deadline: float) -> Page:
        """Return a page on its way to `url`: the answer has begun. Dialogs are dismissed by Playwright itself."""
        await context.add_init_script(BEFORE_SCRIPTS + (WITHOUT_BANNERS if self._images else WITHOUT_LAYOUT))
        page = await context.new_page()
        context.on("page", _close_popup)
        await page.goto(url, wait_until="commit", timeout=deadline * 1000)
        return page

    @asynccontextmanager
    async def _way_out(self) -> AsyncIterator[str]:
        """Give one page an address of the proxy, so that what it may use is counted over all of its connections."""
        if self._proxy_url:
            yield self._proxy_url
            return
        async with self._proxy.page() as way_out:
            try:
                yield way_out.url
            except PlaywrightError as error:
                if way_out.allowance.problem:
                    raise TooBig(way_out.allowance.problem) from error
                raise

    async def _close(self, context: BrowserContext, chromium: Chromium) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await context.close()
        except (TimeoutError, PlaywrightError):
            self._retire(chromium)  # it hangs or has died; its other tabs may still come to an end

    @asynccontextmanager
    async def _chromium(self) -> AsyncIterator[Chromium]:
        chromium = await self._take()
        try:
            yield chromium
        finally:
            chromium.open_now -= 1
            if chromium is not self._current and not chromium.open_now:
                await self._end(chromium)

    async def _take(self) -> Chromium:
        """Return the browser for one more tab: started where there is none, anew where it has grown old or died.

        An old one is not waited for: it ends with its last tab.
        """
        async with self._starting:
            chromium = self._current
            if chromium is None or not chromium.is_alive or chromium.opened >= self._pages_per_browser:
                if chromium is not None and not chromium.open_now:
                    await self._end(chromium)
                self._current = None
                launch = Launch(self._proxy_url or self._proxy.url, self._executable, self._ws_endpoint, self._images)
                chromium = self._current = await Chromium.start(launch, self._start_seconds)
                self._running.add(chromium)
            chromium.opened += 1
            chromium.open_now += 1
            return chromium

    def _retire(self, chromium: Chromium) -> None:
        """Open no more tabs in it."""
        if chromium is self._current:
            self._current = None

    async def _end(self, chromium: Chromium) -> None:
        if chromium in self._running:
            self._running.discard(chromium)
            await chromium.close()


async def _settled(page: Page, seconds: float) -> tuple[str, str] | None:
    """Return the page's HTML and address when it is complete or `seconds` have passed; None where it is too large."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + seconds
    while True:
        try:
            answer = await page.evaluate(READ_WHEN_SETTLED, [max(0.0, ends_at - clock()), MAX_HTML])
        except PlaywrightError as error:
            if not _has_moved(error):
                answer = None
            elif clock() >= ends_at:
                raise
            else:
                # A script or a meta tag led on to another page. It has the rest of the time.
                await page.wait_for_load_state("domcontentloaded", timeout=(ends_at - clock()) * 1000)
                continue
        # It was in the midst of the page's own scripts, so that anything may have come back.
        match answer:
            case [None, str()]:
                return None
            case [str(html), str(address)]:
                return html, address
            case _:
                return await _as_it_is(page)


async def _as_it_is(page: Page) -> tuple[str, str] | None:
    """Return a page as it is at this moment, out of reach of its scripts; None where it is too large."""
    html = await page.content()
    return None if len(html) > MAX_HTML else (html, page.url)


def _has_moved(error: PlaywrightError) -> bool:
    return "Execution context was destroyed" in error.message or "Cannot find context" in error.message


_REASONS: tuple[tuple[str, type[EgressError], str], ...] = (
    # The proxy's own refusal looks like this as well.
    (
        "net::ERR_HTTP_RESPONSE_CODE_FAILURE",
        Unreadable,
        "The site answers with an error and no page, or leads to where may not be visited.",
    ),
    ("net::ERR_CERT_", BadCertificate, "The site's certificate is not valid."),
    ("net::ERR_TOO_MANY_REDIRECTS", RedirectLoop, "The site redirects in a circle."),
    (
        "net::ERR_TUNNEL_CONNECTION_FAILED",
        NotConnected,
        "Nobody answers at the site's address, or it may not be visited.",
    ),
    ("Download is starting", Unreadable, "This is not a web page but a file."),
    ("Target crashed", NotConnected, "The page used more memory than a page may, or broke the browser."),
    ("Page crashed", NotConnected, "The page used more memory than a page may, or broke the browser."),
    ("has been closed", NotConnected, "The browser ended while it had the page open."),
)


def _explained(error: PlaywrightError) -> EgressError:
    for sign, kind, reason in _REASONS:
        if sign in error.message:
            return kind(reason)
    return NotConnected("The browser could not load the page.")


_background: set[asyncio.Task[None]] = set()


def _close_popup(popup: Page) -> None:
    task = asyncio.ensure_future(_close_quietly(popup))
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _close_quietly(popup: Page) -> None:
    try:
        await popup.close()
    except PlaywrightError:
        return  # it closed first
