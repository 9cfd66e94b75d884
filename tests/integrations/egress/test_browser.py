import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest

from integrations.egress.browser import Browser, available, find_executable
from integrations.egress.errors import EgressError, Refused, Unreadable
from integrations.egress.policy import Policy
from tests.harness.fake_web import FakeWeb, Listener

needs_chromium = pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine")

# One page for each kind of request that a page can make without being asked. `{at}` is where it leads, `{bare}` is
# the same without the scheme.
HOSTILE = {
    "meta-refresh": '<meta http-equiv="refresh" content="0;url={at}/x">',
    "location": "<script>location = '{at}/x'</script>",
    "location-replace": "<script>location.replace('{at}/x')</script>",
    "img": '<img src="{at}/x">',
    "srcset": '<img srcset="{at}/x 1x, {at}/x 2x">',
    "picture": '<picture><source srcset="{at}/x"><img></picture>',
    "svg-image": '<svg><image href="{at}/x" width="9" height="9"/></svg>',
    "css-url": '<div style="background: url({at}/x); height: 9px; width: 9px"></div>',
    "css-import": "<style>@import url({at}/x);</style>",
    "stylesheet": '<link rel="stylesheet" href="{at}/x">',
    "font": "<style>@font-face {{ font-family: x; src: url({at}/x) }} p {{ font-family: x }}</style><p>text</p>",
    "script": '<script src="{at}/x"></script>',
    "module": '<script type="module">import "{at}/x"</script>',
    "dynamic-import": "<script>import('{at}/x')</script>",
    "iframe": '<iframe src="{at}/x"></iframe>',
    "iframe-in-iframe": "<iframe srcdoc=\"<iframe src='{at}/x'></iframe>\"></iframe>",
    "object": '<object data="{at}/x"></object>',
    "embed": '<embed src="{at}/x">',
    "fetch": "<script>fetch('{at}/x', {{mode: 'no-cors'}})</script>",
    "fetch-keepalive": "<script>fetch('{at}/x', {{mode: 'no-cors', keepalive: true}})</script>",
    "xhr": "<script>const x = new XMLHttpRequest(); x.open('GET', '{at}/x'); x.send()</script>",
    "preflight": "<script>fetch('{at}/x', {{method: 'PUT', headers: {{'X-Own': '1'}}}})</script>",
    "beacon": "<script>navigator.sendBeacon('{at}/x', 'x')</script>",
    "websocket": "<script>new WebSocket('ws://{bare}/x')</script>",
    "websocket-tls": "<script>new WebSocket('wss://{bare}/x')</script>",
    "eventsource": "<script>new EventSource('{at}/x')</script>",
    "worker": "<script>new Worker('/worker.js#{at}/x')</script>",
    "shared-worker": "<script>new SharedWorker('/worker.js#{at}/x')</script>",
    "service-worker": "<script>navigator.serviceWorker.register('/worker.js')</script>",
    "popup": "<script>for (let i = 0; i < 50; i++) window.open('{at}/x')</script>",
    "clicked-popup": '<a target="_blank" href="{at}/x" id="a">.</a><script>a.click()</script>',
    "form": '<form id="f" method="post" action="{at}/x"></form><script>f.submit()</script>',
    "form-in-frame": '<iframe name="t"></iframe><form id="f" target="t" action="{at}/x"></form>'
    "<script>f.submit()</script>",
    "prefetch": '<link rel="prefetch" href="{at}/x">',
    "preconnect": '<link rel="preconnect" href="{at}">',
    "dns-prefetch": '<link rel="dns-prefetch" href="{at}">',
    "preload": '<link rel="preload" as="script" href="{at}/x">',
    "modulepreload": '<link rel="modulepreload" href="{at}/x">',
    "prerender": '<link rel="prerender" href="{at}/x">',
    "speculation": '<script type="speculationrules">{{"prerender": [{{"urls": ["{at}/x"]}}]}}</script>',
    "favicon": '<link rel="icon" href="{at}/x">',
    "manifest": '<link rel="manifest" href="{at}/x" crossorigin>',
    "ping": '<a href="#x" ping="{at}/x" id="a">.</a><script>a.click()</script>',
    "video": '<video src="{at}/x" preload="auto" autoplay muted></video>',
    "poster": '<video poster="{at}/x"></video>',
    "audio": '<audio src="{at}/x" preload="auto"></audio>',
    "track": '<video crossorigin src="/none"><track default src="{at}/x" kind="subtitles"></video>',
    "csp-report": "<script>fetch('/report-only')</script>",
    "stun": "<script>call({{urls: 'stun:{bare}'}})</script>",
    "turn-udp": "<script>call({{urls: 'turn:{bare}?transport=udp', username: 'a', credential: 'b'}})</script>",
    "turn-tcp": "<script>call({{urls: 'turn:{bare}?transport=tcp', username: 'a', credential: 'b'}})</script>",
    "turn-tls": "<script>call({{urls: 'turns:{bare}?transport=tcp', username: 'a', credential: 'b'}})</script>",
    "webtransport": "<script>new WebTransport('https://{bare}/x').ready.catch(() => 0)</script>",
}
# What our browser does not ask for anywhere, by its flags or because no window shows it.
SILENT = {
    *("service-worker", "popup", "clicked-popup", "preconnect", "dns-prefetch", "prerender", "speculation"),
    *("favicon", "manifest", "ping", "stun", "turn-udp", "turn-tcp", "turn-tls", "webtransport", "csp-report"),
}
AROUND = """<html><head><script>
function call(server) {{
  const peer = new RTCPeerConnection({{iceServers: [server]}});
  peer.createDataChannel("x");
  peer.createOffer().then((offer) => peer.setLocalDescription(offer));
}}
setTimeout(() => document.body.append("This text was written by a script, a while after loading. ".repeat(4)), 600);
</script></head><body>{hostile}</body></html>"""
WORKER = "fetch(self.location.hash.slice(1), {mode: 'no-cors'})"


