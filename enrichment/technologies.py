"""What a site runs on, told by the scripts that it loads, its generator tag, marks in its source, headers and cookies.

The clues stand in technologies.toml. A page is gone through once and every name on it is looked up, so that the time
depends on the page and next to nothing on how many technologies are known.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from integrations.capabilities import PageFact

MAX_TECHNOLOGIES = 60
_MAX_ELEMENTS = 1_000
_MAX_MARKED = 100
_MAX_QUOTE = 200  # characters
_MAX_ADDRESS = 2_000
_MAX_META = 200
_MAX_HEADER = 1_000
_MAX_SCRIPTS = 300_000  # characters, over all inline scripts
_MAX_ADDRESSES = 300_000  # characters, over all addresses of a sort
_MAX_COMMENTS = 100
_FIRST, _LAST = 20_000, 3_000  # characters at the page's ends
_MAX_HEADERS = 200
_MAX_COOKIES = 20_000  # characters

# How sure each sort of clue is: a name may be a coincidence; an address or a server's own word is not.
_GENERATOR, _ADDRESS, _HEADER, _COOKIE, _PATH, _MARK, _COMMENT = 0.98, 0.95, 0.95, 0.9, 0.9, 0.85, 0.8
_IMPLIED = 0.95  # of the confidence in what implies it

# Links that lead to other pages; the rest load something.
_MERE_LINKS = frozenset({"alternate", "author", "canonical", "help", "license", "me", "next", "prev", "search"})
_SCRIPT_TYPES = ("javascript", "module", "text/plain")  # text/plain is what waits for the visitor's consent
_HOST = re.compile(r"\n/(?:https?:)?//([a-z0-9_.-]{1,253})")
_INLINE_ADDRESS = re.compile(r"[a-z0-9_-][a-z0-9_.-]{1,250}\.[a-z]{2,20}(?:/[^\s\"'`<>\\;)]{0,180})?", re.I)
_SEGMENT = re.compile(r"/[._+~-]*([a-z0-9_]+)")
_COOKIE_NAME = re.compile(r"(?:^|[,\n]) ?([^\s=;,]{1,100})=")


@dataclass(frozen=True, slots=True)
class _Names:
    """Names that give a technology away: whole ones, and beginnings (written with a star behind)."""

    whole: Mapping[str, str]
    beginnings: Mapping[str, str]

    @classmethod
    def of(cls, clues: Iterable[tuple[str, str]]) -> "_Names":
        known = dict(clues)
        starts = {clue[:-1]: technology for clue, technology in known.items() if clue[-1] == "*"}
        return cls({clue: one for clue, one in known.items() if clue[-1] != "*"}, starts)

    def find(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield those of `names` that give a technology away, as they are written, each with the technology."""
        written = {name.lower(): name for name in names}
        for name in self.whole.keys() & written.keys():
            yield written[name], self.whole[name]
        lines = "\n" + "\n".join(written)
        for start, technology in self.beginnings.items():
            if f"\n{start}" in lines:
                yield next(written[name] for name in written if name.startswith(start)), technology


