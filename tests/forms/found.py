"""The forms of a page, found as a browser finds them."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

_FIELDS = "input[name], select[name], textarea[name], button[name]"
_SENDS = ("hx-post", "hx-put", "hx-patch", "hx-delete")


@dataclass(frozen=True)
class Field:
    """One thing that a form sends: `kind` is text, hidden, select, file, number and so on; `value` is in it."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class Form:
    """Where a form is sent, how, and with what. `page` is where it stands."""

    page: str
    action: str
    method: str
    fields: tuple[Field, ...]

    @property
    def key(self) -> tuple[str, str, frozenset[str]]:
        """What tells it from another one: the same form stands on many pages."""
        return self.method, self.action, frozenset(field.name for field in self.fields)

    @property
    def typed(self) -> tuple[Field, ...]:
        """The fields that somebody could have changed; the token against forged requests is none."""
        return tuple(field for field in self.fields if field.name != "csrfmiddlewaretoken")

    def filled(self, **changed: object) -> dict[str, object]:
        """Return what a browser would send, with some values changed."""
        return {field.name: field.value for field in self.typed if field.kind != "file"} | changed


def forms_of(page: str, html: str) -> list[Form]:
    """Return the forms of a page, and what else sends something by itself."""
    tree = LexborHTMLParser(html)
    found = [_form(page, node) for node in tree.css("form")]
    lone = (node for name in _SENDS for node in tree.css(f"[{name}]") if node.tag != "form")
    return [*found, *(_form(page, node) for node in lone)]


def _form(page: str, node: LexborNode) -> Form:
    said = node.attributes
    sends = next((name for name in _SENDS if said.get(name)), "")
    method = sends.removeprefix("hx-") or (said.get("method") or "get").lower()
    action = (said.get(sends) if sends else said.get("action")) or urlsplit(page).path
    return Form(page, urljoin(page, action), method, tuple(_field(field) for field in node.css(_FIELDS)))


def _field(node: LexborNode) -> Field:
    name = node.attributes["name"] or ""
    if node.tag == "select":
        chosen = node.css_first("option[selected]") or node.css_first("option")
        return Field(name, "select", (chosen.attributes.get("value") or "") if chosen else "")
    if node.tag == "textarea":
        return Field(name, "textarea", node.text())
    return Field(name, node.attributes.get("type") or node.tag, node.attributes.get("value") or "")
