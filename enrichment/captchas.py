"""The CAPTCHAs on a page: which service, in which form.

Their marks: https://developers.google.com/recaptcha/docs/display, https://docs.hcaptcha.com/,
https://developers.cloudflare.com/turnstile/get-started/client-side-rendering/, https://developer.friendlycaptcha.com/docs.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment.form_controls import Controls
from enrichment.form_fields import Control, is_sum

_MAX_WIDGETS = 100
_WIDGETS = "[class*=captcha],[id*=captcha],[id*=Captcha],[class*=turnstile],[data-sitekey]"
_SIGN = re.compile(r"captcha|turnstile", re.I)
_VENDORS = (
    ("hcaptcha", re.compile(r"(?<![a-z])h-?captcha", re.I)),
    ("turnstile", re.compile(r"turnstile", re.I)),
    ("friendly", re.compile(r"frc-captcha|friendly-?captcha", re.I)),
    ("recaptcha", re.compile(r"recaptcha|g-captcha", re.I)),
)
# With a key in its address the script scores visitors on the whole page (https://developers.google.com/recaptcha/docs/v3).
_SCORING = re.compile(r"recaptcha/(?:api|enterprise)\.js\?(?:[^#]*&)?render=(?!explicit|onload)[\w-]{20}", re.I)


class Captchas:
    """What guards the forms of one page. Looked for only when asked: most pages have forms that nothing guards."""

    def __init__(self, tree: LexborHTMLParser, nodes: Sequence[LexborNode], controls: Controls) -> None:
        """`nodes` are, among others, the scripts and frames of `tree`."""
        self._tree, self._nodes, self._controls = tree, nodes, controls

    @cached_property
    def by_form(self) -> dict[int, str]:
        """The service whose widget stands in a form, by the form's mem_id (0: in none)."""
        found: dict[int, str] = {}
        for node in self._tree.css(_WIDGETS)[:_MAX_WIDGETS]:
            attributes = node.attributes
            words = f"{attributes.get('class')} {attributes.get('id')}"
            if vendor := _vendor(words) or ("recaptcha" if "data-sitekey" in attributes else ""):
                found.setdefault(self._controls.place_of(node).form, vendor)
        for node, source in self._sources:
            # A script that stands in no form may serve any, or none.
            if (vendor := _vendor(source)) and (form := self._controls.place_of(node).form):
                found.setdefault(form, vendor)
        return found

    @cached_property
    def is_scored(self) -> bool:
        """Whether reCAPTCHA watches the whole page and shows nothing."""
        return any(_SCORING.search(source) for _, source in self._sources)

    @staticmethod
    def at(control: Control) -> str:
        """Return what a field that proves a person wants of them."""
        vendor = _vendor(f"{control.name} {control.classes} {control.id}")
        asks = is_sum(control) or "?" in f"{control.label}{control.guess}"
        return vendor or ("question" if asks else "image")

    @cached_property
    def _sources(self) -> list[tuple[LexborNode, str]]:
        frames = ((node, node.attributes.get("src")) for node in self._nodes if node.tag in ("script", "iframe"))
        return [(node, source) for node, source in frames if source and _SIGN.search(source)]


def _vendor(words: str) -> str:
    if not _SIGN.search(words):
        return ""
    return next((name for name, pattern in _VENDORS if pattern.search(words)), "")
