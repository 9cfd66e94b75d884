"""`manage.py fetch URL`: what the crawler sees of a site, for operators. Asks the site anew and keeps nothing."""

import json
import sys
from argparse import ArgumentParser
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from enrichment.crawler import open_crawler
from enrichment.fetched import as_json, show
from integrations.capabilities import ReadSite

FAILURE, USAGE = 1, 2
MOST_PAGES = 50


class Command(BaseCommand):
    help = "Read a site as a hunt would, and print what was seen of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="a web address or a domain")
        parser.add_argument(
            "--render",
            choices=("auto", "never", "always"),
            default="auto",
            help="use the browser for pages that need it (default), for none, or for all",
        )
        parser.add_argument("--pages", type=int, default=1, metavar="N", help="read up to N pages (default 1)")
        parser.add_argument(
            "--topic", action="append", default=[], help="what further pages should be about; repeatable"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["pages"] <= MOST_PAGES:
            raise CommandError(_("--pages is a number from 1 to %s.") % MOST_PAGES, returncode=USAGE)
        started = monotonic()
        site = async_to_sync(read)(options["url"], options["render"], options["pages"], options["topic"])
        milliseconds = round((monotonic() - started) * 1000)
        if options["as_json"]:
            json.dump(
                as_json(site, asked=options["url"], milliseconds=milliseconds), sys.stdout, ensure_ascii=False, indent=2
            )
            sys.stdout.write("\n")
        else:
            show(site, Console(), milliseconds=milliseconds)
        if not site.pages:
            # The reason stands in the JSON too; a program that reads only the exit code still learns that it failed.
            raise CommandError(site.problem, returncode=FAILURE)


async def read(url: str, render: str, pages: int, topics: list[str]) -> ReadSite:
    """Return what is seen of `url` and of up to `pages` - 1 more pages of its site."""
    async with AsyncExitStack() as stack:
        crawler = await open_crawler(
            stack, from_cache=False, renders=render != "never", always_renders=render == "always"
        )
        return await crawler.reader.read_site(url, topics=topics, max_pages=pages)
