"""robots.txt as RFC 9309 wants it: 4xx allows everything, 5xx and silence forbid everything.

https://www.rfc-editor.org/rfc/rfc9309
"""

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from protego import Protego

from integrations.egress.errors import RedirectLoop, TimedOut
from integrations.egress.fetch import Fetched

# RFC 9309 2.5: at least 500 KiB must be read.
MAX_BYTES = 512_000
KEPT_SECONDS = 86_400
# A site that could not be asked is asked again sooner.
KEPT_AFTER_FAILURE_SECONDS = 600
# Some sites ask for minutes between requests; with one request at a time and a few pages a site this is polite enough.
MAX_CRAWL_DELAY_SECONDS = 10.0
_MAX_HOSTS = 5_000
# As in the best known crawler: what is longer is cut. https://github.com/google/robotstxt
_MAX_LINE = 16_663
# Python takes ten more characters for the end of a line, some of which may stand in a path.
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_OTHER_LINE_ENDS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
# Misspelt as they are out there; Protego knows these words too.
_KNOWN_LINE = re.compile(
    r"\s*(?:user[- ]?agent|allow|dis+al+[ao]w|diasllow|site-?maps?|crawl[- ]delay)\s*(?::|\s)", re.IGNORECASE
)
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\s*(?::|\s)\s*([^#]*)", re.IGNORECASE)
_PRODUCT_TOKEN = re.compile(r"[A-Za-z_-]+")
_EVERYBODY = re.compile(r"\*(?:\s|$)")
# A name that no robot has: RFC 9309 2.2.1 allows no digit in one.
_SOMEBODY_ELSE = "0"

Get = Callable[[str], Awaitable[Fetched]]


@dataclass(frozen=True, slots=True)
class RobotsText:
    """What a site's robots.txt said. `problem` is '' or why everything is forbidden."""

    text: str = ""
    problem: str = ""
    expires_at: float = 0.0  # time.time() seconds


class RobotsStore(Protocol):
    """Where answers are kept between requests; shared by all workers where there is such a place."""

    async def get(self, origin: str) -> RobotsText | None:
        """Return what is kept for `origin` (`https://host`), expired or not."""

    async def put(self, origin: str, robots: RobotsText) -> None:
        """Keep it."""


class MemoryStore:
    """Keeps the last few thousand answers in this process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, RobotsText] = OrderedDict()

    async def get(self, origin: str) -> RobotsText | None:
        return self._kept.get(origin)

    async def put(self, origin: str, robots: RobotsText) -> None:
        self._kept[origin] = robots
        self._kept.move_to_end(origin)
        if len(self._kept) > _MAX_HOSTS:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one site allows one reader."""

    problem: str
    crawl_delay: float  # seconds
    sitemaps: tuple[str, ...]
    _parsed: Protego
    _agent: str

    def allows(self, url: str) -> bool:
        """Return whether the site lets us read `url`."""
        return not self.problem and self._parsed.can_fetch(url, self._agent)


class Robots:
    """Reads and remembers robots.txt. `agent` is the product token that sites address us by.

    Raises `ValueError` for one that no site could write: RFC 9309 2.2.1 allows letters, hyphens and underscores.
    """

    def __init__(self, agent: str, store: RobotsStore | None = None) -> None:
        if not _PRODUCT_TOKEN.fullmatch(agent):
            raise ValueError(f"{agent!r} is not a name that a robots.txt can address.")
        self._agent = agent
        self._store: RobotsStore = store or MemoryStore()

    async def rules(self, origin: str, get: Get) -> Rules:
        """Return the rules of `origin`, asking by `get` where they are not known.

        Raises `EgressError` where the site cannot be reached at all; that is not remembered as a rule.
        """
        kept = await self._store.get(origin)
        if kept is None or kept.expires_at < time.time():
            kept = await self._asked(origin, get)
            await self._store.put(origin, kept)
        parsed = Protego.parse(_as_addressed_to(self._agent, kept.text))
        delay = min(float(parsed.crawl_delay(self._agent) or 0.0), MAX_CRAWL_DELAY_SECONDS)
        return Rules(kept.problem, delay, tuple(parsed.sitemaps)[:10], parsed, self._agent)

    async def _asked(self, origin: str, get: Get) -> RobotsText:
        try:
            answer = await get(f"{origin}/robots.txt")
        except RedirectLoop:
            return _allowed("")
        except TimedOut:
            return _forbidden("The site's robots.txt did not answer in time, so the site was left alone.")
        if answer.status == 429 or answer.status >= 500:
            return _forbidden(f"The site's robots.txt answers with error {answer.status}, so the site was left alone.")
        if not 200 <= answer.status < 300 or _is_html(answer):
            return _allowed("")
        return _allowed(_decoded(answer))


def _allowed(text: str) -> RobotsText:
    return RobotsText(text=text, expires_at=time.time() + KEPT_SECONDS)


def _forbidden(problem: str) -> RobotsText:
    return RobotsText(problem=problem, expires_at=time.time() + KEPT_AFTER_FAILURE_SECONDS)


def _decoded(answer: Fetched) -> str:
    """Return the file's text. One that was cut loses its last line: half a rule may forbid more than the whole."""
    body = answer.body
    if answer.is_cut:
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r"), 0)]
    # A byte order mark is skipped, also one of which only the first bytes arrived.
    for mark in (b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"):
        body = body.removeprefix(mark)
    return body.decode("utf-8", "replace")


def _as_addressed_to(agent: str, text: str) -> str:
    """Return the lines of `text` that concern us, with every group's name settled: `agent`, everybody, somebody else.

    Protego takes a group's name for ours where ours begins with it, and an unknown line for a rule that ends the
    list of names; RFC 9309 wants the whole token, in any case (2.2.1), and other lines not to matter (2.2.4).
    """
    lines = (line[:_MAX_LINE] for line in _LINE_ENDS.split(text.translate(_OTHER_LINE_ENDS)))
    return "\n".join(_settled(agent, line) for line in lines if _KNOWN_LINE.match(line))


def _settled(agent: str, line: str) -> str:
    matched = _AGENT_LINE.match(line)
    if matched is None:
        return line
    name, token = matched[1], _PRODUCT_TOKEN.match(matched[1])
    if _EVERYBODY.match(name):
        return "User-agent: *"
    is_ours = token is not None and token[0].lower() == agent.lower()
    return f"User-agent: {agent if is_ours else _SOMEBODY_ELSE}"


def _is_html(answer: Fetched) -> bool:
    """Many sites answer every unknown path with their home page and status 200."""
    return answer.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