class Datagrams(asyncio.DatagramProtocol):
    """Counts what comes in by UDP, at the ports where the protected listeners are."""

    def __init__(self) -> None:
        self.received = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received += 1


@dataclass
class Protected:
    """A listener for each kind of request, by TCP and UDP."""

    listeners: dict[str, Listener]
    datagrams: Datagrams

    @property
    def reached(self) -> list[str]:
        """The kinds of request that got there."""
        return [kind for kind, listener in self.listeners.items() if listener.accepts]


async def protected_places(stack: AsyncExitStack) -> Protected:
    listeners = {kind: await stack.enter_async_context(Listener()) for kind in HOSTILE}
    datagrams = Datagrams()
    for listener in listeners.values():
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: datagrams, local_addr=("127.0.0.1", listener.port)
        )
        stack.callback(transport.close)
    return Protected(listeners, datagrams)


def put_hostile_pages(web: FakeWeb, host: str, places: dict[str, str]) -> None:
    """Serve each kind at `host`, leading to its one of `places` (`name:port`)."""
    web.page("/worker.js", WORKER, content_type="text/javascript")
    web.page("/report-only", "x", content_security_policy_report_only="default-src 'none'; report-uri /x")
    for kind, place in places.items():
        hostile = HOSTILE[kind].format(at=f"http://{place}", bare=place)
        web.page(f"{host}/{kind}", AROUND.format(hostile=hostile))


async def render_all(browser: Browser, host: str, kinds: Iterable[str] = tuple(HOSTILE)) -> None:
    async def render(kind: str) -> None:
        with suppress(EgressError):  # led nowhere, which is what it should do
            await browser.render(f"http://{host}/{kind}", 20)

    await asyncio.gather(*map(render, kinds))


def unasked(web: FakeWeb) -> set[str]:
    """Return the kinds whose public place nobody has asked for, of those that our browser asks for at all."""
    arrived = {asked.host.removesuffix(".public.example") for asked in web.asked}
    return set(HOSTILE) - arrived - SILENT - {"websocket-tls"}


@pytest.mark.browser
@needs_chromium
async def test_no_kind_of_request_gets_inside(web: FakeWeb) -> None:
    async with AsyncExitStack() as stack:
        protected = await protected_places(stack)
        ports = {listener.port for listener in protected.listeners.values()}
        places = {kind: f"127.0.0.1:{listener.port}" for kind, listener in protected.listeners.items()}
        put_hostile_pages(web, "hostile.example", places)
        put_hostile_pages(web, "open.example", {kind: f"{kind}.public.example" for kind in HOSTILE})
        policy = Policy(routes=web.routes, ports=frozenset({80, 443, *ports}))
        async with Browser(policy, images=True) as browser:
            await render_all(browser, "hostile.example")
            assert browser.proxy.refused > 30
            await render_all(browser, "open.example")
            # A page is closed once it has settled; on a busy machine that may be before its last request has left.
            for _ in range(4):
                await render_all(browser, "open.example", unasked(web))
        assert protected.reached == []
        assert protected.datagrams.received == 0
    # The same pages, where they may go: what did not get inside was really asked for.
    assert unasked(web) == set()


@pytest.mark.browser
@needs_chromium
async def test_no_spelling_of_an_inside_address_gets_there(web: FakeWeb, inside: Listener) -> None:
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    spellings = ["localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "rebound.test"]
    for number, spelling in enumerate(spellings):
        at = f"http://{spelling}:{inside.port}"
        scripts = f'<script src="{at}/a"></script><iframe src="{at}/b"></iframe><script>fetch("{at}/c")</script>'
        web.page(f"{number}.example/", AROUND.format(hostile=scripts))
    policy = Policy(routes=web.routes, ports=frozenset({80, inside.port}))
    async with Browser(policy, resolver=resolver) as browser:
        await asyncio.gather(*(browser.render(f"http://{number}.example/", 20) for number in range(len(spellings))))
        assert browser.proxy.refused >= len(spellings)
    assert inside.accepts == 0
    assert "rebound.test" in asked  # the proxy resolves names, and judges what they lead to; Chromium cannot


@pytest.mark.browser
@needs_chromium
async def test_a_redirect_inwards_does_not_get_there(web: FakeWeb, inside: Listener) -> None:
    web.redirect("/", f"http://127.0.0.1:{inside.port}/")
    policy = Policy(routes=web.routes, ports=frozenset({80, inside.port}))
    async with Browser(policy) as browser:
        with pytest.raises((Refused, Unreadable), match="may not be visited"):
            await browser.render("http://acme.example/", 15)
        with pytest.raises(Refused):
            await browser.render(f"http://127.0.0.1:{inside.port}/", 15)
    assert inside.accepts == 0


async def test_it_names_the_one_command_when_there_is_no_browser() -> None:
    is_available, hint = await available(executable="/nowhere/chromium")
    assert not is_available
    assert "playwright install chromium" in hint


def test_a_remote_browser_without_a_filtering_proxy_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        Browser(Policy(), ws_endpoint="ws://browsers.internal:3000/")
