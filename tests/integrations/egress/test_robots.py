import httpx
import pytest

from integrations.egress.errors import NotConnected, RedirectLoop, TimedOut
from integrations.egress.fetch import Fetched
from integrations.egress.robots import MAX_CRAWL_DELAY_SECONDS, Robots, Rules

ORIGIN = "https://acme.example"


async def rules_of(status: int, text: str = "", agent: str = "MagnetHunter") -> Rules:
    async def get(url: str) -> Fetched:
        assert url == f"{ORIGIN}/robots.txt"
        return Fetched(url, status, httpx.Headers(), text.encode(), 0.0)

    return await Robots(agent).rules(ORIGIN, get)


async def test_it_obeys_the_group_that_names_us_and_else_the_one_for_all() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: magnethunter\nDisallow: /private\nAllow: /private/open\n"
    ours = await rules_of(200, text)
    assert ours.allows(f"{ORIGIN}/about")
    assert not ours.allows(f"{ORIGIN}/private/x")
    assert ours.allows(f"{ORIGIN}/private/open")
    assert not (await rules_of(200, text, agent="Other")).allows(f"{ORIGIN}/about")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_missing_file_allows_everything(status: int) -> None:
    assert (await rules_of(status)).allows(f"{ORIGIN}/")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_broken_server_forbids_everything_and_says_why(status: int) -> None:
    rules = await rules_of(status)
    assert not rules.allows(f"{ORIGIN}/")
    assert str(status) in rules.problem


async def test_silence_forbids_and_a_loop_allows() -> None:
    async def silent(url: str) -> Fetched:
        raise TimedOut("too slow")

    async def looping(url: str) -> Fetched:
        raise RedirectLoop("round and round")

    assert not (await Robots("x").rules(ORIGIN, silent)).allows(f"{ORIGIN}/")
    assert (await Robots("x").rules(ORIGIN, looping)).allows(f"{ORIGIN}/")


async def test_a_dead_host_is_told_and_not_remembered() -> None:
    asked: list[str] = []

    async def dead(url: str) -> Fetched:
        asked.append(url)
        raise NotConnected("nobody there")

    robots = Robots("x")
    for _ in range(2):
        with pytest.raises(NotConnected):
            await robots.rules(ORIGIN, dead)
    assert len(asked) == 2


async def test_it_asks_once_a_day() -> None:
    asked: list[str] = []

    async def get(url: str) -> Fetched:
        asked.append(url)
        return Fetched(url, 200, httpx.Headers(), b"User-agent: *\nDisallow: /x", 0.0)

    robots = Robots("x")
    for _ in range(3):
        assert not (await robots.rules(ORIGIN, get)).allows(f"{ORIGIN}/x")
    assert len(asked) == 1


async def test_a_home_page_in_the_place_of_robots_forbids_nothing() -> None:
    assert (await rules_of(200, "<!DOCTYPE html>\nUser-agent: *\nDisallow: /")).allows(f"{ORIGIN}/")


async def test_crawl_delay_is_kept_within_reason_and_sitemaps_are_listed() -> None:
    assert (await rules_of(200, "User-agent: *\nCrawl-delay: 2\n")).crawl_delay == 2
    assert (await rules_of(200, "User-agent: *\nCrawl-delay: 3600\n")).crawl_delay == MAX_CRAWL_DELAY_SECONDS
    rules = await rules_of(200, f"Sitemap: {ORIGIN}/map.xml\nUser-agent: *\nAllow: /\n")
    assert rules.sitemaps == (f"{ORIGIN}/map.xml",)
