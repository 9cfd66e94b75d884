"""One HTML page as values: what a visitor reads, where its links lead, what it says of itself."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from py3langid.langid import classify
from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment.markup import parse
from integrations.lexicon.text import CONTROL, INVISIBLE, normalise, one_line
from integrations.lexicon.words import CJK

MAX_TEXT = 200_000
MAX_LINKS = 2_000
_MAX_JSON_LD = 200_000
# Marks put into the tree: line breaks of the source do not count, those that a reader sees do.
_BREAK, _CELL = "\x1e", "\x1f"

_BLOCKS = (
    "p,div,li,tr,h1,h2,h3,h4,h5,h6,section,article,main,header,footer,nav,aside,ul,ol,dl,dt,dd,table,blockquote,"
    "address,figure,figcaption,form,fieldset,legend,button,option,caption,hr,details,summary,title"
)
_INVISIBLE = (
    "script,style,template,noscript,svg,iframe,object,canvas,select,textarea,datalist,dialog,"
    "[hidden],[aria-hidden=true],.sr-only,.screen-reader-text,.visually-hidden"
)
_INLINE_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}px",
    re.I,
)
_BOILERPLATE = (
    "nav,footer,aside,[role=navigation],[role=contentinfo],[role=banner],[role=search],[role=dialog],"
    "#nav,#navigation,#menu,#footer,#sidebar,#breadcrumb,#breadcrumbs,.nav,.navbar,.navigation,.menu,.footer,"
    ".site-footer,.site-header,.breadcrumb,.breadcrumbs,.skip-link,.sidebar,.social,.social-links,.share,.pagination,"
    ".language-switcher"
)
_COOKIES = re.compile(r"cookie|consent|gdpr|onetrust|cc-(?:window|banner)|cmp-", re.I)
_SHELL_ROOTS = "#root,#app,#__next,#___gatsby,#__nuxt,#svelte,#q-app,app-root,[ng-app],[data-reactroot],[ng-version]"
_WANTS_SCRIPT = re.compile(
    r"(?:enable|activate|turn on|requires?|need)\s+(?:\w+\s+){0,3}java\s?script|javascript\s+(?:aktivieren"
    r"|erforderlich)"
    r"|activer\s+javascript|启用\s*javascript|javascript\s+is\s+(?:disabled|required)",
    re.I,
)
_PARKED = re.compile(
    r"(?:this|the) domain (?:name )?(?:\S+ )?(?:is|may be) (?:for sale|parked|available for purchase)|buy this domain"
    r"|domain (?:is )?parked|parked (?:free|domain)|make an offer on this domain|sedo domain parking"
    r"|domain (?:steht|ist) zum verkauf|domaine est (?:à vendre|en vente)|dominio (?:está en venta|è in vendita)"
    r"|域名(?:出售|正在出售)|домен(?:а)? (?:је )?на продају|domen je na prodaju|\bis for sale\b.{0,60}\bdomain\b",
    re.I,
)
_DENSE = re.compile(f"[{CJK}]")
_WEB_ADDRESS = re.compile(r"https?://[^/?#\s@:]")
_ORIGIN = re.compile(r"https?://[^/?#\s]+")
_LANGUAGE = re.compile(r"^([a-z]{2,3})(?:[-_].*)?$", re.I)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands on the page; `url` is absolute and without fragment."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A page taken apart. `text` is without boilerplate, `full_text` is all that is visible; both are normalised."""

    url: str
    title: str = ""
    description: str = ""
    language: str = ""
    text: str = ""
    full_text: str = ""
    links: tuple[Link, ...] = ()
    mail_links: tuple[Link, ...] = ()  # mailto:
    phone_links: tuple[Link, ...] = ()  # tel: and callto:
    json_ld: tuple[Mapping[str, Any], ...] = ()
    needs_browser: bool = False
    is_parked: bool = False


def read_html(html: str, url: str) -> Document:
    """Return what `html`, which came from `url`, shows to a visitor."""
    return read_tree(parse(html), url)


