"""Pages that want to be read for ever, or to take the browser down: each ends in time, and the next one is read."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from integrations.egress.browser import Browser, find_executable
from integrations.egress.errors import EgressError, NotConnected, TimedOut, TooBig, Unreadable
from integrations.egress.policy import Policy
from tests.harness.fake_web import Asked, FakeWeb, Handler, answer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine"),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are counted in Linux's /proc"),
]

TEXT = "<p>Here is text that a reader can use, whatever else goes on below it on this page, at some length.</p>"
SLACK = 5.0  # seconds over the deadline in which a tab must have been cleared away

# A page that ends as a page: its text is read.
READ = {
    "ticker": "<script>setInterval(() => document.body.append('tick '), 20)</script>",
    "endless-alerts": "<script>setInterval(() => { alert(1); confirm(2); prompt(3); print() }, 10)</script>",
    "beforeunload": "<script>onbeforeunload = (event) => { event.preventDefault(); return 'stay' }</script>",
    "window-open-loop": "<script>setInterval(() => { window.open('/next'); window.open('about:blank') }, 5)</script>",
    "reload-once": "<script>if (!sessionStorage.seen) { sessionStorage.seen = 1; location.reload() }</script>",
    "endless-requests": "<script>setInterval(() => fetch('/none').catch(() => 0), 5)</script>",
    "never-answered": "<script>fetch('/silence')</script>",
    "never-loaded": '<img src="/silence"><script src="/silence" async></script>',
    "blob-download": "<a download id=a>.</a><script>a.href = URL.createObjectURL(new Blob(['x'])); a.click()</script>",
    "tampered": "<script>Promise.prototype.then = null; performance.now = () => 0; setTimeout = null</script>",
    "deep": "<script>let e = document.body; for (let i = 0; i < 30000; i++) e = e.appendChild("
    "document.createElement('b'))</script>",
}
# A page that does not: what is raised, and why.
REFUSED = {
    "endless-script": ("<script>while (true);</script>", TimedOut),
    "a-million-nodes": ("<script>document.body.innerHTML = '<b>x</b>'.repeat(1e6)</script>", TooBig),
    "memory-of-scripts": ("<script>const a = []; while (true) a.push(new Array(1e6).fill(1))</script>", NotConnected),
}


@pytest.fixture
def hostile(web: FakeWeb) -> FakeWeb:
    async def silence(asked: Asked, writer: object) -> None:
        await asyncio.sleep(60)

    web.pages["/silence"] = silence
    web.page("/next", f"<body>{TEXT}</body>")
    for name, script in READ.items():
        web.page(f"/{name}", f"<body>{TEXT}{script}</body>")
    for name, (script, _) in REFUSED.items():
        web.page(f"/{name}", f"<body>{TEXT}{script}</body>")
    return web


class _Everywhere(dict[str, Handler]):
    """The same answer at every address."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler

    def get(self, key: str, default: object = None) -> Handler:  # type: ignore[override]
        return self._handler


def main_processes() -> set[int]:
    """Return the browsers below this process: those Chromium processes that no other Chromium started."""
    return {pid for pid in below(os.getpid()) if "--headless" in command_of(pid) and "--type=" not in command_of(pid)}


