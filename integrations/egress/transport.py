"""The socket of every HTTP request: resolve once, judge every answer, connect to the literal address.

The name stays in the URL, so that SNI, certificate and Host header are checked as always; only the connection
goes to the address that was judged, which leaves no moment for the name to change its mind.
"""

import asyncio
import functools
import ssl
from collections.abc import Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from integrations.egress.errors import Refused
from integrations.egress.lookup import LOOKUP_SECONDS, Resolver, looked_up, resolve
from integrations.egress.policy import Policy

__all__ = [
    "REDIRECTS",
    "GuardedBackend",
    "GuardedTransport",
    "Resolver",
    "guarded_client",
    "places",
    "resolve",
    "ssl_context",
]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# How many of a name's addresses are tried: the number of answers is not ours to choose, the time is.
MAX_ADDRESSES = 3
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0


async def places(
    policy: Policy, host: str, port: int, resolver: Resolver = resolve, lookup_seconds: float = LOOKUP_SECONDS
) -> list[tuple[str, int]]:
    """Return the literal addresses and ports to try for `host`, in order. Raises `Refused` or `NotResolved`."""
    host = host.lower()
    is_trusted = policy.is_trusted(host, port)
    if not is_trusted:
        policy.check_port(port)
    routed = policy.route(host)
    if routed is not None:
        return [routed]
    addresses = await looked_up(resolver, host, port, lookup_seconds)
    if not is_trusted:
        policy.check_addresses(host, addresses)
    return [(address, port) for address in addresses[:MAX_ADDRESSES]]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to addresses that the policy allows, and nothing else."""

    def __init__(self, policy: Policy, resolver: Resolver = resolve) -> None:
        self._policy = policy
        self._resolver = resolver
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        tried = await places(self._policy, host, port, self._resolver)
        share = None if timeout is None else timeout / len(tried)
        for address, literal_port in tried[:-1]:
            try:
                return await self._backend.connect_tcp(address, literal_port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        address, literal_port = tried[-1]
        return await self._backend.connect_tcp(address, literal_port, share, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Refused("A file on this machine is not a web address.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over `GuardedBackend`; every URL is checked again before it is asked for."""

    def __init__(
        self,
        policy: Policy,
        *,
        resolver: Resolver = resolve,
        context: ssl.SSLContext | None = None,
        http2: bool = True,
        max_connections: int = 4,
    ) -> None:
        context = context or ssl_context()
        super().__init__(verify=context, trust_env=False)
        self._policy = policy
        # httpx has no public place for a network backend; a test counts connections to prove that this one is used.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=10.0,
            http1=True,
            http2=http2,
            network_backend=GuardedBackend(policy, resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._policy.check_url(str(request.url))
        response = await super().handle_async_request(request)
        if response.status_code in REDIRECTS:
            _set_location_aside(response)
        return response


def _set_location_aside(response: httpx.Response) -> None:
    """Move the Location, as bytes, to where `fetch` looks for it.

    httpx makes a request of it even where it is told not to follow it, and fails at what is no address.
    """
    locations = [value for name, value in response.headers.raw if name.lower() == b"location"]
    if locations:
        response.extensions["location"] = locations[0]
        del response.headers["location"]


@functools.cache
def ssl_context() -> ssl.SSLContext:
    """Return the one TLS context: loading the certificates takes 20 ms, more than reading a page."""
    return httpx.create_ssl_context(trust_env=False)


class SiteClient(httpx.AsyncClient):
    """httpx's client over a guarded transport; `get_raw` is for who needs a page and nothing else of it."""

    def __init__(self, transport: GuardedTransport, headers: Mapping[str, str], timeout: httpx.Timeout) -> None:
        super().__init__(
            # No cookie is kept: what one site set must not reach another, nor what one reader saw the next.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            transport=transport,
            headers=headers,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
        )
        self._guarded = transport
        self._sent_always = [("Accept", "*/*"), *headers.items()]
        self._timeouts = {"timeout": timeout.as_dict()}

    async def get_raw(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """Send one GET and return the answer, whose body is not read yet. The caller closes it.

        It goes round what httpx does for cookies, redirects, authentication and hooks: a third of a request's CPU.
        """
        sent = [*self._sent_always, *headers.items()]
        request = httpx.Request("GET", url, headers=sent, extensions=self._timeouts)
        response = await self._guarded.handle_async_request(request)
        response.request = request
        return response


def guarded_client(
    policy: Policy,
    *,
    user_agent: str = "",
    resolver: Resolver = resolve,
    context: ssl.SSLContext | None = None,
    http2: bool = True,
) -> SiteClient:
    """Return a client for ONE site. Many small ones are cheap; one over many hosts is quadratic in connections.

    `context` is for operators with certificates of their own; the default trusts what browsers trust.
    """
    return SiteClient(
        GuardedTransport(policy, resolver=resolver, context=context, http2=http2),
        {"User-Agent": user_agent} if user_agent else {},
        httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
    )