def read_tree(tree: LexborHTMLParser, url: str) -> Document:
    """Return what a parsed page shows to a visitor. The tree is used up: what is not text is taken out of it."""
    root = tree.body or tree.root
    if root is None:
        return Document(url)
    links, mails, phones = _links(tree, url)
    json_ld = tuple(_json_ld(tree))
    title, description, language = _title(tree), _meta(tree, "description", "og:description"), _declared(tree)
    scripts, script_note = _scripts(tree), _script_note(tree)
    is_shell = tree.css_first(_SHELL_ROOTS) is not None
    _reveal_protected(tree)
    _hide(tree)
    _mark_breaks(tree)
    lines = _Lines()
    full_text = lines.of(root)
    _drop_boilerplate(tree)
    text = lines.of(root)
    # A page whose whole body is called "menu" is still a page.
    if _length(text) < 200 and len(full_text) > 5 * len(text):
        text = full_text
    return Document(
        url=url,
        title=title,
        description=description,
        language=language or _guessed(text or title),
        text=text,
        full_text=full_text,
        links=links,
        mail_links=mails,
        phone_links=phones,
        json_ld=json_ld,
        needs_browser=_needs_browser(text, full_text, scripts, is_shell, script_note),
        is_parked=len(full_text) < 1_500 and bool(_PARKED.search(f"{title}\n{full_text}")),
    )


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("head title") or tree.css_first("title")
    return one_line(node.text())[:300] if node else _meta(tree, "og:title")


def _meta(tree: LexborHTMLParser, *names: str) -> str:
    for name in names:
        node = tree.css_first(f'meta[name="{name}"],meta[property="{name}"]')
        content = node.attributes.get("content") if node else None
        if content:
            return normalise(content)[:1_000]
    return ""


def _declared(tree: LexborHTMLParser) -> str:
    node = tree.css_first("html")
    found = _LANGUAGE.match(((node.attributes.get("lang") if node else None) or "").strip())
    return found[1].lower() if found else ""


def _guessed(text: str) -> str:
    if len(text) < 20:
        return ""
    language, _ = classify(text[:1_000])  # type: ignore[no-untyped-call]
    return str(language)


def _scripts(tree: LexborHTMLParser) -> int:
    """Count what can run; JSON-LD and other data in a script element cannot."""
    kinds = ((node.attributes.get("type") or "").strip().lower() for node in tree.css("script"))
    return sum(not kind or kind == "module" or "javascript" in kind for kind in kinds)


def _script_note(tree: LexborHTMLParser) -> bool:
    return any(_WANTS_SCRIPT.search(node.text()[:500]) for node in tree.css("noscript")[:5])


def _links(tree: LexborHTMLParser, url: str) -> tuple[tuple[Link, ...], tuple[Link, ...], tuple[Link, ...]]:
    """Return the web, mail and phone links, each address once, in the order of the page."""
    base = _base(tree, url)
    origin = _ORIGIN.match(base)
    web: dict[str, Link] = {}
    mails: list[Link] = []
    phones: list[Link] = []
    for node in tree.css("a[href],area[href]")[:MAX_LINKS]:
        href = (node.attributes.get("href") or "").strip()[:2_000]
        scheme = href.partition(":")[0].lower()
        if scheme == "mailto":
            mails.append(Link(href, _label(node)))
        elif scheme in ("tel", "callto"):
            phones.append(Link(href, _label(node)))
        elif href and not href.startswith("#") and (target := _absolute(base, href, origin[0] if origin else "")):
            seen = web.get(target)
            web[target] = seen if seen and seen.text else Link(target, _label(node))
    return tuple(web.values()), tuple(mails), tuple(phones)


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return _absolute(url, (node.attributes.get("href") or "") if node else "") or url


def _absolute(base: str, href: str, origin: str = "") -> str:
    """Return `href` as an absolute address without fragment, '' for what is none; `origin` is that of `base`."""
    try:
        if href.startswith(("https://", "http://")):
            joined = href
        elif origin and href[0] == "/" and href[1:2] != "/" and "/." not in href:
            joined = origin + href  # as urljoin would, at a tenth of its cost
        else:
            joined = urljoin(base, href)
    except ValueError:
        return ""
    return joined.partition("#")[0] if _WEB_ADDRESS.match(joined) else ""


def _label(node: LexborNode) -> str:
    text = one_line(node.text()[:500])[:200]
    return text or one_line(node.attributes.get("aria-label") or node.attributes.get("title") or "")[:200]