@dataclass(frozen=True, slots=True)
class _Paths:
    """Pieces of paths that give a technology away, each filed under the rarest of its words."""

    by_word: Mapping[str, list[tuple[str, str]]]
    words: frozenset[str]

    @classmethod
    def of(cls, clues: Iterable[tuple[str, str]]) -> "_Paths":
        """Raises ValueError where a piece has no whole word behind a slash."""
        words = {(piece, technology): _SEGMENT.findall(piece) for piece, technology in clues}
        counts = Counter(chain.from_iterable(words.values()))
        groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for clue, its_words in words.items():
            # A word at the very end may be the beginning of a longer one.
            whole = [word for word in its_words if not clue[0].endswith(word)]
            if not whole:
                raise ValueError(f"{clue[0]} ({clue[1]}) has no whole word behind a slash")
            groups[min(whole, key=counts.__getitem__)].append(clue)
        return cls(dict(groups), frozenset(groups))

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield where in `text` (lower case) a piece stands that gives a technology away, with the technology."""
        for word in self.words.intersection(_SEGMENT.findall(text)):
            for piece, technology in self.by_word[word]:
                if (place := text.find(piece)) >= 0:
                    yield place, technology


@dataclass(frozen=True, slots=True)
class _Clues:
    """technologies.toml turned round: from what a page has to the technology."""

    categories: Mapping[str, str]
    implied: Mapping[str, tuple[str, ...]]
    hosts: Mapping[str, list[tuple[str, str]]]  # the path's beginning or '', technology
    paths: _Paths
    scripts: tuple[tuple[str, str], ...]
    generators: tuple[tuple[str, str], ...]
    metas: _Names
    ids: _Names
    classes: _Names
    attributes: _Names
    comments: tuple[tuple[str, str], ...]
    headers: Mapping[str, list[tuple[re.Pattern[str], str]]]
    header_names: _Names
    cookies: _Names


def _load(path: Path) -> _Clues:
    """Read the clues at `path`; KeyError or TypeError where the file is not as its head says."""
    categories: dict[str, str] = {}
    implied: dict[str, tuple[str, ...]] = {}
    sorts: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for category, technologies in tomllib.loads(path.read_text("utf-8")).items():
        for name, clues in technologies.items():
            categories[name] = category
            implied[name] = tuple(clues.pop("implies", ()))
            for sort, texts in clues.items():
                sorts[sort] += [(text if sort == "scripts" else text.lower(), name) for text in texts]
    hosts: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for address, name in sorts["hosts"]:
        host, slash, rest = address.partition("/")
        hosts[host].append((slash + rest, name))
    named = [clue for clue in sorts["headers"] if clue[0].endswith(":")]
    return _Clues(
        categories=categories,
        implied=implied,
        hosts=dict(hosts),
        paths=_Paths.of(sorts["paths"]),
        scripts=tuple(sorts["scripts"]),
        generators=tuple(sorted(sorts["generators"], reverse=True)),  # the longer beginning first
        metas=_Names.of(sorts["metas"]),
        ids=_Names.of(sorts["ids"]),
        classes=_Names.of(sorts["classes"]),
        attributes=_Names.of(sorts["attributes"]),
        comments=tuple(sorts["comments"]),
        headers=_header_values(clue for clue in sorts["headers"] if clue not in named),
        header_names=_Names.of((name[:-1], technology) for name, technology in named),
        cookies=_Names.of(sorts["cookies"]),
    )


def _header_values(clues: Iterable[tuple[str, str]]) -> Mapping[str, list[tuple[re.Pattern[str], str]]]:
    """Return by header what to look for in it: "apache" is a word of "Apache/2.4" and none of "Apache-Coyote"."""
    values: defaultdict[str, list[tuple[re.Pattern[str], str]]] = defaultdict(list)
    for clue, technology in clues:
        name, value = clue.split(": ", 1)
        end = r"(?![a-z0-9-])" if value[-1].isalnum() else ""
        values[name].append((re.compile(rf"(?<![a-z0-9-]){re.escape(value)}{end}", re.I), technology))
    return dict(values)


_CLUES = _load(Path(__file__).with_name("technologies.toml"))


@dataclass(slots=True)
class _Findings:
    """What was found so far, each technology once, with the first clue to it."""

    html: str
    facts: dict[str, PageFact] = field(default_factory=dict)

    def add(self, technology: str, quote: str, confidence: float) -> None:
        if technology in self.facts or not quote:
            return
        self.facts[technology] = PageFact(
            kind="technology",
            value=technology,
            detail=_CLUES.categories[technology],
            quote=quote[:_MAX_QUOTE],
            in_source=True,
            confidence=round(confidence, 2),
        )
        for other in _CLUES.implied[technology]:
            self.add(other, quote, confidence * _IMPLIED)

    def add_from_source(self, technology: str, value: str, confidence: float, least: str = "") -> None:
        """Add what `value` gives away, quoted as it stands in the source, or `least`, a part of it that says enough."""
        if technology in self.facts:
            return
        value = value.strip()[:_MAX_QUOTE]
        # The tree has "&" where the source has "&amp;", "&#038;" …: what stands before it proves as much.
        pieces = (value, value.partition("&")[0], least)
        self.add(technology, next((piece for piece in pieces if piece and piece in self.html), ""), confidence)


def technologies_in(html: str, tree: LexborHTMLParser, headers: Mapping[str, str]) -> list[PageFact]:
    """Return the technologies that a page gives away, at most `MAX_TECHNOLOGIES`.

    `tree` is `html` parsed and not changed yet (it stays so); `headers` are those of the answer, names in lower case,
    several of one name joined by commas. Quotes are pieces of `html` or lines such as `server: nginx`; of a cookie
    only the name is quoted, for its value may be a secret.
    """
    findings = _Findings(html)
    seen = _seen_on(tree)
    _look_at_generators(seen, findings)
    _look_at_scripts(seen, findings)
    _look_at_addresses(seen, findings)
    _look_at_marks(seen, findings)
    _look_at_comments(findings)
    _look_at_headers(headers, findings)
    return list(findings.facts.values())[:MAX_TECHNOLOGIES]


def is_telling(header: str) -> bool:
    """True when a header of this name (lower case) can give a technology away."""
    return header == "set-cookie" or header in _CLUES.headers or any(_CLUES.header_names.find([header]))


@dataclass(slots=True)
class _Seen:
    """What there is to look up of a page: addresses, inline scripts and marks."""

    loaded: list[str] = field(default_factory=list)  # scripts, style sheets, frames, where forms send to
    shown: list[str] = field(default_factory=list)  # images, and what inline scripts name
    scripts: list[str] = field(default_factory=list)
    generators: list[str] = field(default_factory=list)
    metas: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)

    def note_marks(self, attributes: Mapping[str, str | None]) -> None:
        self.attributes.update(attributes)
        if found := attributes.get("id"):
            self.ids.append(found[:_MAX_QUOTE])
        if found := attributes.get("class"):
            self.classes.append(found[:_MAX_QUOTE])


def _seen_on(tree: LexborHTMLParser) -> _Seen:
    seen = _Seen()
    for node in tree.tags("meta")[:_MAX_META]:
        attributes = node.attributes
        if name := attributes.get("name"):
            seen.metas.append(name[:_MAX_QUOTE])
            if name.lower() == "generator":
                seen.generators.append(attributes.get("content") or "")
    for node in tree.tags("script")[:_MAX_ELEMENTS]:
        _note_script(node, seen)
    for node in tree.tags("link")[:_MAX_ELEMENTS]:
        attributes = node.attributes
        if attributes.get("rel") not in _MERE_LINKS:
            seen.loaded.append(attributes.get("href") or "")
    seen.loaded += [_address_of(node.attributes) for node in tree.tags("iframe")[:_MAX_ELEMENTS]]
    for node in tree.tags("form")[:_MAX_ELEMENTS]:
        attributes = node.attributes
        seen.note_marks(attributes)
        seen.loaded.append(attributes.get("action") or "")
    images = (node.attributes.get("src") for node in tree.tags("img")[:_MAX_ELEMENTS])
    seen.shown += [address for address in images if address and "//" in address[:8]]
    for node in islice(_outer_elements(tree), _MAX_MARKED):
        seen.note_marks(node.attributes)
    return seen


def _note_script(node: LexborNode, seen: _Seen) -> None:
    attributes = node.attributes
    if address := _address_of(attributes):
        seen.loaded.append(address)
    elif not (kind := attributes.get("type")) or any(one in kind.lower() for one in _SCRIPT_TYPES):
        seen.scripts.append(node.text()[:_MAX_SCRIPTS])
    if len(attributes) > 1:
        seen.note_marks(attributes)


def _address_of(attributes: Mapping[str, str | None]) -> str:
    """Lazy loaders and consent tools keep the address in data-src."""
    return attributes.get("src") or attributes.get("data-src") or ""


def _outer_elements(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Yield html, body and the two levels below: frameworks and builders mark their roots."""
    if tree.root is not None:
        yield tree.root
    if tree.body is not None:
        yield tree.body
        children = list(islice(tree.body.iter(), _MAX_MARKED // 2))
        yield from children
        for child in children:
            yield from child.iter()


def _look_at_generators(seen: _Seen, findings: _Findings) -> None:
    for content in seen.generators:
        start = content[:_MAX_QUOTE].strip().lower()
        technology = next((one for beginning, one in _CLUES.generators if start.startswith(beginning)), "")
        if technology:
            findings.add_from_source(technology, content, _GENERATOR)


def _look_at_scripts(seen: _Seen, findings: _Findings) -> None:
    """Look at inline scripts: most snippets of vendors name the address that they load from."""
    text = "\n".join(seen.scripts)[:_MAX_SCRIPTS]
    for words, technology in _CLUES.scripts:
        if words in text:
            findings.add_from_source(technology, words, _MARK)
    for piece in islice(text.replace("\\/", "/").split("//"), 1, _MAX_ELEMENTS):
        if found := _INLINE_ADDRESS.match(piece):
            seen.shown.append(f"//{found[0]}")


def _look_at_addresses(seen: _Seen, findings: _Findings) -> None:
    """Look up all addresses at once: one pass for the hosts, one for the words of their paths."""
    loaded, shown = _lines(seen.loaded), _lines(seen.shown)
    text = loaded + shown
    lower = text.lower()
    if len(lower) != len(text):  # a few letters are longer in lower case
        lower = text
    for host in dict.fromkeys(_HOST.findall(lower)):
        for beginning, technology in _at_host(host):
            if technology not in findings.facts and (place := lower.find(f"//{host}{beginning}")) >= 0:
                findings.add_from_source(technology, _line_at(text, place), _ADDRESS, host)
    for place, technology in _CLUES.paths.find(lower[: len(loaded)]):
        findings.add_from_source(technology, _line_at(text, place), _PATH)


def _lines(addresses: Iterable[str]) -> str:
    """Return addresses by lines, each behind a slash: one that is relative to the page has none of its own."""
    lines = [address[:_MAX_ADDRESS].strip() for address in addresses if address and address[:5] != "data:"]
    return "".join([f"\n/{line}" for line in lines])[:_MAX_ADDRESSES]


def _line_at(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place + 1) + 2
    end = text.find("\n", start)
    return text[start:end] if end >= 0 else text[start:]


def _at_host(host: str) -> Iterator[tuple[str, str]]:
    """Yield what `host` or a host above it gives away, and how the path must begin for it."""
    while "." in host:
        yield from _CLUES.hosts.get(host, ())
        host = host.partition(".")[2]


def _look_at_marks(seen: _Seen, findings: _Findings) -> None:
    classes = " ".join(seen.classes).split()
    for names, written in (
        (_CLUES.metas, seen.metas),
        (_CLUES.ids, seen.ids),
        (_CLUES.classes, classes),
        (_CLUES.attributes, seen.attributes),
    ):
        for name, technology in names.find(written):
            findings.add_from_source(technology, name, _MARK)


def _look_at_comments(findings: _Findings) -> None:
    """Look at comments near the page's two ends, where generators and plug-ins sign."""
    html = findings.html
    ends = (html[:_FIRST], html[max(_FIRST, len(html) - _LAST) :])
    comments = [
        piece[:_MAX_QUOTE].partition("-->")[0] for end in ends for piece in end.split("<!--", _MAX_COMMENTS)[1:]
    ]
    text = "\n".join(comments).lower()
    for words, technology in _CLUES.comments:
        if words in text:
            lines = (line for comment in comments for line in comment.splitlines() if words in line.lower())
            findings.add(technology, next(lines, "").strip(), _COMMENT)


def _look_at_headers(headers: Mapping[str, str], findings: _Findings) -> None:
    for name, value in islice(headers.items(), _MAX_HEADERS):
        for pattern, technology in _CLUES.headers.get(name, ()):
            if pattern.search(value, 0, _MAX_HEADER):
                findings.add(technology, f"{name}: {value[:_MAX_QUOTE]}", _HEADER)
    for name, technology in _CLUES.header_names.find(islice(headers, _MAX_HEADERS)):
        findings.add(technology, f"{name}: {headers[name][:_MAX_QUOTE]}", _HEADER)
    cookies = _COOKIE_NAME.findall(headers.get("set-cookie", "")[:_MAX_COOKIES])
    for name, technology in _CLUES.cookies.find(cookies):
        findings.add(technology, f"set-cookie: {name}", _COOKIE)
