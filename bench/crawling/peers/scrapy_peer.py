"""scrapy, measured: `python scrapy_peer.py OUT`, told by JSON on standard input: {"urls": [[site, path, url]]}.

No JavaScript. The text is all that the body shows, by its own selectors. https://docs.scrapy.org
"""

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess

SETTINGS = {
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True,
    "RETRY_TIMES": 2,
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
    "COOKIES_ENABLED": False,
}
VISIBLE = "//body//text()[not(ancestor::script) and not(ancestor::style)]"


class Companies(scrapy.Spider):
    name = "companies"

    async def start(self) -> AsyncIterator[Any]:
        print("start", flush=True)
        self.started = time.monotonic()
        for site, path, url in self.given["urls"]:
            yield scrapy.Request(url, cb_kwargs={"site": site, "path": path})

    def parse(self, response: Any, site: int, path: str) -> None:
        text = " ".join(response.xpath(VISIBLE).getall())
        seconds = time.monotonic() - self.started
        self.out.write(json.dumps({"site": site, "path": path, "text": text, "at": seconds}) + "\n")

    def closed(self, reason: str) -> None:
        print("end", flush=True)
        time.sleep(0.3)  # for the last look at the memory


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as stream:
        Companies.given, Companies.out = json.load(sys.stdin), stream
        process = CrawlerProcess(SETTINGS)
        process.crawl(Companies)
        process.start()
