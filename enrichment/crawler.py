"""The crawler of this installation, made from its settings: what hunts and operators read the web with."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from enrichment.pages import StoredPages
from enrichment.reader import SiteReader
from enrichment.screenshots import Photographer
from enrichment.stored_hosts import StoredHosts, StoredRobots
from integrations.egress.browser import Browser, available
from integrations.egress.policy import Policy


@dataclass(frozen=True, slots=True)
class Crawler:
    """Readers and a photographer that share their manners with all others of the installation.

    `reader_anew` asks the sites again, whatever is remembered of them.
    """

    reader: SiteReader
    reader_anew: SiteReader
    photographer: Photographer


async def open_crawler(
    stack: AsyncExitStack,
    *,
    workspace_id: int | None = None,
    from_cache: bool = True,
    renders: bool = True,
    always_renders: bool = False,
) -> Crawler:
    """Return a crawler whose browsers, where there are any, start with the first page that needs one.

    `stack` closes them. Pages are kept without whoever `workspace_id` must not keep. Without `from_cache` every page is
    asked for anew and none is kept; `renders` and `always_renders` say whether the browser is used at all, and whether
    for pages that do not need it too.
    """
    policy, hosts, robots_store = egress_policy(), StoredHosts(settings.SITE_TURN_SECONDS), StoredRobots()
    executable, endpoint = settings.BROWSER_EXECUTABLE, settings.BROWSER_WS_ENDPOINT
    has_browser, install_hint = await available(executable, endpoint) if renders else (False, "")
    browser, camera = [
        Browser(
            policy,
            executable=executable,
            ws_endpoint=endpoint,
            proxy_url=settings.BROWSER_PROXY_URL,
            images=images,
        )
        if has_browser
        else None
        for images in (False, True)
    ]
    for opened in filter(None, (browser, camera)):
        await stack.enter_async_context(opened)
    reader, reader_anew = [
        SiteReader(
            policy=policy,
            user_agent=settings.CRAWLER_USER_AGENT,
            cache=StoredPages(workspace_id) if from_cache else None,
            browser=browser,
            hosts=hosts,
            robots_store=robots_store,
            no_browser_hint=install_hint,
            always_renders=always_renders,
            fresh_for=timedelta(days=settings.PAGE_TTL_DAYS),
            anew=anew,
        )
        for anew in (False, True)
    ]
    photographer = Photographer(
        camera=camera,
        policy=policy,
        user_agent=settings.CRAWLER_USER_AGENT,
        hosts=hosts,
        robots_store=robots_store,
        fresh_for=timedelta(days=settings.PAGE_TTL_DAYS),
    )
    return Crawler(reader, reader_anew, photographer)


def egress_policy() -> Policy:
    """Return where pages may be read from: the public internet and, where the operator runs them, his own hosts."""
    routes = dict(settings.EGRESS_ROUTES)
    sandbox = urlsplit(settings.PROVIDERS["sandbox"]["base_url"])
    if sandbox.hostname:
        routes.setdefault(".example", (sandbox.hostname, sandbox.port or 80))
    return Policy(routes=routes)
