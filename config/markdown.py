"""The one way in which what a model wrote becomes HTML: no raw HTML, no pictures, only links that a person must click.

Two walls, and the page's content security policy is a third: markdown-it makes no tag that the text brings along, and
nh3 lets only the tags below through, without attributes other than the address of a link.
"""

from functools import cache
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# A model's answers are far shorter; the time that nested emphasis takes grows faster than the text.
LONGEST = 10_000  # characters

# No heading: see `_markdown`.
TAGS = frozenset(
    {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
_SCHEMES = frozenset({"http", "https"})


def render(text: str) -> SafeString:
    """Return Markdown as HTML that runs nothing and loads nothing; what is longer than LONGEST is cut off with an …"""
    bounded = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return mark_safe(clean(_markdown().render(bounded)))  # noqa: S308 - this is the function that makes it safe


def clean(html: str) -> str:
    """Return HTML with nothing left but TAGS and links to http and https addresses."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        attribute_filter=_kept,
        url_schemes=set(_SCHEMES),
        link_rel="noopener nofollow ugc",
        strip_comments=True,
    )


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("js-default", {"html": False}).disable("image")
    # The page has its own outline: a heading of a model's answer is a bold line in it.
    markdown.add_render_rule("heading_open", lambda *_: "<p><strong>")
    markdown.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
    return markdown


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Return the value of an attribute, None to leave it out: a title, say, or an address that leads into our app."""
    if attribute != "href":
        return value if attribute == "rel" else None
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return None
    return value if parts.scheme in _SCHEMES and parts.hostname else None
