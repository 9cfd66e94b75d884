"""The controls of a page's forms, each with the words and the elements around it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment.form_fields import Control
from enrichment.form_words import MAX_LABEL
from integrations.lexicon.text import one_line

CONTROLS = frozenset(["input", "select", "textarea", "button"])
BUTTONS = frozenset(["submit", "image", "button", "reset"])
_MAX_CONTROLS = 5_000
_MAX_OPTIONS = 300
_MAX_CHARS_READ = 400_000
_MAX_LOOKUPS = 40
_BOXES = frozenset(["checkbox", "radio"])
_SHOWN_BY_STYLE = frozenset(["checkbox", "radio", "file", "range", "color"])
_INPUTS = BUTTONS.union(
    ["text", "email", "tel", "url", "number", "search", "date", "datetime-local", "month", "week", "time", "password"],
    ["hidden", "checkbox", "radio", "file", "range", "color"],
)
# How far before a field its words may stand: levels up, and pieces back on each.
_LEVELS, _PIECES = 3, 4
_SILENT = frozenset(["script", "style", "noscript", "template", "svg", "br", "-comment", "iframe"])

_CONCEALED_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d])|clip\s*:\s*rect"
    r"|(?:left|top|right|margin|text-indent)\s{0,9}:[^;]{0,40}-\d{3,}"
    r"|(?:^|[;\s])(?:max-)?(?:height|width)\s{0,9}:\s{0,9}[01](?:px)?\s{0,9}(?:;|$|!)",
    re.I,
)
_CONCEALED_CLASS = re.compile(
    r"(?:^|\s)(?:visually-?hidden|sr-only|screen-reader(?:-text)?|d-none|hidden|hide|invisible|is-hidden)(?:$|\s)", re.I
)
_TRAP_CLASS = re.compile(r"honey|gform_validation_container|(?:^|[\s_-])hp(?:$|[\s_-])", re.I)
_UNFILLED = frozenset(["off", "nope", "new-password", "false", "none", "chrome-off"])
_ID = re.compile(r"[A-Za-z_][\w.:-]{0,80}")


@dataclass(frozen=True, slots=True)
class Place:
    """What the elements around a control say of it; 0 and None stand for none."""

    form: int = 0  # mem_id of the <form>
    label: LexborNode | None = None
    fieldset: LexborNode | None = None
    concealer: int = 0  # mem_id of the innermost element around it that is not shown
    is_trap: bool = False
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """A control as it stands in the tree. `type` is as a browser takes it; of what is no input, its tag's name."""

    node: LexborNode
    type: str
    attributes: Mapping[str, str | None]
    place: Place

    @property
    def is_filled(self) -> bool:
        return self.type not in BUTTONS and self.type != "hidden"

    @property
    def is_sent(self) -> bool:
        """Whether a browser would send it. A disabled button counts: scripts wake it when all is filled in."""
        if self.type in BUTTONS:
            return self.type != "reset"
        return "disabled" not in self.attributes and not self.place.is_disabled


