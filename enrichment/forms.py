"""The forms on a page: where they go, what they ask for, what they are for. Nothing here sends anything.

A form is a <form>, or fields that belong together without one (a script sends them), or one that a provider
puts into the page (HubSpot, Typeform …), of which the page itself tells little but the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment import form_kinds
from enrichment.captchas import Captchas
from enrichment.embedded_forms import embedded_in
from enrichment.form_controls import BUTTONS, CONTROLS, Controls, Element
from enrichment.form_fields import Control, kind_of
from enrichment.form_kinds import Clues
from enrichment.form_words import folded
from integrations.capabilities import FieldKind, FormField, FormKind, FoundForm

MAX_FORMS = 30
MAX_FIELDS = 100
_MAX_ADDRESS = 2_000
_ELEMENTS = "base,form,input,select,textarea,button,label,iframe,script"
# How far above a loose field the others of its form are looked for.
_MAX_CLIMB = 8
_TRAP_ATTRIBUTE = "netlify-honeypot"


@dataclass(slots=True)
class _Draft:
    """A form while its controls are gathered; `node` is None for fields that stand in none."""

    node: LexborNode | None
    controls: list[Element] = field(default_factory=list)
    after: list[Element] = field(default_factory=list)  # loose controls between this form and the next


def forms_in(tree: LexborHTMLParser, url: str) -> tuple[FoundForm, ...]:
    """Return the forms of the page at `url`, at most 30, those without a <form> last. The tree is not changed."""
    nodes = tree.css(_ELEMENTS)
    found: list[FoundForm] = []
    if any(node.tag in CONTROLS for node in nodes):
        page = _Page(tree, url, nodes)
        for draft in page.drafts():
            if len(found) < MAX_FORMS and (form := page.form_of(draft)):
                found.append(form)
    return (*found, *embedded_in(tree, url, nodes))[:MAX_FORMS]


class _Page:
    """What the forms of one page share."""

    def __init__(self, tree: LexborHTMLParser, url: str, nodes: Sequence[LexborNode]) -> None:
        self.tree, self.url, self.nodes = tree, url, nodes
        self.base = _base_of(nodes, url)
        self.controls = Controls(tree, nodes)
        self.captchas = Captchas(tree, nodes, self.controls)

    def drafts(self) -> list[_Draft]:
        """Return the forms with their controls, in the order of the page; loose fields that belong together last."""
        drafts = {node.mem_id: _Draft(node) for node in self.nodes if node.tag == "form"}
        by_id = {draft.node.attributes.get("id"): draft for draft in reversed(drafts.values()) if draft.node}
        before = first = _Draft(None)
        for one in self.controls.elements:
            if isinstance(one, Element):
                named = one.attributes.get("form")
                owner = by_id.get(named) if named else drafts.get(one.place.form)
                (owner.controls if owner else before.after).append(one)
            else:
                before = drafts[one.mem_id]
        loose = list(first.after)
        for draft in drafts.values():
            torn = _torn_off(draft)
            draft.controls += draft.after[:torn]
            loose += draft.after[torn:]
        return [*(draft for draft in drafts.values() if draft.controls), *_formless(loose)]

    def form_of(self, draft: _Draft) -> FoundForm | None:
        """Return the form, or None where nobody could fill anything in."""
        attributes = draft.node.attributes if draft.node else {}
        default = next((one for one in draft.controls if one.type in ("submit", "image")), None)
        submit = default.attributes if default else {}
        method = (submit.get("formmethod") or attributes.get("method") or "").strip().lower()
        action = (submit.get("formaction") or attributes.get("action") or "").strip()
        controls = self._grouped([one for one in draft.controls if one.is_sent], bool(default))
        trap = attributes.get(_TRAP_ATTRIBUTE)
        fields = [_field(one, trap) for one in controls]
        if all(one.kind == "submit" for one in fields):
            return None
        kind, confidence = form_kinds.kind_of_form(Clues(_words_of(attributes, action), method), fields)
        return FoundForm(
            kind=kind,
            action=self._action(action),
            method="post" if method == "post" or draft.node is None else "get",
            fields=tuple(form_kinds.fields_in(kind, fields)),
            captcha="" if kind == "search" else self._captcha(draft, controls, fields, kind),
            source_url=self.url,
            confidence=confidence,
        )

    def _grouped(self, elements: Sequence[Element], has_submit: bool) -> list[Control]:
        """Read the controls; boxes of one name are one with options, a plain button counts where none submits."""
        controls: list[Control] = []
        groups: dict[tuple[str, str], tuple[int, Element]] = {}
        for element in elements:
            if element.type == "button" and has_submit:
                continue
            control = self.controls.read(element)
            key = (control.type, control.name)
            if control.type in ("radio", "checkbox") and control.name and key in groups:
                place, first = groups[key]
                controls[place] = self._joined(controls[place], control, first)
                continue
            if len(controls) == MAX_FIELDS:
                break
            groups.setdefault(key, (len(controls), element))
            controls.append(control)
        return controls

    def _joined(self, group: Control, box: Control, first: Element) -> Control:
        """Return `group` with one more box; from the second on its label is the legend, and the boxes are options."""
        if not group.options:
            label = self.controls.legend_of(first) or group.label
            group = replace(group, options=(group.label or group.guess,), label=label, guess="")
        if len(group.options) == MAX_FIELDS:
            return group
        return replace(group, options=(*group.options, box.label or box.guess))

    def _captcha(self, draft: _Draft, controls: Sequence[Control], fields: Sequence[FormField], kind: FormKind) -> str:
        """Return what must be solved before `draft` is taken, '' where nothing."""
        form = draft.node.mem_id if draft.node else 0
        if widget := self.captchas.by_form.get(form):
            return widget
        guard = next((control for control, one in zip(controls, fields, strict=True) if one.kind == "captcha"), None)
        if guard:
            return self.captchas.at(guard)
        return "recaptcha" if kind in ("contact", "registration") and self.captchas.is_scored else ""

    def _action(self, action: str) -> str:
        """Return where the form is sent; a script's form and one without address go to the page itself."""
        if not action or action.lower().startswith("javascript:") or action.startswith("#"):
            return self.url
        try:
            address = urljoin(self.base, action[:_MAX_ADDRESS])
            is_known = urlsplit(address).scheme in ("http", "https", "mailto")
        except ValueError:
            return ""
        return address if is_known else ""


