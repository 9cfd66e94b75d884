"""Clients for the services that the operator configured: each goes to one address, and takes bounded answers."""

from collections.abc import AsyncIterator

import httpx

from integrations.egress.body import ACCEPT_ENCODING, Decoder
from integrations.egress.errors import Unreadable
from integrations.egress.policy import Policy
from integrations.egress.transport import GuardedTransport, SiteClient

# A hundred search results take 100 kB, a thousand tokens of JSON 8 kB.
MAX_ANSWER_BYTES = 1_000_000
# A streamed answer wraps every few characters in 200 to 400 bytes of JSON.
MAX_STREAM_BYTES = 4_000_000
# As many calls as a worker has in flight, and some: where the vendor speaks HTTP/2, all share one connection.
MAX_CONNECTIONS = 256
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_EVENT_STREAM = "text/event-stream"


class AnswerTooBig(httpx.ReadError):
    """The service sent more than is accepted, before or after decompression; the rest was not read."""


class AnswerUnreadable(httpx.DecodingError):
    """The service packed its answer in a way that was not asked for, or the packing is damaged."""


def vendor_client(base_url: str) -> httpx.AsyncClient:
    """Return a client for one service. Its address comes from the operator's environment, so loopback is allowed.

    Only there: a redirect or another address that the service names is judged like anybody's. An address that a
    customer typed in must never come here. An answer of more than MAX_ANSWER_BYTES (an event stream:
    MAX_STREAM_BYTES) ends with AnswerTooBig, which is an httpx.ReadError: what was asked was sent.
    """
    url = httpx.URL(base_url)
    policy = Policy(trusted=frozenset({f"{url.scheme}://{url.netloc.decode('ascii')}"}))
    return SiteClient(
        _BoundedTransport(policy, max_connections=MAX_CONNECTIONS),
        {"Accept-Encoding": ACCEPT_ENCODING},
        httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
    )


class _BoundedTransport(GuardedTransport):
    """Decompresses answers itself and stops at the limit: httpx would unpack a bomb in full."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        is_stream = response.headers.get("content-type", "").lower().startswith(_EVENT_STREAM)
        most = MAX_STREAM_BYTES if is_stream else MAX_ANSWER_BYTES
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            response.stream = _BoundedStream(response.stream, response.headers.get("content-encoding", ""), most)
        except AnswerUnreadable:
            await response.aclose()
            raise
        response.headers.pop("content-encoding", None)  # what is read is plain now
        # Vendors write UTF-8. Whatever else one names would be looked up among Python's codecs, and some of those are
        # for no text (base64) or refuse to be read by httpx (idna): it fails at them with an AssertionError.
        if "content-type" in response.headers:
            response.headers["content-type"] = response.headers["content-type"].partition(";")[0]
        return response


class _BoundedStream(httpx.AsyncByteStream):
    """The decompressed bytes of `stream`, at most `most` of them."""

    def __init__(self, stream: httpx.AsyncByteStream, encoding: str, most: int) -> None:
        self._stream = stream
        self._most = most
        try:
            self._decoder = Decoder(encoding)
        except Unreadable as error:
            raise AnswerUnreadable(error.reason) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = written = 0
        async for chunk in self._stream:
            received += len(chunk)
            try:
                for piece in self._decoder.pieces(chunk, self._most + 1 - written):
                    written += len(piece)
                    self._check(written)
                    yield piece
            except Unreadable as error:
                raise AnswerUnreadable(error.reason) from error
            self._check(received)

    def _check(self, size: int) -> None:
        if size > self._most:
            raise AnswerTooBig(f"The answer is larger than {self._most / 1_000_000:g} MB.")

    async def aclose(self) -> None:
        await self._stream.aclose()