class Controls:
    """The controls of one page. What stands around them is read once for all that share it, so the time is linear."""

    def __init__(self, tree: LexborHTMLParser, nodes: Sequence[LexborNode]) -> None:
        """`nodes` are the forms, controls and labels of `tree` in the order of the page."""
        self._tree = tree
        self._places: dict[int, Place] = {}
        self._labels: dict[str, LexborNode] = {}
        self._concealed: Counter[int] = Counter()  # how many fields an element conceals
        self._chars_left = _MAX_CHARS_READ
        self._lookups_left = _MAX_LOOKUPS
        self.elements: list[Element | LexborNode] = []  # the controls and, before what they hold, the forms
        for node in nodes:
            tag = node.tag
            if tag == "form":
                self.elements.append(node)
            elif tag == "label":
                self._labels.setdefault(node.attributes.get("for") or "", node)
            elif tag in CONTROLS and len(self.elements) < _MAX_CONTROLS:
                attributes = node.attributes
                element = Element(node, _type_of(tag, attributes.get("type")), attributes, self.place_of(node))
                self.elements.append(element)
                if element.is_filled:
                    self._concealed[element.place.concealer] += 1

    def place_of(self, control: LexborNode) -> Place:
        above: list[LexborNode] = []
        place, node = Place(), control.parent
        while node is not None and node.tag not in ("body", "html"):
            known = self._places.get(node.mem_id)
            if known is not None:
                place = known
                break
            above.append(node)
            if node.tag == "form":
                break
            node = node.parent
        for element in reversed(above):
            place = self._places[element.mem_id] = _inside(place, element)
        return place

    def read(self, element: Element) -> Control:
        """Return what stands at and around a control."""
        attributes, kind, place = element.attributes, element.type, element.place
        if kind == "hidden":
            return Control((attributes.get("name") or "")[:200], kind, id=(attributes.get("id") or "")[:200])
        label = self._label(element)
        hint = (attributes.get("placeholder") or "").strip()
        autocomplete = (attributes.get("autocomplete") or "").strip().lower()
        is_typed = kind not in BUTTONS
        is_unseen = attributes.get("aria-hidden") == "true"
        is_skipped = attributes.get("tabindex") == "-1"
        # An editor hides the textarea that it lays itself over from screen readers, but has no need to skip it.
        is_unreached = (is_skipped and autocomplete in _UNFILLED) or (is_unseen and (is_skipped or kind != "textarea"))
        return Control(
            name=(attributes.get("name") or "")[:200],
            type=kind,
            label=label,
            guess="" if label or not is_typed else self._words_near(element),
            placeholder=hint[:MAX_LABEL],
            id=(attributes.get("id") or "")[:200],
            classes=(attributes.get("class") or "")[:200],
            autocomplete=autocomplete[:100],
            is_required=is_typed and (_is_required(attributes) or label.rstrip().endswith("*")),
            is_concealed=is_typed and self._is_concealed(element),
            is_out_of_reach=is_typed and (place.is_trap or is_unreached),
            is_fixed="readonly" in attributes,
            options=_options(element.node) if kind == "select" else (),
        )

    def legend_of(self, element: Element) -> str:
        """Return what a group of boxes is asked under: the legend of its fieldset or the words before its first box."""
        fieldset = element.place.fieldset
        legend = fieldset.css_first("legend") if fieldset is not None else None
        return self._text(legend) if legend is not None else self._words_before(element.node)

    def _is_concealed(self, element: Element) -> bool:
        attributes, concealer = element.attributes, element.place.concealer
        style, classes = attributes.get("style"), attributes.get("class")
        if element.type not in _SHOWN_BY_STYLE and (
            "hidden" in attributes
            or (style and _CONCEALED_STYLE.search(style))
            or (classes and _CONCEALED_CLASS.search(classes))
        ):
            return True
        # What conceals several fields is a step, a tab or a dialog that opens later.
        return bool(concealer) and self._concealed[concealer] == 1

    def _label(self, element: Element) -> str:
        attributes = element.attributes
        if element.type in BUTTONS:
            words = attributes.get("value") or ("" if element.node.tag == "input" else self._text(element.node))
            return one_line(words or attributes.get("alt") or attributes.get("aria-label") or "")[:MAX_LABEL]
        said = attributes.get("aria-label") or self._labelled_by(attributes.get("aria-labelledby") or "")
        beside = self._labels.get(attributes.get("id") or " ") or element.place.label
        words = self._text(beside, without=element.node) if beside is not None else ""
        return words or one_line(said or attributes.get("title") or "")[:MAX_LABEL]

    def _labelled_by(self, ids: str) -> str:
        words = []
        for one in ids.split()[:3]:
            if _ID.fullmatch(one) and self._lookups_left > 0:
                self._lookups_left -= 1
                node = self._tree.css_first(f'[id="{one}"]')
                words.append(self._text(node) if node is not None else "")
        return " ".join(filter(None, words))

    def _words_near(self, element: Element) -> str:
        """Return the words that stand beside a control without label: behind a box, otherwise before it."""
        if element.type in _BOXES:
            for piece in _beside(element.node, backwards=False):
                if piece.tag in CONTROLS or piece.mem_id in self._places:
                    break
                if text := self._text(piece):
                    return text
        return self._words_before(element.node)

    def _words_before(self, node: LexborNode) -> str:
        at: LexborNode | None = node
        for _ in range(_LEVELS):
            if at is None or at.tag in ("form", "body"):
                return ""
            for piece in _beside(at, backwards=True):
                if (piece.tag in CONTROLS and not _is_hidden(piece)) or piece.mem_id in self._places:
                    return ""  # these words belong to the control before
                if piece.tag not in CONTROLS and (text := self._text(piece)):
                    return text
            at = at.parent
        return ""

    def _text(self, node: LexborNode, without: LexborNode | None = None) -> str:
        """Return the words in `node`, for as long as the page has not made us read too many."""
        if self._chars_left <= 0 or node.tag in _SILENT:
            return ""
        text = node.text()
        self._chars_left -= len(text)
        if without is not None and without.tag in ("select", "textarea"):
            text = text.replace(without.text(), " ", 1)
        return one_line(text[: 2 * MAX_LABEL])[:MAX_LABEL]


