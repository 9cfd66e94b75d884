"""Turns, failures and robots.txt, in memory and over the database: the same promises."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from enrichment.hosts import Hosts, MemoryHosts, pause_after, turn_of
from enrichment.models import Host
from enrichment.reader import SiteReader
from enrichment.stored_hosts import StoredHosts, StoredRobots
from integrations.egress.policy import Policy
from integrations.egress.robots import RobotsText
from tests.harness.fake_web import Asked, FakeWeb, answer
from tests.harness.processes import PATIENCE, run_command, start_python

AGENT = "MagnetHunter/1.0 (+https://magnet.example/bot)"


@pytest.fixture(params=["memory", "database"])
def hosts(request: pytest.FixtureRequest, transactional_db: None) -> Hosts:
    return MemoryHosts() if request.param == "memory" else StoredHosts()


def test_one_reader_has_the_turn_until_it_gives_it_back(hosts: Hosts) -> None:
    async def turns() -> list[float | None]:
        first = await hosts.take("acme.example", "anna", 60)
        second = await hosts.take("acme.example", "bert", 60)
        again = await hosts.take("acme.example", "anna", 60)
        await hosts.give_back("acme.example", "bert", 0.0)
        still = await hosts.take("acme.example", "bert", 60)
        await hosts.give_back("acme.example", "anna", 0.0)
        return [first, second, again, still, await hosts.take("acme.example", "bert", 60)]

    assert async_to_sync(turns)() == [0.0, None, 0.0, None, 0.0]


def test_the_turn_of_a_reader_that_died_ends_by_itself(hosts: Hosts) -> None:
    async def taken_over() -> float | None:
        await hosts.take("acme.example", "dead", -1.0)
        return await hosts.take("acme.example", "heir", 60)

    assert async_to_sync(taken_over)() == 0.0


def test_a_crawl_delay_outlives_the_turn(hosts: Hosts) -> None:
    until = time.time() + 600

    async def next_free_at() -> float | None:
        await hosts.take("acme.example", "anna", 60)
        await hosts.give_back("acme.example", "anna", until)
        return await hosts.take("acme.example", "bert", 60)

    assert async_to_sync(next_free_at)() == pytest.approx(until, abs=0.001)


def test_a_failed_host_is_left_alone_longer_each_time_until_it_answers(hosts: Hosts) -> None:
    async def lengths() -> list[float]:
        found = []
        for _ in range(3):
            await hosts.failed("acme.example", "Nobody answers.")
            failure = await hosts.failure("acme.example")
            assert failure is not None and failure.reason == "Nobody answers."
            found.append(failure.until - failure.failed_at)
        await hosts.answered("acme.example")
        assert await hosts.failure("acme.example") is None
        return found

    assert async_to_sync(lengths)() == pytest.approx([pause_after(1), pause_after(2), pause_after(3)], abs=0.01)
    assert pause_after(1) < pause_after(2) < pause_after(3) < pause_after(99) == pause_after(100)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.acme.co.uk/about", "acme.co.uk"),
        ("http://shop.acme.co.uk:8080/", "acme.co.uk"),
        ("http://[2606:4700::1111]/", "2606:4700::1111"),
        ("http://alice.github.io/", "alice.github.io"),
    ],
)
def test_turns_are_counted_by_who_registered_the_name(url: str, host: str) -> None:
    assert turn_of(url) == host


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_one_wins_a_turn() -> None:
    code = """
import asyncio
from enrichment.stored_hosts import StoredHosts
async def wins():
    hosts, won = StoredHosts(), 0
    for name in range(40):
        won += await hosts.take(f"host{name}.example", sys.argv[1], 60) is not None
    return won
