"""Which pages of a site say most about a company: home, then what its links call products, about, team, contact."""

import re
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from enrichment.document import Document, Link
from integrations.lexicon.domains import host_of, registrable_domain

# Words in paths and anchors, in the languages that our users sell in: en, de, fr, es, it, zh, sr.
# The order is the order of reading: what a company makes, who it is, whom to write to.
KINDS: tuple[tuple[str, str], ...] = (
    (
        "products",
        r"products?|produkte?|produits?|productos?|prodotti|proizvodi|solutions?|l(?:ö|oe?)sung(?:en)?|soluciones"
        r"|soluzioni"
        r"|re[sš]enja|services?|leistungen|prestations|servicios|servizi|usluge|portfolio|capabilities"
        r"|technolog(?:y|ies|ie)"
        r"|platform|applications?|anwendungen|what-we-do|offerings?|sortiment|kompetenzen|产品|解决方案|服务|业务|производи"
        r"|услуге|решења",
    ),
    (
        "about",
        r"about(?:-?us)?|company|unternehmen|(?:ü|ue)ber-?uns|firma|profil|wir|a-propos|à-propos|qui-sommes-nous"
        r"|entreprise|societe|société"
        r"|sobre(?:-nosotros)?|qui(?:é|e)nes-somos|empresa|nosotros|chi-siamo|azienda|o-nama|o-kompaniji|kompanija"
        r"|history|geschichte"
        r"|关于(?:我们)?|公司简介|公司概况|企业介绍|о-нама|компанија|who-we-are|our-story",
    ),
    (
        "team",
        r"team|people|leadership|management|mitarbeiter|ansprechpartner|gesch(?:ä|ae)ftsf(?:ü|ue)hrung|equipe"
        r"|équipe|direction|equipo"
        r"|squadra|persone|tim|na[sš]-tim|rukovodstvo|团队|管理团队|领导|тим|staff|board|founders",
    ),
    (
        "contact",
        r"contact(?:-?us|s)?|kontakt(?:e|ieren)?|contactez(?:-nous)?|contacto|contatti|contattaci|联系(?:我们|方式)?"
        r"|контакт|get-in-touch|locations|standorte",
    ),
    (
        "imprint",
        r"impressum|imprint|legal-notice|mentions-legales|mentions-légales|aviso-legal|note-legali|anbieterkennzeichnung",
    ),
    (
        "careers",
        r"careers?|jobs?|karriere|stellen(?:angebote)?|carri(?:è|e)res?|recrutement|empleo|lavora-con-noi|posao"
        r"|karijera|招聘|加入我们|каријера",
    ),
)
COMMON_PATHS = ("/about", "/contact", "/products", "/about-us", "/team", "/impressum", "/kontakt")

_KINDS = tuple(re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.I) for _, words in KINDS)
# All kinds in one pass: a link is looked at once and not twelve times.
_INDEX = {name: index for index, (name, _) in enumerate(KINDS)}
_ANY_KIND = re.compile(rf"(?<![^\W_])(?:{'|'.join(f'(?P<{name}>{words})' for name, words in KINDS)})(?![^\W_])", re.I)
_INDEX_PAGE = re.compile(r"/(?:index|home|default)\.(?:html?|php|aspx?)$", re.I)
# Chinese has no spaces between words.
_HAN = re.compile(r"[\u4e00-\u9fff]{2,6}")
_USELESS = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|svg|webp|zip|docx?|xlsx?|pptx?|mp4|mp3|ics|xml|rss|css|js)$"
    r"|/(?:wp-admin|wp-json|wp-login|feed|login|signin|sign-in|register|signup|sign-up|cart|basket|warenkorb"
    r"|checkout|account)(?:[/.]|$)"
    r"|[?&](?:replytocom|add-to-cart|share|print)=|/(?:tag|category|author)/",
    re.I,
)
_LEGAL = re.compile(r"privacy|datenschutz|cookie|terms|agb|confidentialit|politika-privatnosti|隐私", re.I)
_SPLIT = re.compile(r"[\s_/.\-]+")


def is_same_site(url: str, other: str) -> bool:
    """Return whether both belong to one registrable domain."""
    return registrable_domain(host_of(url)) == registrable_domain(host_of(other))


def rank_links(
    document: Document, topics: Sequence[str] = (), max_pages: int = 5, *, seen: Collection[str] = ()
) -> list[str]:
    """Return at most `max_pages` - 1 addresses to read after `document`, the site's home page, best first.

    Each kind of page comes once before any comes twice; a link that names one of `topics` comes before all. What
    was `seen` already is not named again.
    """
    return _chosen(document.url, document.links, topics, max_pages - 1, seen)


def rank_addresses(home: str, addresses: Sequence[str], topics: Sequence[str], limit: int) -> list[str]:
    """Return the best of bare addresses, such as those of a sitemap."""
    return _chosen(home, [Link(address, "") for address in addresses], topics, limit)


def _chosen(
    home: str, links: Sequence[Link], topics: Sequence[str], limit: int, before: Collection[str] = ()
) -> list[str]:
    wanted = {word.casefold() for topic in topics for word in _SPLIT.split(topic) if len(word) > 3}
    site = registrable_domain(host_of(home))
    seen = {_bare(urlsplit(url)) for url in (home, *before)}
    ranked: list[tuple[tuple[int, int, int, int], str]] = []
    taken: dict[str, int] = {}
    for position, link in enumerate(links):
        try:
            parts = urlsplit(link.url)
            is_elsewhere = registrable_domain((parts.hostname or "").lower()) != site
        except ValueError:
            continue
        bare = "" if is_elsewhere else _bare(parts)
        if is_elsewhere or bare in seen or _USELESS.search(link.url):
            continue
        seen.add(bare)
        path, depth = unquote(parts.path), parts.path.strip("/").count("/")
        kind, is_topic = _kind(path, link.text), bool(wanted) and _names_topic(path, link.text, wanted)
        if kind == len(_KINDS) and not is_topic and (_LEGAL.search(link.url) or depth > 2):
            continue
        name = "topic" if is_topic else str(kind)
        turn = taken[name] = taken.get(name, -1) + 1
        ranked.append(((0 if is_topic and turn < 2 else 1 + turn, kind, depth, position), link.url))
    return [url for _, url in sorted(ranked)[: max(0, limit)]]


def _kind(path: str, text: str) -> int:
    """Return the index in KINDS, or len(KINDS) where the link does not say."""
    label = _SPLIT.sub("-", text) if len(text) <= 40 else ""
    kinds = [_INDEX[found.lastgroup or ""] for found in _ANY_KIND.finditer(f"{path}\n{label}")]
    if not kinds and _HAN.search(label):
        kinds = [index for piece in _han_pieces(label) for index, words in enumerate(_KINDS) if words.search(piece)]
    return min(kinds, default=len(_KINDS))


def _han_pieces(label: str) -> Iterator[str]:
    for run in _HAN.findall(label):
        yield from (run[start : start + size] for size in (2, 4) for start in range(len(run) - size + 1))


def _names_topic(path: str, text: str, wanted: set[str]) -> bool:
    return not wanted.isdisjoint(word.casefold() for word in _SPLIT.split(f"{path} {text}"))


def _bare(parts: SplitResult) -> str:
    """Return an address without what makes no difference: scheme, www, trailing slash, index page."""
    path = _INDEX_PAGE.sub("/", parts.path).rstrip("/")
    host = parts.netloc.lower().rpartition("@")[2].removeprefix("www.")
    return f"{host}{path}?{parts.query}" if parts.query else f"{host}{path}"
