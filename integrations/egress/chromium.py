"""Finds, starts or reaches a Chromium that has no way out but a filtering proxy.

https://playwright.dev/python/docs/api/class-browsertype
"""

import asyncio
import os
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, ProxySettings, async_playwright

from integrations.egress.errors import NotConnected

# The headless shell renders a page for half of what the whole browser costs (180 against 370 ms of CPU).
_SYSTEM_BROWSERS = (
    # Debian's command of that name is a shell that waits for it; a kill would reach the shell and not the browser.
    "/usr/lib/chromium/chromium-headless-shell",
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
INSTALL_HINT = "Install one with: playwright install chromium"
START_SECONDS = 30.0
_CLOSE_SECONDS = 5.0

# Of several --disable-features only the last counts, so Playwright's own list (chromiumSwitches.ts) is repeated here.
_FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    # Ours: host names in WebRTC's candidates are resolved by multicast, pages are loaded before anybody asks.
    "WebRtcHideLocalIpsWithMdns",
    "Prerender2",
    # A renderer kept warm for a next page, which gets one of its own all the same: 60 ms of CPU a page.
    "SpareRendererForSitePerProcess",
    # The whole browser draws its address bar's popups as web pages, two for each context: 950 ms of CPU a page.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
)
_FLAGS = (
    # Without these WebRTC and QUIC would find their own way out by UDP.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-features=" + ",".join(_FEATURES_OFF),
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--mute-audio",
    # A page that eats memory ends its own tab, long before the machine is short of it.
    "--js-flags=--max-old-space-size=384",
)
_WITHOUT_PICTURES = ("--blink-settings=imagesEnabled=false", "--remote-fonts-disabled")
# Playwright lets every window.open pass, as tests want it; a page that opens windows by itself is no test.
_NOT_OURS = ("--disable-popup-blocking", "--disable-ipc-flooding-protection")


@dataclass(frozen=True, slots=True)
class Launch:
    """How to get a Chromium: a local `executable` ('' finds one), or `ws_endpoint`, one that runs elsewhere.

    `ws_endpoint` is a Playwright server (`playwright launch-server`), or a browser's DevTools address: http(s), or
    ws(s) with a path below /devtools/. `proxy_url` is the way out; `images` says whether pictures and fonts are loaded.
    """

    proxy_url: str
    executable: str = ""
    ws_endpoint: str = ""
    images: bool = False

    @property
    def proxy(self) -> ProxySettings:
        """The way out. Browsers exempt loopback from proxies; `<-loopback>` takes that back."""
        return {"server": self.proxy_url, "bypass": "<-loopback>"}

    @property
    def flags(self) -> list[str]:
        """What a local browser is started with, beside what Playwright itself adds."""
        # Names are the proxy's to resolve. Chromium could not even where it found a way around it.
        names = f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {urlsplit(self.proxy_url).hostname}"
        return [*_FLAGS, names, *(() if self.images else _WITHOUT_PICTURES)]


class Chromium:
    """One running browser and Playwright's driver for it, from `start` to `close`.

    `opened` counts the tabs that it has had, `open_now` those that it has: both are kept by whoever opens them.
    """

    def __init__(self, browser: PlaywrightBrowser, stack: AsyncExitStack) -> None:
        self.browser = browser
        self.opened = 0
        self.open_now = 0
        self._stack = stack

    @classmethod
    async def start(cls, launch: Launch, seconds: float = START_SECONDS) -> Self:
        """Return a browser that is ready within `seconds`. Raises `NotConnected`."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(seconds):
                    # A driver for each browser: it is a process that can die, and grows, as well.
                    playwright = await stack.enter_async_context(async_playwright())
                    browser = await _reached(playwright, launch, seconds)
            except TimeoutError as error:
                raise NotConnected(f"The browser did not start within {seconds:g} seconds.") from error
            except (PlaywrightError, OSError) as error:
                raise NotConnected("The browser could not be started.") from error
            return cls(browser, stack.pop_all())

    @property
    def is_alive(self) -> bool:
        """Whether it still answers, as far as is known."""
        return self.browser.is_connected()

    async def close(self) -> None:
        """End its processes; one that does not end by itself is killed with its driver."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.browser.close()
        except (TimeoutError, PlaywrightError):
            pass  # the driver takes it along
        await self._stack.aclose()


async def _reached(playwright: Playwright, launch: Launch, seconds: float) -> PlaywrightBrowser:
    milliseconds = seconds * 1000
    if not launch.ws_endpoint:
        # Chromium's own sandbox does not start for root, as in most containers.
        has_sandbox = os.geteuid() != 0 if hasattr(os, "geteuid") else True
        return await playwright.chromium.launch(
            executable_path=launch.executable or find_executable() or None,
            proxy=launch.proxy,
            args=launch.flags,
            ignore_default_args=list(_NOT_OURS),
            chromium_sandbox=has_sandbox,
            timeout=milliseconds,
        )
    if _speaks_devtools(launch.ws_endpoint):
        return await playwright.chromium.connect_over_cdp(launch.ws_endpoint, timeout=milliseconds)
    return await playwright.chromium.connect(launch.ws_endpoint, timeout=milliseconds)


def _speaks_devtools(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    return parts.scheme in ("http", "https") or parts.path.startswith("/devtools/")


def find_executable() -> str:
    """Return the path of a Chromium that the system has, or ''."""
    return next((path for name in _SYSTEM_BROWSERS if (path := shutil.which(name))), "")


async def available(executable: str = "", ws_endpoint: str = "") -> tuple[bool, str]:
    """Return whether a browser can be had, and otherwise the one command that installs it."""
    if ws_endpoint or (executable and os.access(executable, os.X_OK)):
        return True, ""
    if executable:
        return False, f"There is no browser at {executable}. {INSTALL_HINT}"
    if find_executable():
        return True, ""
    async with async_playwright() as playwright:
        if os.access(playwright.chromium.executable_path, os.X_OK):
            return True, ""
    return False, INSTALL_HINT