def below(pid: int) -> set[int]:
    """Return all processes that `pid` started, and those that they did."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found |= {child} | below(child)
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""  # it has just ended


async def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so; what is asked about is outside of this process and tells nobody."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def none_of(pids: set[int]) -> None:
    """Return once all of `pids` have ended."""
    await until(lambda: not any(map(command_of, pids)))


async def test_pages_that_never_settle_are_taken_as_they_are(hostile: FakeWeb) -> None:
    async with Browser(Policy(routes=hostile.routes)) as browser:

        async def read(name: str) -> None:
            html, url = await browser.render(f"http://acme.example/{name}", 12)
            assert "text that a reader can use" in html, name
            assert url == f"http://acme.example/{name}"

        async with asyncio.timeout(12 + SLACK + 20):
            await asyncio.gather(*map(read, READ))


async def test_pages_that_cannot_be_read_end_with_a_reason_and_the_browser_goes_on(hostile: FakeWeb) -> None:
    async with Browser(Policy(routes=hostile.routes)) as browser:
        await browser.render("http://acme.example/next", 15)
        before = main_processes()

        async def refused(name: str, kind: type[EgressError]) -> None:
            with pytest.raises(kind) as raised:
                await browser.render(f"http://acme.example/{name}", 15)
            assert raised.value.reason.endswith("."), name

        async with asyncio.timeout(15 + SLACK + 20):
            await asyncio.gather(*(refused(name, kind) for name, (_, kind) in REFUSED.items()))
        html, _ = await browser.render("http://acme.example/next", 15)
        assert "text that a reader can use" in html
        assert main_processes() == before


async def test_a_page_that_always_moves_on_ends_in_time(hostile: FakeWeb) -> None:
    async def next_page(asked: Asked, writer: asyncio.StreamWriter) -> None:
        body = f"<body>{TEXT}<script>location = '/' + Math.random()</script>".encode()
        await answer(writer, body, 200, {"Content-Type": "text/html"})

    hostile.pages = _Everywhere(next_page)
    async with Browser(Policy(routes=hostile.routes)) as browser, asyncio.timeout(5 + SLACK + 10):
        with suppress(EgressError):  # it may be caught between two pages, and read
            await browser.render("http://acme.example/", 5)


async def test_a_file_is_not_downloaded(hostile: FakeWeb) -> None:
    hostile.page("/file", b"PK" * 1000, content_type="application/zip", content_disposition="attachment")
    async with Browser(Policy(routes=hostile.routes)) as browser:
        with pytest.raises(Unreadable, match="file"):
            await browser.render("http://acme.example/file", 15)


async def test_a_browser_that_was_killed_is_replaced_for_the_next_page(hostile: FakeWeb) -> None:
    async with Browser(Policy(routes=hostile.routes)) as browser:
        await browser.render("http://acme.example/next", 15)
        before = main_processes()
        lost = asyncio.create_task(browser.render("http://acme.example/endless-script", 15))
        await until(lambda: "/endless-script" in hostile.paths())
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(NotConnected):
            await lost
        html, _ = await browser.render("http://acme.example/next", 15)
        assert "text that a reader can use" in html
        assert main_processes() and not main_processes() & before


async def test_a_browser_that_hangs_is_replaced(hostile: FakeWeb) -> None:
    async with Browser(Policy(routes=hostile.routes)) as browser:
        await browser.render("http://acme.example/next", 15)
        before = main_processes()
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TimedOut):
            await browser.render("http://acme.example/next", 3)
        html, _ = await browser.render("http://acme.example/next", 15)
        assert "text that a reader can use" in html
        await none_of(before)


async def test_an_old_browser_ends_with_its_last_tab_while_another_one_works(hostile: FakeWeb) -> None:
    async with Browser(Policy(routes=hostile.routes), pages_per_browser=3) as browser:
        await asyncio.gather(*(browser.render("http://acme.example/next", 20) for _ in range(7)))
        assert len(main_processes()) == 1


async def test_closing_leaves_no_process_behind(hostile: FakeWeb) -> None:
    before = below(os.getpid())
    async with Browser(Policy(routes=hostile.routes)) as browser:
        unread = asyncio.create_task(browser.render("http://acme.example/endless-script", 30))
        await until(lambda: "/endless-script" in hostile.paths())
        started = below(os.getpid()) - before
        assert len(started) > 3
    with pytest.raises(NotConnected):
        await unread
    await none_of(started)


async def test_a_browser_that_does_not_start_is_a_reason_and_no_hang(hostile: FakeWeb, tmp_path: Path) -> None:
    asleep = tmp_path / "chromium"
    asleep.write_text("#!/bin/sh\nexec sleep 600\n")
    asleep.chmod(0o755)
    async with Browser(Policy(routes=hostile.routes), executable=str(asleep), start_seconds=2) as browser:
        with pytest.raises(NotConnected, match="did not start"):
            await browser.render("http://acme.example/next", 15)
    async with Browser(Policy(routes=hostile.routes), executable="/bin/false") as browser:
        with pytest.raises(NotConnected, match="could not be started"):
            await browser.render("http://acme.example/next", 15)
