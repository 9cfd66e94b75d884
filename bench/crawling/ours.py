"""Our crawler, as a process that is measured: `python -m bench.crawling.ours OUT`, told by JSON on standard input.

{"port", "sites": [numbers], "browser": bool, "at_once": 40, "pages": 4, "repeat": 1, "keeps_text": true}, or with
"renders": true only the browser, which is given every page of the sites to render at once.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, Any

from bench.crawling.pages import PATHS
from enrichment.reader import SiteReader
from integrations.egress.browser import Browser
from integrations.egress.policy import Policy

AGENT = "MagnetHunter/1.0 (+http://localhost/about/crawler)"

Write = Callable[[int, str, str, str], None]


async def run(given: dict[str, Any], out: IO[str]) -> None:
    """Do what is asked for between `start` and `end`, with a browser that has been started before."""
    policy = Policy(routes={".example": ("127.0.0.1", given["port"])})
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(Browser(policy)) if given["browser"] else None
        if browser is not None:
            await browser.render(_address(given["sites"][0]), 20)
        print("start", flush=True)
        started = time.monotonic()

        def write(site: int, path: str, text: str, how: str) -> None:
            row = {"site": site, "path": path, "text": text, "how": how, "at": time.monotonic() - started}
            out.write(json.dumps(row) + "\n")

        if browser is not None and given.get("renders"):
            await _render(browser, given["sites"], write)
        else:
            await _read(SiteReader(policy=policy, user_agent=AGENT, browser=browser), given, write)
        print("end", flush=True)


async def _read(reader: SiteReader, given: dict[str, Any], write: Write) -> None:
    """Read all sites, so many at a time."""
    room = asyncio.Semaphore(given.get("at_once", 40))
    keeps_text = given.get("keeps_text", True)

    async def one(site: int) -> None:
        async with room:
            read = await reader.read_site(_address(site), max_pages=given.get("pages", 4))
        for page in read.pages:
            write(site, "/" + page.url.split("/", 3)[3], page.text if keeps_text else "", page.how)

    for _ in range(given.get("repeat", 1)):
        await asyncio.gather(*map(one, given["sites"]))


async def _render(browser: Browser, sites: list[int], write: Write) -> None:
    """Give the browser all pages at once: its own number of tabs decides how many are open."""

    async def one(site: int, path: str) -> None:
        html, _ = await browser.render(_address(site, path), 60)
        write(site, path, html, "browser")

    await asyncio.gather(*(one(site, path) for site in sites for path in PATHS))


def _address(site: int, path: str = "/") -> str:
    return f"http://site{site}.example{path}"


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as stream:
        asyncio.run(run(json.load(sys.stdin), stream))