from asgiref.sync import async_to_sync
print(async_to_sync(wins)())
"""
    racers = [start_python(code, f"racer{number}") for number in range(3)]
    outputs = [racer.communicate(timeout=PATIENCE) for racer in racers]
    assert sum(int(out) for out, _ in outputs) == 40, outputs


@pytest.mark.django_db
def test_robots_are_remembered_by_origin() -> None:
    kept = RobotsText("User-agent: *\nDisallow: /\0private", "", timezone.now().timestamp() + 60)

    async def there_and_back() -> RobotsText | None:
        await StoredRobots().put("https://acme.example", kept)
        return await StoredRobots().get("https://acme.example")

    read = async_to_sync(there_and_back)()
    assert read is not None and read.text == "User-agent: *\nDisallow: /private"
    assert read.expires_at == pytest.approx(kept.expires_at, abs=0.001)


class Gaps:
    """A site that notes when requests come and how many are open at once."""

    def __init__(self, robots: str = "") -> None:
        self.robots = robots
        self.asked_at: list[float] = []
        self.open = self.most_open = 0

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.asked_at.append(time.monotonic())
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(0.03)
        self.open -= 1
        body = self.robots.encode() if asked.path == "/robots.txt" else b"<h1>Acme</h1><p>We make pumps for breweries."
        await answer(writer, body, 200, {"Content-Type": "text/html" if body.startswith(b"<") else "text/plain"})

    def on(self, web: FakeWeb, *paths: str) -> None:
        for path in ("/robots.txt", *paths):
            web.pages[path] = self


def reader(web: FakeWeb, hosts: Hosts) -> SiteReader:
    return SiteReader(policy=Policy(routes=web.routes), user_agent=AGENT, hosts=hosts, robots_store=StoredRobots())


def test_readers_that_share_turns_ask_a_host_one_thing_at_a_time(hosts: Hosts) -> None:
    async def most_open() -> int:
        async with FakeWeb() as web:
            site = Gaps()
            site.on(web, "/")
            readers = [reader(web, hosts) for _ in range(4)]
            names = ["http://acme.example/", "http://www.acme.example/"]
            reads = [each.read_site(names[index % 2], max_pages=1) for index, each in enumerate(readers)]
            assert all(read.pages for read in await asyncio.gather(*reads))
            return site.most_open

    assert async_to_sync(most_open)() == 1


def test_a_crawl_delay_is_kept_across_readers(hosts: Hosts) -> None:
    async def asked_at() -> list[float]:
        async with FakeWeb() as web:
            site = Gaps("User-agent: *\nCrawl-delay: 0.4")
            site.on(web, "/")
            await asyncio.gather(*(reader(web, hosts).read_site("http://acme.example/", max_pages=1) for _ in range(3)))
            return site.asked_at

    times = async_to_sync(asked_at)()
    _robots, *pages = times
    assert len(pages) == 3
    assert min(later - earlier for earlier, later in itertools.pairwise(pages)) >= 0.39


def test_a_redirect_to_another_site_waits_for_its_turn_there(hosts: Hosts) -> None:
    async def most_open() -> int:
        async with FakeWeb() as web:
            site = Gaps()
            site.on(web, "acme.example/", "acme.example/robots.txt")
            for name in ("old-acme", "acme-pumps", "pumps-by-acme"):
                web.redirect(f"{name}.example/", "http://acme.example/")
                web.page(f"{name}.example/robots.txt", "", 404)
            names = ["old-acme", "acme-pumps", "pumps-by-acme", "acme"]
            reads = await asyncio.gather(
                *(reader(web, hosts).read_site(f"http://{name}.example/", max_pages=1) for name in names)
            )
            assert {read.final_url for read in reads} == {"http://acme.example/"}
            return site.most_open

    assert async_to_sync(most_open)() == 1


def test_a_dead_host_is_asked_once_and_then_left_alone(hosts: Hosts) -> None:
    async def two_readings() -> tuple[str, str, int]:
        async with FakeWeb() as web:
            web.page("/", "broken", 503)
            quick: Callable[..., Any] = no_pause
            slow = SiteReader(policy=Policy(routes=web.routes), user_agent=AGENT, hosts=hosts, sleep=quick)
            first = await slow.read_site("http://acme.example/", max_pages=1)
            asked = len(web.asked)
            second = await reader(web, hosts).read_site("http://acme.example/", max_pages=1)
            return first.problem, second.problem, len(web.asked) - asked

    first, second, asked_again = async_to_sync(two_readings)()
    assert first == "The site answers with error 503."
    assert second.startswith(first) and "asked again after" in second
    assert asked_again == 0


async def no_pause(seconds: float) -> None:
    """Do not wait."""


def test_a_host_that_answers_again_is_forgiven(hosts: Hosts) -> None:
    async def failure_after() -> object:
        async with FakeWeb() as web:
            web.page("/", "<h1>Acme</h1><p>We make pumps for breweries.")
            await hosts.failed("acme.example", "Nobody answers.")
            if isinstance(hosts, StoredHosts):
                await Host.objects.filter(pk="acme.example").aupdate(failed_until=timezone.now())
            elif (failure := await hosts.failure("acme.example")) is not None:
                object.__setattr__(failure, "until", time.time())
            assert (await reader(web, hosts).read_site("http://acme.example/", max_pages=1)).pages
            return await hosts.failure("acme.example")

    assert async_to_sync(failure_after)() is None


@pytest.mark.django_db(transaction=True)
def test_two_commands_are_polite_together() -> None:
    """Two processes of two people read one site: its log shows one request at a time and the delay kept."""

    async def read_twice() -> tuple[list[float], int, list[str]]:
        async with FakeWeb() as web:
            site = Gaps("User-agent: *\nCrawl-delay: 0.5")
            site.on(web, "/")
            routes = f".example=127.0.0.1:{web.port}"
            commands = (
                asyncio.to_thread(
                    run_command, "fetch", "http://acme.example/", "--render", "never", EGRESS_ROUTES=routes
                )
                for _ in range(2)
            )
            done = await asyncio.gather(*commands)
            return site.asked_at, site.most_open, [one.stderr for one in done if one.returncode]

    times, most_open, failures = async_to_sync(read_twice)()
    assert failures == []
    assert most_open == 1
    _robots, *pages = times
    assert len(pages) == 2 and pages[1] - pages[0] >= 0.49
