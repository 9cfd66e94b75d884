"""The web that crawlers are measured on is what the benchmark says it is."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bench.crawling.measured import Measured
from bench.crawling.outcome import growth, outcome_of
from bench.crawling.pages import PATHS, page
from bench.crawling.web import (
    FASTEST_SECONDS,
    SLOWEST_SECONDS,
    Site,
    Web,
    address_of,
    is_broken_first,
    is_shell,
    latency,
    site_of,
    web_of,
)

SITES = 20
STATIC = next(site for site in range(SITES) if not is_shell(site))
EMBEDDED = next(site for site in range(SITES) if is_shell(site) and site % 2 == 0)
FETCHING = next(site for site in range(SITES) if is_shell(site) and site % 2)
BROKEN = next((site, path) for site in range(SITES) for path in PATHS if is_broken_first(site, path))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Served:
    web: Web
    port: int

    async def get(self, site: int, path: str, *, host: str = "", gzipped: bool = False) -> Answer:
        """Return the answer to one request on a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        accepts = "Accept-Encoding: gzip\r\n" if gzipped else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host or f'site{site}.example'}\r\n{accepts}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        writer.close()
        return Answer(int(head[0].split()[1]), headers, body)


async def _served(*, is_flawless: bool) -> AsyncIterator[Served]:
    web = web_of(SITES)
    server = await asyncio.get_running_loop().create_server(lambda: Site(web, is_flawless=is_flawless), "127.0.0.1", 0)
    async with server:
        yield Served(web, server.sockets[0].getsockname()[1])


@pytest.fixture
async def flawless() -> AsyncIterator[Served]:
    async for served in _served(is_flawless=True):
        yield served


@pytest.fixture
async def flawed() -> AsyncIterator[Served]:
    async for served in _served(is_flawless=False):
        yield served


async def test_a_page_is_compressed_for_those_who_ask_for_that(flawless: Served) -> None:
    plain, packed = await flawless.get(STATIC, "/about"), await flawless.get(STATIC, "/about", gzipped=True)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == page(STATIC, "/about", is_shell=False).html.encode()


async def test_a_page_that_breaks_is_fine_the_second_time_and_breaks_again_for_the_next_crawler(
    flawed: Served,
) -> None:
    assert [(await flawed.get(*BROKEN)).status for _ in range(3)] == [503, 200, 200]
    flawed.web.broken.clear()
    assert (await flawed.get(*BROKEN)).status == 503


def test_what_a_script_fetches_never_breaks_as_no_reader_could_ask_for_it_again() -> None:
    fetched = [page(site, path, is_shell=True).fetched_from for site in range(1, 400, 2) for path in PATHS]
    assert not any(is_broken_first(site, path) for site in range(1, 400, 2) for path in set(fetched))


async def test_the_flawless_web_never_breaks(flawless: Served) -> None:
    assert (await flawless.get(*BROKEN)).status == 200


async def test_a_site_is_the_same_by_its_name_and_by_its_address(flawless: Served) -> None:
    by_name = await flawless.get(STATIC, "/")
    by_address = await flawless.get(STATIC, "/", host=f"{address_of(STATIC)}:8080")
    assert by_name == by_address


@pytest.mark.parametrize("host", ["", "elsewhere.example", "sitemap.example", "10.1.0.1"])
def test_other_hosts_are_no_site(host: str) -> None:
    assert site_of(host) == -1


@pytest.mark.parametrize("site", [0, 249, 250, 499])
def test_every_site_has_an_address_of_its_own(site: int) -> None:
    assert site_of(address_of(site)) == site


async def test_there_is_no_robots_file(flawless: Served) -> None:
    assert (await flawless.get(STATIC, "/robots.txt")).status == 404


async def test_several_requests_on_one_connection_are_answered_in_turn(flawless: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", flawless.port)
    for path in ("/", "/about"):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: site{STATIC}.example\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
        assert (await reader.readexactly(size)).decode() == page(STATIC, path, is_shell=False).html
    writer.close()


def test_a_shell_has_its_content_in_one_script_only() -> None:
    known = page(EMBEDDED, "/", is_shell=True)
    shown, _, script = known.html.partition("<script>")
    assert not any(mark in shown for mark in known.content)
    assert all(mark in script for mark in known.content)
    assert script.count("</script>") == 1  # the one that ends it: another would break it off


async def test_a_shell_that_fetches_has_its_content_at_another_address(flawless: Served) -> None:
    known = page(FETCHING, "/about", is_shell=True)
    fetched = await flawless.get(FETCHING, known.fetched_from)
    assert not any(mark in known.html for mark in known.content)
    assert fetched.headers["content-type"].startswith("application/json")
    assert all(mark in fetched.body.decode() for mark in known.content)


def test_every_mark_stands_once_in_the_whole_web() -> None:
    marks = [
        mark
        for site in range(SITES)
        for path in PATHS
        for known in [page(site, path, is_shell=is_shell(site))]
        for mark in known.content | known.boilerplate
    ]
    assert len(marks) == len(set(marks))
    html = page(STATIC, "/contact", is_shell=False)
    assert all(html.html.count(mark) == 1 for mark in html.content | html.boilerplate)


def test_the_web_is_as_slow_as_large_and_as_broken_as_the_benchmark_says() -> None:
    every = [(site, path) for site in range(500) for path in PATHS]
    assert all(FASTEST_SECONDS <= latency(site, path) <= SLOWEST_SECONDS for site, path in every)
    assert sum(is_broken_first(site, path) for site, path in every) / len(every) == pytest.approx(0.03, abs=0.01)
    assert sum(map(is_shell, range(500))) / 500 == 0.15
    sizes = [len(page(site, path, is_shell=False).html) for site, path in every[:40]]
    assert all(34_000 <= size <= 68_000 for size in sizes)


def test_recall_and_boilerplate_are_the_marks_that_came_out() -> None:
    known = page(STATIC, "/", is_shell=False)
    half = sorted(known.content)[::2]
    text = " ".join([*half, *sorted(known.boilerplate)])
    rows = ({"site": STATIC, "path": "/", "text": text, "at": 2.0},)
    outcome = outcome_of("someone", [STATIC], Measured(seconds=6.0, cpu_seconds=0.4, pages=rows))
    assert outcome.recall == pytest.approx(0.25 * len(half) / len(known.content))  # of four pages only one was read
    assert outcome.boilerplate == pytest.approx(0.25)
    assert (outcome.sites_a_minute, outcome.cpu_ms_a_page) == (10, 100)
    assert outcome.first_site_seconds is None


def test_a_site_is_read_when_its_last_page_is() -> None:
    rows = [{"site": 1, "path": path, "text": "x", "at": float(at)} for at, path in enumerate(PATHS)]
    late = [{**row, "site": 2, "at": row["at"] + 10} for row in rows]
    measured = Measured(seconds=20, cpu_seconds=1, pages=(*late, *rows))
    assert outcome_of("someone", [1, 2], measured).first_site_seconds == 3.0


def test_growth_compares_late_memory_with_early_memory() -> None:
    pages = tuple({"site": 1, "path": "/", "text": "", "at": float(at)} for at in range(100))
    memory = tuple((float(at), 100.0 + at) for at in range(100))
    assert growth(Measured(seconds=100, memory=memory, pages=pages)) == pytest.approx(199 / 150)
    assert growth(Measured(seconds=100, memory=memory[:10], pages=pages)) is None
