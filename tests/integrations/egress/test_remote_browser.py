"""A browser that runs elsewhere: a Playwright server, or a Chromium whose DevTools are reached over the network."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from integrations.egress.browser import Browser, find_executable
from integrations.egress.errors import NotConnected
from integrations.egress.policy import Policy
from integrations.egress.proxy import FilteringProxy
from tests.harness.fake_web import FakeWeb, Listener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine"),
]


@asynccontextmanager
async def running(*command: str, says: str, on: str) -> AsyncIterator[str]:
    """Start `command`, give what stands from `says` on in a line of its output, and end it and its children."""
    pipes = {on: asyncio.subprocess.PIPE, "stdout" if on == "stderr" else "stderr": asyncio.subprocess.DEVNULL}
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True, **pipes)
    output = process.stdout if on == "stdout" else process.stderr
    assert output is not None
    try:
        async with asyncio.timeout(30):
            async for line in output:
                if says.encode() in line:
                    break
        yield line.decode()[line.decode().index(says) :].strip()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.wait()


def playwright_server(tmp_path: Path) -> list[str]:
    config = tmp_path / "browser.json"
    config.write_text(json.dumps({"executablePath": find_executable(), "headless": True, "host": "127.0.0.1"}))
    return [*compute_driver_executable(), "launch-server", "--browser", "chromium", "--config", str(config)]


def devtools(tmp_path: Path) -> list[str]:
    flags = ["--headless", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={tmp_path}/profile"]
    return [find_executable(), *flags, "about:blank"]


@pytest.mark.parametrize(("command", "on"), [(playwright_server, "stdout"), (devtools, "stderr")])
async def test_a_remote_browser_reads_pages_behind_the_proxy(
    web: FakeWeb, inside: Listener, tmp_path: Path, command, on: str
) -> None:
    hostile = f"<script>fetch('http://127.0.0.1:{inside.port}/x')</script><img src='http://127.0.0.1:{inside.port}/y'>"
    text = "<script>setTimeout(() => document.body.append('A text that a script wrote. '.repeat(9)), 300)</script>"
    web.page("/", f"<body>{hostile}{text}</body>")
    policy = Policy(routes=web.routes, ports=frozenset({80, inside.port}))
    async with FilteringProxy(policy) as proxy, running(*command(tmp_path), says="ws://", on=on) as endpoint:
        for _ in range(2):  # the remote one goes on when we have gone
            async with Browser(policy, ws_endpoint=endpoint, proxy_url=proxy.url) as browser:
                html, url = await browser.render("http://acme.example/", 20)
            assert "A text that a script wrote." in html
            assert url == "http://acme.example/"
        assert proxy.refused >= 2
    assert inside.accepts == 0


async def test_a_remote_browser_that_is_not_there_is_a_reason(web: FakeWeb) -> None:
    nowhere = f"ws://127.0.0.1:{web.port}/"
    async with Browser(Policy(), ws_endpoint=nowhere, proxy_url="http://127.0.0.1:9") as browser:
        with pytest.raises(NotConnected, match="could not be started"):
            await browser.render("http://acme.example/", 10)
