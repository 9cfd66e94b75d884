"""E-mail addresses on a page, in the disguises that people write them in."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

_LOCAL = r"[a-z0-9](?:[a-z0-9._%+\-]{0,62}[a-z0-9_+\-])?"
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24}"
_AT = r"(?:\s{0,2}[\[({<]\s{0,2}(?:at|ät|æt|@|arroba|a|chez)\s{0,2}[\])}>]\s{0,2}|\s{1,2}(?:at|AT)\s{1,2})"
_DOT = (
    r"(?:\s{0,2}[\[({<]\s{0,2}(?:dot|punkt|point|punto|tačka|\.|d0t)\s{0,2}[\])}>]\s{0,2}"
    r"|\s{1,2}(?:dot|DOT|punkt)\s{1,2}|\.)"
)
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?<![a-z0-9._%+\-]){_LOCAL}\s?@\s?{_DOMAIN}(?![a-z0-9\-])", re.I)
_DISGUISED = re.compile(
    rf"(?<![a-z0-9._%+\-])({_LOCAL}(?:{_DOT}[a-z0-9_\-]{{1,40}}){{0,2}}){_AT}({_LABEL}(?:{_DOT}{_LABEL}){{1,4}})(?![a-z0-9\-])",
    re.I,
)
_BRACKETED_AT = re.compile(r"[\[({<]\s{0,2}(?:at|ät|æt|@|arroba|a|chez)\s{0,2}[\])}>]", re.I)
SPELLED = re.compile(r"\sat\s[^\n]{1,80}\s(?:dot|punkt)\s", re.I)
# In one line; a page made of nothing but "at" must not cost more than another.
_MAX_SIGNS = 200
_AT_SIGN = re.compile(_AT, re.I)
# What every address has, in whatever disguise: most lines have it not and are looked at no further.
SIGN = re.compile(r"[@\[({<]")
_DOT_SIGN = re.compile(_DOT, re.I)
_FILES = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "css",
        "js",
        "json",
        "html",
        "htm",
        "php",
        "ico",
        "bmp",
        "tif",
        "tiff",
        "pdf",
        "mp4",
        "woff",
        "woff2",
        "ttf",
        "map",
        "min",
    ]
)
_JUNK_DOMAINS = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net)|domain\.(?:com|tld)|yourdomain\.\w+|yoursite\.\w+|company\.com|email\.com"
    r"|mysite\.com"
    r"|sentry\.io|sentry\.wixpress\.com|sentry-next\.wixpress\.com|wixpress\.com|sentry\.\w+|ingest\.sentry\.io"
    r"|schema\.org|w3\.org)$",
    re.I,
)
_JUNK_LOCALS = re.compile(
    r"^(?:your[._-]?(?:name|e?mail)|name|user(?:name)?|example|someone|firstname(?:[._]lastname)?|[0-9a-f]{32})$",
    re.I,
)
_GENERAL = re.compile(
    r"^(?:info|information|contact(?:us|me)?|kontakt|kontakte|sales|vertrieb|verkauf|ventas|vendite|ventes|prodaja"
    r"|office|hello|hi|hallo|bonjour|hola|mail"
    r"|email|e-mail|post|zentrale|sekretariat|reception|admin|administration|amministrazione|administracion|support"
    r"|help|service|services|servis|kundenservice|customer\w*"
    r"|team|enquir(?:y|ies)|inquir(?:y|ies)|anfrage|webmaster|web|postmaster|hostmaster|abuse|noc|press|presse"
    r"|media|marketing|pr|hr|jobs?|careers?|karriere"
    r"|bewerbung|recruit\w*|privacy|datenschutz|dpo|legal|gdpr|impressum|billing|accounts?|accounting|buchhaltung"
    r"|finance|invoices?|orders?|bestellung|shop|store|export|import"
    r"|purchasing|einkauf|procurement|business|bd|partners?|investors?|ir|general|secretary|secretariat|commercial"
    r"|comercial|commerciale|direction"
    r"|no-?reply|donotreply|newsletter|news|feedback|membership|members|events?|bookings?|reservations?|rezervacije"
    r"|tech|technical|it|quality|qa|lab|studio|firma|company)"
    r"(?:[._\-]?(?:[a-z]{2}|dept|desk|team|us|uk|eu|\d{1,4}))?$",
    re.I,
)
_NEVER_WRITE = re.compile(r"^(?:no-?reply|do-?not-?reply|abuse|postmaster|hostmaster|noc|mailer-daemon|bounce)", re.I)


def found_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield (address, the words as they stand in `text`, offset) in order of their forms: plain, then disguised."""
    if "@" in text:
        for match in _PLAIN.finditer(text):
            if address := cleaned(match[0]):
                yield address, match[0], match.start()
    if not _BRACKETED_AT.search(text) and not is_spelled_in(text):
        return
    seen: set[int] = set()
    for sign in islice(_AT_SIGN.finditer(text), _MAX_SIGNS):
        start = max(0, sign.start() - 100)
        for match in _DISGUISED.finditer(text, start, sign.end() + 120):
            address = cleaned(f"{_DOT_SIGN.sub('.', match[1])}@{_DOT_SIGN.sub('.', match[2])}")
            if address and _is_disguise(match[0]) and match.start() not in seen:
                seen.add(match.start())
                yield address, match[0], match.start()


def is_spelled_in(text: str) -> bool:
    """Return whether `text` may hold an address without any sign: "info at acme dot com"."""
    return " at " in text.lower() and bool(SPELLED.search(text))


def _is_disguise(words: str) -> bool:
    """ "Meet us at acme.com" is no address: a bare "at" counts only beside a spelled-out dot."""
    return bool(_BRACKETED_AT.search(words) or SPELLED.search(words))


def from_mailto(href: str) -> list[str]:
    """Return the addresses of a `mailto:` link."""
    addresses = unquote(href.partition(":")[2].partition("?")[0])
    return [address for part in re.split(r"[,;]", addresses) if (address := cleaned(part))]


def cleaned(address: str) -> str:
    """Return `address` in lower case without spaces and trailing dots, or '' where nobody could be written to."""
    address = re.sub(r"\s", "", address).strip("<>\"'.,;:()[]").lower()
    if not re.fullmatch(rf"{_LOCAL}@{_DOMAIN}", address):
        return ""
    local, _, domain = address.rpartition("@")
    if domain.rpartition(".")[2] in _FILES or _JUNK_DOMAINS.search(domain) or _JUNK_LOCALS.match(local):
        return ""
    return "" if ".." in local or len(address) > 254 else address


def is_general(address: str) -> bool:
    """Return whether a desk reads `address` and not one person."""
    return bool(_GENERAL.match(address.partition("@")[0]))


def is_for_mail(address: str) -> bool:
    """Return whether the address takes mail from strangers at all."""
    return not _NEVER_WRITE.match(address)