def _type_of(tag: str | None, written: str | None) -> str:
    if tag in ("select", "textarea"):
        return tag
    written = (written or "").strip().lower()
    if tag == "button":
        return written if written in ("button", "reset") else "submit"
    return written if written in _INPUTS else "text"


def _is_hidden(node: LexborNode) -> bool:
    return (node.attributes.get("type") or "").lower() == "hidden"


def _inside(place: Place, element: LexborNode) -> Place:
    """Return the place of what stands directly in `element`, which itself stands at `place`."""
    tag, attributes = element.tag, element.attributes
    if tag == "form":
        return Place(form=element.mem_id)
    if not attributes and tag not in ("label", "fieldset"):
        return place
    classes, style = attributes.get("class"), attributes.get("style")
    is_concealed = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(classes and _CONCEALED_CLASS.search(classes))
        or bool(style and _CONCEALED_STYLE.search(style))
    )
    is_trap = place.is_trap or bool(classes and _TRAP_CLASS.search(classes))
    is_disabled = place.is_disabled or (tag == "fieldset" and "disabled" in attributes)
    if not (is_concealed or tag in ("label", "fieldset")) and (is_trap, is_disabled) == (
        place.is_trap,
        place.is_disabled,
    ):
        return place
    return Place(
        form=place.form,
        label=element if tag == "label" else place.label,
        fieldset=element if tag == "fieldset" else place.fieldset,
        concealer=element.mem_id if is_concealed else place.concealer,
        is_trap=is_trap,
        is_disabled=is_disabled,
    )


def _is_required(attributes: Mapping[str, str | None]) -> bool:
    classes = (attributes.get("class") or "").lower().split()
    return "required" in attributes or attributes.get("aria-required") == "true" or "required" in classes


def _options(select: LexborNode) -> tuple[str, ...]:
    texts = map(str.strip, select.text(separator="\x1e").split("\x1e", 4 * _MAX_OPTIONS)[: 4 * _MAX_OPTIONS])
    return tuple(one_line(text[:MAX_LABEL]) for text in texts if text)[:_MAX_OPTIONS]


def _beside(node: LexborNode, *, backwards: bool) -> Iterator[LexborNode]:
    piece = node.prev if backwards else node.next
    for _ in range(_PIECES):
        if piece is None:
            return
        yield piece
        piece = piece.prev if backwards else piece.next
