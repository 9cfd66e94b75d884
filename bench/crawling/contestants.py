"""The web, and each crawler on it, as processes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.crawling.measured import Measured, run
from bench.crawling.pages import PATHS
from bench.crawling.web import address_of
from integrations.egress.browser import find_executable

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-bench"


@dataclass(frozen=True, slots=True)
class Contest:
    """A web that is up, and a folder for what crawlers write.

    `flawless_port` serves the same pages without latency and failures.
    """

    server: subprocess.Popen[str]
    port: int
    flawless_port: int
    folder: Path

    def ours(self, sites: Sequence[int], *, browser: bool, **more: Any) -> Measured:
        """Run our crawler over `sites`; `more` is what `bench.crawling.ours` knows."""
        self._start_anew()
        given = {"port": self.port, "sites": list(sites), "browser": browser, **more}
        return run([sys.executable, "-m", "bench.crawling.ours"], given, self.folder / "ours.jsonl")

    def browser_alone(self, sites: Sequence[int]) -> Measured:
        """Have our browser render all pages of `sites` with nothing to wait for."""
        return self.ours(sites, browser=True, renders=True, port=self.flawless_port)

    def peer(self, program: str, sites: Sequence[int], **more: Any) -> Measured:
        """Run a program of `bench/crawling/peers` in the peers' environment."""
        self._start_anew()
        urls = [[site, path, f"http://{address_of(site)}:{self.port}{path}"] for site in sites for path in PATHS]
        command = [str(PEERS / "bin" / "python"), str(ROOT / "bench" / "crawling" / "peers" / f"{program}.py")]
        env = {"PLAYWRIGHT_BROWSERS_PATH": str(self._shelf()), "CRAWL4_AI_BASE_DIRECTORY": str(self.folder)}
        return run(command, {"urls": urls, **more}, self.folder / f"{program}.jsonl", env)

    def _start_anew(self) -> None:
        """Let the web fail again where it fails at first: each crawler is to meet the same web."""
        assert self.server.stdin and self.server.stdout
        self.server.stdin.write("\n")
        self.server.stdin.flush()
        if self.server.stdout.readline().strip() != "ready":
            raise RuntimeError("The web has ended.")

    def _shelf(self) -> Path:
        """Lay links to the system's browsers where the peers' Playwright looks for its own download of them.

        What runs without a window is for them the very browser that we use.
        """
        shelf, ours = self.folder / "browsers", find_executable()
        executables = {
            "chromium": ("chrome-linux64/chrome", shutil.which("chromium") or ours),
            "chromium_headless_shell": ("chrome-headless-shell-linux64/chrome-headless-shell", ours),
        }
        for listing in PEERS.glob("lib/python*/site-packages/*/driver/package/browsers.json"):
            for browser in json.loads(listing.read_text())["browsers"]:
                name = browser["name"].replace("-", "_")
                if name in executables:
                    place, executable = executables[name]
                    home = shelf / f"{name}-{browser['revision']}"
                    (home / place).parent.mkdir(parents=True, exist_ok=True)
                    (home / place).unlink(missing_ok=True)
                    (home / place).symlink_to(executable)
                    (home / "INSTALLATION_COMPLETE").touch()
        return shelf


@contextmanager
def contest(sites: int, folder: Path) -> Iterator[Contest]:
    """Serve a web of so many sites from a process of its own."""
    command = [sys.executable, "-m", "bench.crawling.web", str(sites)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=os.environ, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin and server.stdout
        port, flawless_port = map(int, server.stdout.readline().split())
        try:
            yield Contest(server, port, flawless_port, folder)
        finally:
            server.stdin.close()


def has_peers() -> bool:
    """Return whether the peers' environment has been installed, and to its end."""
    return (PEERS / ".done").exists()
