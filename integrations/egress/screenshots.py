"""A picture of what a visitor sees first: the first screen of a page, without the cookie banner, as WebP.

https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-captureScreenshot
"""

import base64

from playwright.async_api import CDPSession, Page

from integrations.egress.errors import TooBig, Unreadable

WIDTH, HEIGHT = 1280, 800
MAX_PICTURE = 300_000
# Quality and scale, tried in this order until the picture is small enough; most are 30 to 120 kB at the first, and
# what is still too large at full size is noise.
_TRIES = ((60, 1.0), (30, 1.0), (30, 0.5))
# A screen of one colour is 2.4 to 2.5 kB at this size, one with a single line of text 3.1 kB.
_BLANK = 2_700

# The consent managers of most sites, and names that small ones give their own banner. Whatever is fixed to the screen
# is not hidden for that alone: it may be the navigation.
_BANNERS = (
    "#onetrust-consent-sdk",
    "#CybotCookiebotDialog",
    "#CybotCookiebotDialogBodyUnderlay",
    "#usercentrics-root",
    "#usercentrics-cmp-ui",
    "#didomi-host",
    "#cookiescript_injected",
    "#cookie-law-info-bar",
    "#cookie-notice",
    "#cmplz-cookiebanner-container",
    "#BorlabsCookieBox",
    "#iubenda-cs-banner",
    "#qc-cmp2-container",
    "#sp_message_container",
    "#truste-consent-track",
    "#hs-eu-cookie-confirmation",
    "#shopify-pc__banner",
    "#termly-code-snippet-support",
    ".cky-consent-container",
    ".cc-window",
    ".cookie-banner",
    ".cookie-consent",
    ".cookie-notice",
    "[id^='sp_message_container_']",
    "[aria-label='Cookie banner' i]",
    "[aria-label='cookieconsent' i]",
)
WITHOUT_BANNERS = """
(() => {
  if (self !== self.top) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`%s { display: none !important } html, body { overflow: auto !important }`);
  document.adoptedStyleSheets = [sheet];
})();
""" % ", ".join(_BANNERS)  # noqa: UP031 - CSS and JavaScript are full of braces

# Resolves when the pictures of the first screen and the fonts are there, or after `seconds` without.
_PICTURES_LOADED = """
(seconds) => {
  const isSeen = (image) => image.getBoundingClientRect().top < innerHeight;
  const waited = [...document.images].filter((image) => !image.complete && isSeen(image)).map(
    (image) => new Promise((loaded) => { image.onload = image.onerror = loaded; }));
  const all = Promise.all([document.fonts.ready, ...waited]).then(() => true);
  return Promise.race([all, new Promise((resolve) => setTimeout(resolve, seconds * 1000, false))]);
}
"""


async def picture_of(page: Page, seconds: float) -> bytes:
    """Return the first screen of `page`, once its pictures are loaded or `seconds` have passed.

    At most `MAX_PICTURE` bytes. Raises `Unreadable` for an empty screen, which says nothing to anybody, and `TooBig`.
    """
    await page.evaluate(_PICTURES_LOADED, seconds)
    session = await page.context.new_cdp_session(page)
    for quality, scale in _TRIES:
        picture = await _captured(session, quality, scale)
        if len(picture) <= _BLANK:
            raise Unreadable("The page shows an empty screen.")
        if len(picture) <= MAX_PICTURE:
            return picture
    raise TooBig(f"The picture of the page is larger than {MAX_PICTURE / 1_000:g} kB.")


async def _captured(session: CDPSession, quality: int, scale: float) -> bytes:
    # Playwright's own screenshot() knows PNG and JPEG only.
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": scale}
    options = {"format": "webp", "quality": quality, "clip": clip, "optimizeForSpeed": True}
    answer = await session.send("Page.captureScreenshot", options)
    return base64.b64decode(answer["data"])
