"""Hostile texts in a real browser: what a model wrote runs no script and asks nobody but us for anything.

Three runs: as users see it; without the content security policy (the sanitiser alone must hold); without the sanitiser
(the policy alone must stop scripts). A fourth, with neither, shows that the texts would do harm.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import pytest
from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import override_settings
from django.urls import include, path
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Error, Page, Request, Route, sync_playwright

from config import markdown
from integrations.egress.chromium import find_executable
from tests.harness import hostile_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(420)]

TEXTS = hostile_texts.own() + hostile_texts.naughty()
OWN = len(hostile_texts.own())
A_PAGE = 60  # texts that are shown on one page, where none can swallow the next

# What tells of a script that runs, before any script of the page.
NOTE = "for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => noteScript(name);"
# People click, point and tab; navigation by an ordinary link is theirs to decide and is left out.
PROVOKE = """() => {
  document.querySelectorAll("body *").forEach((element) => {
    const href = (element.getAttribute("href") || "").replace(/[^a-z:]/gi, "").toLowerCase();
    if (element.closest("a[href]") && !/^(javascript|vbscript|data):/.test(href)) return;
    for (const kind of ["mouseover", "focus", "pointerenter", "toggle", "input", "animationstart"])
      element.dispatchEvent(new Event(kind));
    if (element.click) element.click();
  });
}"""
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Answers</title></head><body>
{% load house %}{% for text in texts %}<article>{{ text }}</article>{% endfor %}</body></html>"""
FILTERED = SHELL.replace("{{ text }}", "{{ text|markdown }}")
RAW = SHELL.replace("{{ text }}", "{{ text|safe }}")


def filtered(request: HttpRequest, start: int, count: int) -> HttpResponse:
    return HttpResponse(Template(FILTERED).render(Context({"texts": TEXTS[start : start + count]})))


def raw(request: HttpRequest, start: int, count: int) -> HttpResponse:
    """Show texts as a careless program would: raw HTML on, pictures on, nothing sanitised; or not even as Markdown."""
    careless = MarkdownIt("commonmark", {"html": True})
    careless.validateLink = lambda url: True
    chosen = TEXTS[start : start + count]
    shown = [careless.render(text) if start % 2 else text for text in chosen]
    return HttpResponse(Template(RAW).render(Context({"texts": shown})))


urlpatterns = [
    path("filtered/<int:start>/<int:count>", filtered),
    path("filtered-no-csp/<int:start>/<int:count>", csp_exempt()(filtered)),
    path("raw/<int:start>/<int:count>", raw),
    path("raw-no-csp/<int:start>/<int:count>", csp_exempt()(raw)),
    path("", include("config.urls")),
]


class Outside:
    """Everything that is not us: it answers nobody, and notes who comes."""

    def __init__(self) -> None:
        self.visitors: list[bytes] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._note, daemon=True).start()

    def _note(self) -> None:
        while True:
            try:
                visitor, _ = self._door.accept()
            except OSError:
                return
            with visitor, contextlib.suppress(OSError):
                visitor.settimeout(1)
                self.visitors.append(visitor.recv(2_000))  # the name of the host stands in it, with TLS too

    def close(self) -> None:
        self._door.close()


class Visitor:
    """A person with a browser, who looks at pages of this file and points, clicks and tabs there."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url
        self.scripts: list[str] = []
        self.requests: list[str] = []
        self._address = ""
        page.context.expose_function("noteScript", lambda name: self.scripts.append(name))
        page.context.add_init_script(NOTE)
        page.context.route("**/*", self._hold)
        page.on("request", self._note_request)

    def look(self, address: str) -> None:
        self._address = f"{self.base_url}{address}"
        self.page.goto(self._address, wait_until="load")
        self.page.evaluate(PROVOKE)
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def _hold(self, route: Route) -> None:
        """Stay on the page: what it leads to is noted and not followed."""
        is_leaving = route.request.is_navigation_request() and route.request.url != self._address
        if is_leaving and route.request.frame == self.page.main_frame:
            route.abort("aborted")  # any other reason would show the browser's page of that error
        else:
            route.continue_()

    def _note_request(self, request: Request) -> None:
        if request.url.startswith(("http", "ws")) and not request.url.startswith(self.base_url):
            self.requests.append(request.url)


@pytest.fixture
def outside() -> Iterator[Outside]:
    place = Outside()
    yield place
    place.close()


@pytest.fixture
def walled_in(outside) -> Iterator[Browser]:
    """A browser in which every other host of the world is `outside`."""
    # What the browser asks its maker for by itself leads nowhere.
    own = "MAP *.google.com ~NOTFOUND, MAP *.googleapis.com ~NOTFOUND"
    rules = f"--host-resolver-rules={own}, MAP * 127.0.0.1:{outside.port}, EXCLUDE 127.0.0.1"
    executable = os.environ.get("BROWSER_EXECUTABLE") or find_executable() or None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", rules])
        except Error as error:
            pytest.skip(f"no Chromium on this machine: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def visitor(walled_in, base_url) -> Iterator[Visitor]:
    context = walled_in.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    with override_settings(ROOT_URLCONF=__name__):
        yield Visitor(page, base_url)
    context.close()


@pytest.mark.parametrize("kind", ["filtered", "filtered-no-csp"])
def test_no_script_runs_and_nobody_else_is_asked(visitor, outside, kind):
    shown = 0
    for start in range(0, len(TEXTS), A_PAGE):
        visitor.look(f"/{kind}/{start}/{A_PAGE}")
        shown += visitor.page.locator("article").count()
        allowed = ", ".join(sorted(markdown.TAGS))
        assert visitor.page.locator(f"article *:not({allowed})").count() == 0
        assert visitor.page.locator("article a[href]:not([rel='noopener nofollow ugc'])").count() == 0
    assert shown == len(TEXTS) >= 200
    assert (visitor.scripts, visitor.requests, outside.visitors) == ([], [], [])


def test_the_policy_alone_stops_scripts(visitor):
    assert scripts_that_ran(visitor, "raw") == []


def test_the_texts_would_do_harm_where_nothing_stops_them(visitor, outside):
    assert len(scripts_that_ran(visitor, "raw-no-csp", step=3)) >= 40
    assert outside.visitors


def scripts_that_ran(visitor: Visitor, kind: str, step: int = 1) -> list[str]:
    """Return the texts of which a script ran, each on a page of its own: a torn tag would hide those behind it.

    Of the naughty strings a part will do: what they do with scripts, ours do too.
    """
    ran = []
    for place, text in enumerate(TEXTS):
        if place % (step if place < OWN else 8 * step) == 0:
            visitor.look(f"/{kind}/{place}/1")
            if visitor.scripts:
                ran.append(text)
                visitor.scripts.clear()
    return ran
