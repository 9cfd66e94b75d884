"""Read one address over HTTP within bounds: bytes, seconds, redirects, destinations.

Followed are the redirects that a status and a Location tell of. A `Refresh` header and a page's own
`<meta http-equiv="refresh">` are left to whoever reads the page. Cookies live as long as one call, at the site that set
them: enough for sites that set one and redirect to the same page, and nothing to follow a reader by.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import h2.exceptions
import h11
import httpx

from integrations.egress.body import ACCEPT_ENCODING, bounded_body
from integrations.egress.errors import (
    BadCertificate,
    EgressError,
    NotConnected,
    NoTls,
    RedirectLoop,
    TimedOut,
    TooBig,
    Unreadable,
)
from integrations.egress.policy import Policy
from integrations.egress.transport import REDIRECTS, SiteClient

MAX_BYTES = 5_000_000
DEADLINE_SECONDS = 20.0
MAX_REDIRECTS = 5
_TOO_LONG = 431
_MAX_COOKIES = 50
_MAX_COOKIE_CHARACTERS = 8_192
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[!-:<-~]*")

BeforeHop = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `body` is decompressed; `elapsed` is in seconds over all redirects."""

    final_url: str
    status: int
    headers: httpx.Headers
    body: bytes
    elapsed: float
    redirects: tuple[str, ...] = ()
    is_cut: bool = False

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, '' where the server named none."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset of the Content-Type header, or ''."""
        _, _, parameters = str(self.headers.get("content-type", "")).lower().partition("charset=")
        return parameters.split(";")[0].strip(" \"'")

    @property
    def is_downgraded(self) -> bool:
        """Whether a redirect led from https to http, so that anybody on the way could have written the page."""
        steps = (*self.redirects, self.final_url)
        return any(before.startswith("https:") and after.startswith("http:") for before, after in pairwise(steps))


async def fetch(
    client: SiteClient,
    url: str,
    *,
    policy: Policy,
    max_bytes: int = MAX_BYTES,
    deadline: float = DEADLINE_SECONDS,
    max_redirects: int = MAX_REDIRECTS,
    headers: Mapping[str, str] | None = None,
    before_hop: BeforeHop | None = None,
    cut: bool = False,
) -> Fetched:
    """GET `url` by a `guarded_client`, following redirects that the policy allows.

    `before_hop` is awaited with every address before it is asked for and may raise; the deadline (seconds)
    runs on meanwhile. With `cut`, a longer body is cut at `max_bytes` instead of refused.
    Any status is an answer. Raises `EgressError`.
    """
    started = time.monotonic()
    chain = _Chain(client, {"Accept-Encoding": ACCEPT_ENCODING, **(headers or {})}, max_bytes, cut)
    visited: list[str] = []
    try:
        async with asyncio.timeout(deadline):
            while True:
                url = url.partition("#")[0]
                policy.check_url(url)
                if before_hop is not None:
                    await before_hop(url)
                answer = await chain.ask(url)
                if isinstance(answer, Fetched):
                    return replace(answer, elapsed=time.monotonic() - started, redirects=tuple(visited))
                visited.append(url)
                if len(visited) > max_redirects:
                    raise RedirectLoop(f"The site redirects more than {max_redirects} times.")
                url = answer
    except TimeoutError as error:
        raise TimedOut(f"The site did not answer in full within {deadline:g} seconds.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _explained(error) from error


@dataclass(slots=True)
class _Chain:
    """The requests of one call, with the cookies that they are given on the way."""

    client: SiteClient
    headers: dict[str, str]
    max_bytes: int
    cut: bool
    cookies: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    async def ask(self, url: str) -> Fetched | str:
        """Return the answer, or the address that it redirects to."""
        scheme, _, rest = url.partition("://")
        site = (scheme, rest.partition("/")[0])
        kept = self.cookies.get(site)
        response = await self.client.get_raw(url, self.headers | {"Cookie": "; ".join(kept)} if kept else self.headers)
        try:
            if (location := _location(response)) is not None:
                self.cookies[site] = _merged(kept or [], response.headers.get_list("set-cookie"))
                return str(response.url.join(location))
            body, is_cut = await bounded_body(response, self.max_bytes, cut=self.cut)
        finally:
            await response.aclose()
        return Fetched(str(response.url), response.status_code, response.headers, body, 0.0, (), is_cut)


def _location(response: httpx.Response) -> str | None:
    """Return where the response redirects to. Bytes that are not UTF-8 are kept as they are, escaped."""
    raw = response.extensions.get("location")
    if response.status_code not in REDIRECTS or not isinstance(raw, bytes):
        return None
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw).strip()


def _merged(kept: list[str], lines: list[str]) -> list[str]:
    """Return the cookies to send next, each as `name=value`; what is malformed or too much is left out."""
    cookies = {cookie.partition("=")[0]: cookie for cookie in kept}
    for line in lines[:_MAX_COOKIES]:
        cookie = line.partition(";")[0].strip()
        if len(cookie) <= _MAX_COOKIE_CHARACTERS and _COOKIE.fullmatch(cookie):
            cookies[cookie.partition("=")[0]] = cookie
    merged = list(cookies.values())[-_MAX_COOKIES:]
    while sum(map(len, merged)) > _MAX_COOKIE_CHARACTERS:
        merged.pop(0)
    return merged


def _explained(error: Exception) -> EgressError:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return BadCertificate("The site's certificate is not valid, so it was not read.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return NoTls("The site does not speak HTTPS properly.")
    if any(_is_too_long(cause) for cause in causes):
        return TooBig("The headers of the site's answer are longer than any page needs.")
    match error:
        case httpx.ConnectTimeout():
            return NotConnected("Nobody answers at the site's address.")
        case httpx.TimeoutException():
            return TimedOut("The site took too long to answer.")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return Unreadable("The site redirects to something that is not a web address.")
        case httpx.ConnectError():
            return NotConnected("Nobody answers at the site's address.")
        case httpx.LocalProtocolError():  # also what an HTTP/2 site does against the rules, by httpcore's account
            return Unreadable("The site answers in broken HTTP.")
        case httpx.RemoteProtocolError() | httpx.DecodingError():
            return NotConnected("The site broke off in the middle of its answer.")
        case _:
            return NotConnected("The connection to the site broke off.")


def _is_too_long(cause: BaseException) -> bool:
    if isinstance(cause, h11.RemoteProtocolError):
        return cause.error_status_hint == _TOO_LONG
    return isinstance(cause, h2.exceptions.DenialOfServiceError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
