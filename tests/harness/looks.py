"""What is wrong with how a page looks, as far as a machine can tell."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# A colour that is still fading into another has a contrast of its own.
_STANDS_STILL = """Promise.allSettled(
    document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)
).then(() => null)"""


def is_too_wide(page: Page) -> bool:
    """Tell whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def faults(page: Page) -> list[str]:
    """Return what axe finds once no colour fades any more, and whether the page scrolls sideways."""
    page.evaluate(_STANDS_STILL)
    found = [f"{rule['id']}: {rule['nodes'][0]['html'][:150]}" for rule in Axe().run(page).response["violations"]]
    return [*found, *(["it scrolls sideways"] if is_too_wide(page) else [])]
