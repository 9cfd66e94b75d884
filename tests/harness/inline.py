"""Finding script and style that stand in a page itself, where our content security policy forbids them."""

import re
from html.parser import HTMLParser

_TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_COMMENTS = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
DATA = {"application/json", "text/template"}


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "style" and "nonce" not in values:
            self.found.append("<style>")
        if tag == "script" and not {"src", "nonce"} & values.keys() and values.get("type") not in DATA:
            self.found.append("<script>")
        for name, value in values.items():
            if name == "style" or re.fullmatch(r"on[a-z]+", name):
                self.found.append(f"<{tag} {name}>")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}=javascript:>")


def inline(html: str) -> list[str]:
    """Return what stands inline in a page: [] where it is clean."""
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found


def inline_in_template(source: str) -> list[str]:
    """Return what stands inline in a template, whatever it would be rendered with."""
    return inline(_TAGS.sub("", _COMMENTS.sub("", source)))
