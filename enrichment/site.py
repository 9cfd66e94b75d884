"""One visit to one site: one connection pool, one request at a time, robots obeyed, failures tried again."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from enrichment.hosts import Hosts, turn_of
from integrations.egress.errors import EgressError
from integrations.egress.fetch import DEADLINE_SECONDS, Fetched, fetch
from integrations.egress.policy import Policy
from integrations.egress.robots import Robots, Rules
from integrations.egress.transport import SiteClient

TRIES = 3
_FIRST_PAUSE_SECONDS = 0.5
# A site that asks for more patience than this is left for another day.
MAX_PAUSE_SECONDS = 10.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
# A redirect is a request like any other, so the crawl delay comes before it too.
_REDIRECTS_WAITED_FOR = 2
_FIRST_LOOK_SECONDS, _LAST_LOOK_SECONDS = 0.1, 2.0

Sleep = Callable[[float], Awaitable[None]]


class Forbidden(EgressError):
    """The site's robots.txt asks us to stay away."""


class Visit:
    """Fetches pages of one site. Not for use by two tasks at once: that is what makes it polite.

    It has the turn at one host at a time: a redirect to another site ends the turn here and waits for one there, so
    that no two visits can wait for each other.
    """

    def __init__(
        self,
        client: SiteClient,
        policy: Policy,
        robots: Robots,
        hosts: Hosts,
        *,
        deadline: float = DEADLINE_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._client = client
        self._policy = policy
        self._robots = robots
        self._hosts = hosts
        self._deadline = deadline
        self._sleep = sleep
        self._holder = str(uuid.uuid4())
        self._turn = ""
        self._turn_ends_at = 0.0  # time.time() seconds, as is
        self._free_at = 0.0
        self._known: dict[str, Rules] = {}
        self._delays: dict[str, float] = {}  # seconds between requests, by turn
        self.tries = TRIES  # for errors of the connection; an error status always gets all of them
        self.sitemaps: tuple[str, ...] = ()

    async def wait_for_turn(self, url: str) -> bool:
        """Wait until nobody else asks the host of `url` anything; return whether somebody did. Raises `Refused`."""
        self._policy.check_url(url)
        host = turn_of(url)
        if host != self._turn:
            await self.end_turn()
        has_waited, pause = False, _FIRST_LOOK_SECONDS
        while (free_at := await self._hosts.take(host, self._holder, self._hosts.turn_seconds)) is None:
            has_waited = True
            await self._sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - no secret depends on it
            pause = min(2 * pause, _LAST_LOOK_SECONDS)
        self._turn, self._turn_ends_at = host, time.time() + self._hosts.turn_seconds
        self._free_at = max(free_at, self._free_at)
        return has_waited

    async def end_turn(self) -> None:
        """Let the next reader have the host, after the delay that the site asks for."""
        if self._turn:
            await self._hosts.give_back(self._turn, self._holder, self._free_at)
            self._turn, self._free_at = "", 0.0

    async def get(self, url: str, headers: Mapping[str, str] | None = None, *, max_bytes: int = 5_000_000) -> Fetched:
        """Return the answer to `url` after at most three tries. Raises `EgressError`."""
        await self.check_robots(url)
        return await self._persistent(url, headers, max_bytes=max_bytes, obeys_robots=True)

    async def check_robots(self, url: str) -> None:
        """Raise `Forbidden` where the site does not want `url` to be read by us."""
        rules = await self._rules(url)
        if rules.problem:
            raise Forbidden(rules.problem)
        if not rules.allows(url):
            raise Forbidden("The site's robots.txt asks us not to read this page.")

    async def _rules(self, url: str) -> Rules:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin in self._known:
            return self._known[origin]
        rules = self._known[origin] = await self._robots.rules(origin, self._get_robots)
        turn = turn_of(url)
        self._delays[turn] = max(self._delays.get(turn, 0.0), rules.crawl_delay)
        self.sitemaps = rules.sitemaps or self.sitemaps
        return rules

    async def _get_robots(self, url: str) -> Fetched:
        return await self._persistent(url, None, max_bytes=512_000, obeys_robots=False)

    async def _persistent(
        self, url: str, headers: Mapping[str, str] | None, *, max_bytes: int, obeys_robots: bool
    ) -> Fetched:
        """Ask up to three times with growing, jittered pauses; a plain 4xx is an answer at once."""
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            try:
                answer = await self._once(url, headers, max_bytes=max_bytes, obeys_robots=obeys_robots)
            except EgressError as error:
                if attempt + 1 >= self.tries or not error.is_passing:
                    raise
                pause = _pause(attempt)
            else:
                asked = retry_after(answer.headers.get("retry-after", ""))
                if is_last or answer.status not in _PASSING or asked > MAX_PAUSE_SECONDS:
                    return answer
                pause = max(asked, _pause(attempt))
            await self._sleep(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(
        self, url: str, headers: Mapping[str, str] | None, *, max_bytes: int, obeys_robots: bool
    ) -> Fetched:
        await self._take_care(url)
        is_first = True

        async def before_hop(hop: str) -> None:
            nonlocal is_first
            if not is_first:
                self._asked()
            is_first = False
            if obeys_robots:
                await self.check_robots(hop)
            await self._take_care(hop)

        try:
            return await fetch(
                self._client,
                url,
                policy=self._policy,
                max_bytes=max_bytes,
                deadline=self._deadline + _REDIRECTS_WAITED_FOR * self._delays.get(self._turn, 0.0),
                headers=headers,
                before_hop=before_hop,
                cut=not obeys_robots,
            )
        finally:
            self._asked()

    def _asked(self) -> None:
        self._free_at = time.time() + self._delays.get(self._turn, 0.0)

    async def _take_care(self, url: str) -> None:
        """Have the turn, for long enough, and wait out the site's crawl delay."""
        if turn_of(url) != self._turn or self._turn_ends_at - time.time() < self._hosts.turn_seconds / 2:
            await self.wait_for_turn(url)
        wait = self._free_at - time.time()
        if wait > 0:
            await self._sleep(wait)


def _pause(attempt: int) -> float:
    """Return seconds to wait after try number `attempt`: half fixed, half chance, so that workers stay out of step."""
    whole: float = _FIRST_PAUSE_SECONDS * 2**attempt
    return whole / 2 + random.uniform(0.0, whole / 2)  # noqa: S311 - no secret depends on it


def retry_after(value: str) -> float:
    """Return the seconds that a Retry-After header asks for, 0 where it says nothing that can be read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
