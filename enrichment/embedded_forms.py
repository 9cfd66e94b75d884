"""Forms that a provider's frame or script puts into a page. The page holds no field of them, only where they are.

HubSpot: https://legacydocs.hubspot.com/docs/methods/forms/advanced_form_options and, for where answers go,
https://legacydocs.hubspot.com/docs/methods/forms/submit_form. Typeform: https://www.typeform.com/developers/embed.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment.form_kinds import speaks_of_contact
from enrichment.form_words import folded
from integrations.capabilities import FoundForm

_MAX_EMBEDDED = 5
_MAX_SCRIPT = 200_000
# Frames whose address alone says that a form is in them.
_FRAME = re.compile(
    r"^(?:https?:)?//(?:[\w-]+\.typeform\.com/to/|docs\.google\.com/forms/|forms\.gle/|forms\.office\.com/|forms\.microsoft\.com/"
    r"|(?:form|www|eu|pci|submit)\.jotform\.(?:com|eu|me)/|[\w-]+\.jotform\.com/\d|[\w-]+\.wufoo\.(?:com|eu)/(?:embed|forms)/"
    r"|[\w.-]*formstack\.com/forms/|share\.hsforms\.com/|tally\.so/(?:embed|r)/|[\w-]+\.cognitoforms\.com/|paperform\.co/"
    r"|forms\.zohopublic\.(?:com|eu)/|[\w-]+\.123formbuilder\.(?:com|io)/|airtable\.com/embed/|[\w-]+\.formsite\.com/"
    r"|[\w.]*surveymonkey\.com/r/|fillout\.com/|forms\.fillout\.com/|webforms\.pipedrive\.com/|[\w-]+\.paperform\.co/)",
    re.I,
)
_SCRIPT = re.compile(
    r"//(?:embed\.typeform\.com/|(?:js|forms)[\w.-]*\.hsforms\.(?:net|com)/|[\w.-]*jotform\.(?:com|eu)/jsform/|tally\.so/widgets"
    r"|webforms\.pipedrive\.com/)",
    re.I,
)
_MARKS = "[data-tf-live],[data-tf-widget],.typeform-widget[data-url],.hs-form-frame,[data-tally-src],.pipedriveWebForms"
_HUBSPOT_CALL = re.compile(r"hbspt\s*\.\s*forms\s*\.\s*create\s*\(\s*\{([^}]{0,2000})")
_HUBSPOT_KEY = r"""["']?{name}["']?\s*:\s*["']([\w-]{{1,64}})["']"""
_PORTAL = re.compile(_HUBSPOT_KEY.format(name="portalId"))
_FORM = re.compile(_HUBSPOT_KEY.format(name="formId"))
_IDENTIFIER = re.compile(r"[\w-]{1,64}")
_JOTFORM = re.compile(r"jotform\.(?:com|eu)/jsform/(\d{6,20})", re.I)


def embedded_in(tree: LexborHTMLParser, url: str, nodes: Sequence[LexborNode]) -> list[FoundForm]:
    """Return the forms that providers put into the page at `url`; `nodes` are, among others, its frames and scripts.

    They have no fields; their kind is what the page's title and address speak of. `action` is where HubSpot takes
    answers, with all others the page on which the form stands.
    """
    addresses: dict[str, None] = {}
    has_script = False
    for node in nodes:
        if node.tag in ("iframe", "script"):
            attributes = node.attributes
            source = (attributes.get("src") or attributes.get("data-src") or "").strip()
            if node.tag == "iframe" and _FRAME.match(source):
                addresses.setdefault(source)
            elif node.tag == "script" and _SCRIPT.search(source):
                has_script = True
                if jotform := _JOTFORM.search(source):
                    addresses.setdefault(f"https://form.jotform.com/{jotform[1]}")
    if has_script:
        addresses.update(dict.fromkeys(_marked(tree)))
        addresses.update(dict.fromkeys(_called(nodes)))
    return _forms(tree, url, list(addresses)[:_MAX_EMBEDDED]) if addresses else []


def _marked(tree: LexborHTMLParser) -> Iterator[str]:
    """Yield the addresses of forms whose place is an element with the provider's mark."""
    for node in tree.css(_MARKS)[:_MAX_EMBEDDED]:
        attributes = node.attributes
        typeform = attributes.get("data-tf-live") or attributes.get("data-tf-widget") or ""
        address = attributes.get("data-url") or attributes.get("data-tally-src") or attributes.get("data-pd-webforms")
        if address:
            yield address
        elif _IDENTIFIER.fullmatch(typeform):
            yield f"https://form.typeform.com/to/{typeform}"
        else:
            yield from _hubspot(attributes.get("data-portal-id") or "", attributes.get("data-form-id") or "")


def _called(nodes: Sequence[LexborNode]) -> Iterator[str]:
    """Yield the addresses of the forms that inline scripts ask HubSpot for."""
    for node in nodes:
        if node.tag == "script" and not node.attributes.get("src"):
            for call in _HUBSPOT_CALL.finditer(node.text()[:_MAX_SCRIPT]):
                portal, form = _PORTAL.search(call[1]), _FORM.search(call[1])
                if portal and form:
                    yield from _hubspot(portal[1], form[1])


def _hubspot(portal: str, form: str) -> Iterator[str]:
    if _IDENTIFIER.fullmatch(portal) and _IDENTIFIER.fullmatch(form):
        yield f"https://api.hsforms.com/submissions/v3/integration/submit/{portal}/{form}"


def _forms(tree: LexborHTMLParser, url: str, addresses: Sequence[str]) -> list[FoundForm]:
    title = tree.css_first("title")
    words = folded(f"{urlsplit(url).path[-100:]} {title.text()[:80] if title else ''}")
    is_contact = speaks_of_contact(words)
    found: list[FoundForm] = []
    for address in addresses:
        try:
            action = urljoin(url, address[:2_000])
        except ValueError:
            continue
        found.append(
            FoundForm(
                kind="contact" if is_contact else "other",
                action=action,
                method="post",
                source_url=url,
                confidence=0.6 if is_contact else 0.3,
            )
        )
    return found
