"""crawl4ai, measured: `python crawl4ai_peer.py OUT`, told by JSON on standard input.

{"urls": [[site, path, url]], "mode": "plain" | "many" | "tuned" | "http", "tabs": 12}. https://docs.crawl4ai.com
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from crawl4ai import AsyncWebCrawler, BrowserConfig, CacheMode, CrawlerRunConfig, HTTPCrawlerConfig
from crawl4ai.async_crawler_strategy import AsyncHTTPCrawlerStrategy
from crawl4ai.async_dispatcher import MemoryAdaptiveDispatcher

TABS = 12
SITES_AT_ONCE = 5
TRIES = 3  # as many as ours
FLAGS = ["--blink-settings=imagesEnabled=false", "--disable-remote-fonts", "--disable-extensions"]
# As soon as there is text; a page that is complete and no shell has what it will ever have, be it an error.
COMPLETE = (
    "js:() => document.body && (document.body.textContent.length > 2000 && !document.querySelector('#root:empty')"
    " || document.readyState === 'complete' && !document.querySelector('#root'))"
)

Write = Callable[[Any], None]


def crawler_for(mode: str) -> AsyncWebCrawler:
    if mode == "http":
        return AsyncWebCrawler(crawler_strategy=AsyncHTTPCrawlerStrategy(browser_config=HTTPCrawlerConfig()))
    if mode == "tuned":
        browser = BrowserConfig(headless=True, text_mode=True, light_mode=True, verbose=False, extra_args=FLAGS)
        return AsyncWebCrawler(config=browser)
    return AsyncWebCrawler(config=BrowserConfig(headless=True, verbose=False))


def options_for(mode: str) -> CrawlerRunConfig:
    if mode != "tuned":
        return CrawlerRunConfig(cache_mode=CacheMode.BYPASS, verbose=False)
    return CrawlerRunConfig(
        cache_mode=CacheMode.BYPASS,
        wait_until="commit",
        wait_for=COMPLETE,
        wait_for_timeout=5_000,  # instead of a minute
        page_timeout=20_000,
        delay_before_return_html=0.0,  # no fixed pauses
        mean_delay=0.0,
        max_range=0.0,
        excluded_tags=["nav", "header", "footer", "aside", "form", "script", "style", "svg"],
        verbose=False,
    )


async def crawl(given: dict[str, Any], out: IO[str]) -> None:
    mode, places = given["mode"], {url: (site, path) for site, path, url in given["urls"]}
    async with crawler_for(mode) as crawler:
        if mode != "http":
            await crawler.arun(given["urls"][0][2], config=options_for("plain"))  # the browser is warm, as ours is
        print("start", flush=True)
        started = time.monotonic()

        def write(result: Any) -> None:
            site, path = places[result.url]
            text = str(result.markdown.raw_markdown) if is_good(result) and result.markdown else ""
            row = {"site": site, "path": path, "text": text, "at": time.monotonic() - started}
            out.write(json.dumps(row) + "\n")

        if mode == "plain":
            await _site_by_site(crawler, given["urls"], write)
        elif mode == "tuned":
            await _with_patience(crawler, list(places), given.get("tabs", TABS), write)
        else:
            await _all_at_once(crawler, mode, list(places), write)
        print("end", flush=True)


def is_good(result: Any) -> bool:
    return bool(result.success) and (result.status_code or 200) < 400


async def _site_by_site(crawler: AsyncWebCrawler, urls: Iterable[list[Any]], write: Write) -> None:
    """Five sites at a time, the pages of each one behind the other: how its first examples do it."""
    options, sites = options_for("plain"), dict[int, list[str]]()
    for site, _, url in urls:
        sites.setdefault(site, []).append(url)
    room = asyncio.Semaphore(SITES_AT_ONCE)

    async def one(pages: list[str]) -> None:
        async with room:
            for url in pages:
                write(await crawler.arun(url, config=options))

    await asyncio.gather(*map(one, sites.values()))


async def _with_patience(crawler: AsyncWebCrawler, urls: list[str], tabs: int, write: Write) -> None:
    """All pages over so many tabs; those that fail again, at most twice."""
    options = options_for("tuned").clone(stream=True)
    # The other dispatcher cannot stream, and this one looks for room once a second unless it is told to be quicker.
    dispatcher = MemoryAdaptiveDispatcher(max_session_permit=tabs, check_interval=0.05)
    for is_last in (*[False] * (TRIES - 1), True):
        failed = []
        async for result in await crawler.arun_many(urls, config=options, dispatcher=dispatcher):
            if is_good(result) or is_last:
                write(result)
            else:
                failed.append(result.url)
        if not failed:
            return
        urls = failed


async def _all_at_once(crawler: AsyncWebCrawler, mode: str, urls: list[str], write: Write) -> None:
    """All pages by `arun_many`, with its own dispatcher, or for HTTP with one that takes as many as we do."""
    dispatcher = MemoryAdaptiveDispatcher(max_session_permit=40, check_interval=0.05) if mode == "http" else None
    options = options_for(mode).clone(stream=True)
    async for result in await crawler.arun_many(urls, config=options, dispatcher=dispatcher):
        write(result)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as stream:
        asyncio.run(crawl(json.load(sys.stdin), stream))