def _base_of(nodes: Sequence[LexborNode], url: str) -> str:
    base = next((node.attributes["href"] for node in nodes if node.tag == "base" and node.attributes.get("href")), "")
    try:
        address = urljoin(url, (base or "").strip()[:_MAX_ADDRESS])
    except ValueError:
        return url
    return address if address.startswith(("http://", "https://")) else url


def _torn_off(draft: _Draft) -> int:
    """Return how many of the loose controls behind a form a browser sends with it.

    <table><form><tr> and <div><form></div>: the parser closes the form early, yet what stands before </form> is its
    own. A form that has nothing to fill in or nothing to press goes on up to the first button that sends.
    """
    if any(one.type in BUTTONS for one in draft.controls):
        return 0
    sends = (place for place, one in enumerate(draft.after, 1) if one.type in ("submit", "image"))
    return next(sends, 0 if draft.controls else len(draft.after))


def _formless(loose: Sequence[Element]) -> list[_Draft]:
    """Group fields that stand in no form around those that only a form to a person or an account has."""
    above: dict[int, list[int]] = {}
    anchors = [place for place, one in enumerate(loose) if one.type in ("textarea", "email", "password")]
    if not anchors:
        return []
    ancestors = [_ancestors(one.node) for one in loose]
    for place, chain in enumerate(ancestors):
        for mem_id in chain:
            above.setdefault(mem_id, []).append(place)
    drafts: list[_Draft] = []
    taken: set[int] = set()
    for anchor in anchors:
        if anchor not in taken and len(drafts) < MAX_FORMS:
            around = ancestors[anchor]
            whole = next((one for one in around if _is_whole(loose, above[one])), None)
            whole = whole or next((one for one in around if _is_plenty(loose, above[one])), None)
            if whole is not None:
                drafts.append(_Draft(None, [loose[place] for place in above[whole]]))
                taken.update(above[whole])
    return drafts


def _ancestors(node: LexborNode) -> list[int]:
    found: list[int] = []
    at = node.parent
    while at is not None and at.tag not in ("body", "html") and len(found) < _MAX_CLIMB:
        found.append(at.mem_id)
        at = at.parent
    return found


def _is_whole(loose: Sequence[Element], places: Sequence[int]) -> bool:
    """Return whether there is something to fill in and something to press."""
    return any(loose[one].is_filled for one in places) and any(loose[one].type in BUTTONS for one in places)


def _is_plenty(loose: Sequence[Element], places: Sequence[int]) -> bool:
    return sum(loose[one].is_filled for one in places) >= 3


def _field(control: Control, trap: str | None) -> FormField:
    kind: FieldKind = "honeypot" if trap and control.name == trap else kind_of(control)
    label = control.label or control.guess or control.placeholder
    return FormField(control.name, kind, control.type, label, control.is_required, control.options)


def _words_of(attributes: dict[str, str | None], action: str) -> str:
    path = action.partition("?")[0].partition("://")[2] or action
    names = (attributes.get(name) or "" for name in ("id", "name", "class", "role", "aria-label", "title"))
    return folded(" ".join([*names, path[-80:]])[:200])