def _json_ld(tree: LexborHTMLParser) -> Iterator[Mapping[str, Any]]:
    """Yield every object of the page's JSON-LD, @graph and lists opened."""
    for node in tree.css('script[type="application/ld+json"]')[:20]:
        try:
            data = json.loads(node.text()[:_MAX_JSON_LD].strip().rstrip(";"))
        except (ValueError, RecursionError):
            continue
        waiting = data if isinstance(data, list) else [data]
        for item in waiting[:100]:
            if isinstance(item, dict):
                graph = item.get("@graph")
                yield from (
                    (entry for entry in graph[:100] if isinstance(entry, dict)) if isinstance(graph, list) else (item,)
                )


def _reveal_protected(tree: LexborHTMLParser) -> None:
    """Write the e-mail addresses that Cloudflare hides back into the page, as its own script would."""
    for node in tree.css("[data-cfemail]")[:100]:
        address = unprotected(node.attributes.get("data-cfemail") or "")
        if address:
            node.insert_before(address)
            node.decompose()


def unprotected(code: str) -> str:
    """Return the address in Cloudflare's `data-cfemail`: the first byte is the key of an XOR."""
    try:
        key, *rest = bytes.fromhex(code)
        return bytes(byte ^ key for byte in rest).decode("utf-8")
    except ValueError:
        return ""


def _hide(tree: LexborHTMLParser) -> None:
    """Take out what a visitor does not see: a page may say anything there."""
    for node in tree.css(_INVISIBLE):
        if node.tag not in ("html", "body"):
            node.decompose()
    for node in tree.css("[style]"):
        if node.tag not in ("html", "body") and _INLINE_HIDDEN.search(node.attributes.get("style") or ""):
            node.decompose()


def _mark_breaks(tree: LexborHTMLParser) -> None:
    """Put a mark where a reader sees a new line, so that lines of the source do not count."""
    for node in tree.css("br"):
        node.insert_after(_BREAK)
    for node in tree.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in tree.css("td,th"):
        node.insert_after(_CELL)


class _Lines(dict[str, str]):
    """Visible text by lines, the cells of a table's row parted by a bar. It is normalised already.

    Made twice of one page, with its boilerplate and without, so each line is kept for the second time.
    """

    def of(self, root: LexborNode) -> str:
        raw = root.text()[: 2 * MAX_TEXT]
        if not raw.isascii():
            raw = INVISIBLE.sub("", unicodedata.normalize("NFKC", raw))
        lines = [self[piece] for piece in raw.split(_BREAK) if piece]
        return "\n".join(filter(None, lines))[:MAX_TEXT]

    def __missing__(self, piece: str) -> str:
        line = self[piece] = _line(piece)
        return line


def _line(piece: str) -> str:
    """Return a line as `normalise` would; str.split() parts at all white space at a hundredth of a pattern's cost."""
    if _CELL in piece:
        return " | ".join(filter(None, map(_line, piece.split(_CELL))))
    line = " ".join(piece.split())
    return line if line.isprintable() else " ".join(CONTROL.sub(" ", line).split())


def _drop_boilerplate(tree: LexborHTMLParser) -> None:
    for node in tree.css(_BOILERPLATE):
        if node.tag not in ("html", "body", "main", "article"):
            node.decompose()
    for node in tree.css("header"):
        # A header with the page's headline is content; one with only a logo and a menu is not.
        if node.css_first("h1,h2") is None and len(node.text()) < 600:
            node.decompose()
    for node in tree.css("[id],[class]"):
        names = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}"
        if node.tag not in ("html", "body", "main") and _COOKIES.search(names) and len(node.text()) < 3_000:
            node.decompose()
    for node in tree.css("ul,ol"):
        if _is_menu(node):
            node.decompose()


def _is_menu(node: LexborNode) -> bool:
    """A list of at least three short links and next to nothing else."""
    links = node.css("a")
    if len(links) < 3:
        return False
    linked = sum(len(link.text().strip()) for link in links)
    return linked >= 0.85 * len("".join(node.text().split(_BREAK)).strip()) and linked / len(links) < 30


def _needs_browser(text: str, full_text: str, scripts: int, is_shell: bool, script_note: bool) -> bool:
    """Script shells: a page with scripts that shows next to nothing without them."""
    if not scripts or _length(full_text) > 1_000:
        return False
    length = _length(text)
    if length < 80 or (script_note and length < 400):
        return True
    return is_shell and length < 250


def _length(text: str) -> int:
    """Return the length of `text` in letters; a Chinese, Japanese or Korean character says as much as three."""
    return len(text) + 2 * len(_DENSE.findall(text))
