"""The app as users meet it: uvicorn on loopback, a worker, and a real Chromium."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from asgiref.sync import async_to_sync
from django.db import connection
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from config.asgi import application
from hunts import pipeline
from hunts.models import Run
from integrations.egress.chromium import find_executable

# A machine that runs other tests beside this one is slow now and then; what happens is still seen at once.
expect.set_options(timeout=45_000)


@pytest.fixture
def base_url(transactional_db, sandbox) -> Iterator[str]:
    """Serve the app for one test."""
    server = uvicorn.Server(
        uvicorn.Config(application, port=0, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends_at = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < ends_at and thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def worker(transactional_db) -> Iterator[None]:
    """Work on whatever run is live, until the test is over."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.1):
            for run_id in Run.objects.live().values_list("pk", flat=True):
                async_to_sync(pipeline.work_on)(run_id, slice_seconds=5)
        connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    is_over.set()
    thread.join(20)


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """A browser for one test: a longer one would leave its event loop running in the thread of all tests."""
    with sync_playwright() as playwright:
        executable = os.environ.get("BROWSER_EXECUTABLE") or find_executable() or None
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"no Chromium on this machine: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


def is_complaint(said: ConsoleMessage) -> bool:
    """Tell faults from what tests do on purpose: a page that says no, and a stream that breaks (`[object Event]`)."""
    is_answer = any(f"status of {status}" in said.text for status in (401, 404, 409))
    return said.type == "error" and not is_answer and said.text != "[object Event]"


@pytest.fixture
def open_page(chromium, base_url) -> Iterator[Callable[..., Page]]:
    """Open a browser window; what its console complains about fails the test at its end."""
    complaints: list[str] = []
    contexts = []

    def opened(**options) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "base_url": base_url, **options}
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(45_000)
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
