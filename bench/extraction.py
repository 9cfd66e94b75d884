"""What is found on real pages of what people labelled there: e-mail addresses, phone numbers, contact forms, fields.

The pages are those of the corpora of webstruct (contacts) and Formasaurus (forms), in the shared data; where they are
absent there is nothing to measure. Forms that their labellers skipped are left out on both sides. A form that the
labels count and the page does not have (its fields came by a script) counts as missed.

The peers: for addresses one pattern over the visible text; for numbers the matcher of phonenumbers over the visible
text, by the rules of the region that its address and language name or of the United States, whichever finds more; for
contact forms "a textarea and a field for an e-mail address"; for fields their type and autocomplete attribute alone.
"""

import gc
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from rich.console import Console
from rich.table import Table
from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment import emails, phones
from enrichment.document import Document, read_html
from enrichment.extract import contacts_of, phones_of
from enrichment.forms import forms_in
from enrichment.markup import decode, parse
from integrations.capabilities import FieldKind, FormKind, FoundForm

ROOT = Path(__file__).resolve().parents[1]
PAGES = Path(os.environ.get("SHARED_DATA") or ROOT.parent / "shared" / "data") / "pages"
LEAST_PHONES = 505 / 539
LEAST_PRECISION, LEAST_RECALL = 0.95, 0.93
LEAST_FIELDS = 0.9
MOST_MILLISECONDS = 1.0
TRIES = 3  # of which the best counts: other programs run beside this one
NOT_LABELLED = frozenset(["NOT ANNOTATED", "SKIP THIS FORM"])

FORM_KINDS: Mapping[str, FormKind] = {
    "contact/comment": "contact",
    "search": "search",
    "login": "login",
    "registration": "registration",
    "join mailing list": "newsletter",
    "order/add to cart": "order",
}
# What a label of Formasaurus is in our words; any of several where it leaves open which.
FIELD_KINDS: Mapping[str, frozenset[FieldKind]] = {
    label: frozenset(kinds)
    for label, kinds in dict[str, list[FieldKind]](
        {
            "email": ["email"],
            "email confirmation": ["email"],
            "username or email": ["email", "other"],
            "comment text": ["message"],
            "about me text": ["message", "other"],
            "comment title or subject": ["subject", "topic"],
            "full name": ["name"],
            "first name": ["first_name"],
            "last name": ["last_name"],
            "submit button": ["submit"],
            "cancel button": ["submit", "other"],
            "other button": ["submit", "other"],
            "search query": ["query"],
            "password": ["password"],
            "password confirmation": ["password"],
            "captcha": ["captcha"],
            "honeypot": ["honeypot"],
            "phone": ["phone"],
            "phone part 1": ["phone"],
            "url": ["website"],
            "organization name": ["company"],
            "city": ["city"],
            "country": ["country"],
            "postal code": ["postcode"],
            "address": ["address"],
            "full street address": ["address"],
            "street name": ["address"],
            "address line 1": ["address"],
            "address line 2": ["address"],
            "TOS confirmation": ["consent"],
            "receive emails confirmation": ["newsletter"],
            "other confirmation": ["consent", "newsletter", "other"],
            "other choice": ["topic", "budget", "other"],
            "other file upload": ["file"],
        }
    ).items()
}
OTHER: frozenset[FieldKind] = frozenset(["other"])
PLAIN_KINDS: Mapping[str, FieldKind] = {
    "email": "email",
    "tel": "phone",
    "url": "website",
    "password": "password",
    "search": "query",
    "file": "file",
    "textarea": "message",
    "submit": "submit",
    "button": "submit",
    "image": "submit",
    "hidden": "hidden",
}
PLAIN_ADDRESS = re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b")
MAIL = re.compile(r"mail|correo|courriel", re.I)


@dataclass(slots=True)
class Hits:
    """How much was found of what is there; `said` is all that was said to be."""

    wanted: int = 0
    found: int = 0
    said: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.wanted if self.wanted else 0.0

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 0.0

    def add(self, wanted: bool, said: bool) -> None:
        """Count one thing that is wanted or not and said or not."""
        self.wanted, self.said = self.wanted + wanted, self.said + said
        self.found, self.right = self.found + (wanted and said), self.right + (wanted and said)


@dataclass(slots=True)
class Contacts:
    mails: Hits = field(default_factory=Hits)
    mails_of_peer: Hits = field(default_factory=Hits)
    numbers: Hits = field(default_factory=Hits)
    numbers_of_peer: Hits = field(default_factory=Hits)


@dataclass(slots=True)
class Forms:
    contact: Hits = field(default_factory=Hits)
    contact_of_peer: Hits = field(default_factory=Hits)
    kinds: Hits = field(default_factory=Hits)
    fields: Hits = field(default_factory=Hits)
    fields_of_peer: Hits = field(default_factory=Hits)
    guards: dict[str, Hits] = field(default_factory=lambda: {"captcha": Hits(), "honeypot": Hits()})
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)


def main() -> int:
    console = Console()
    if not PAGES.exists():
        console.print("The labelled pages are not on this machine: nothing measured.")
        print("[]")
        return 0
    gc.freeze()  # what the modules hold is not looked through again while the clock runs
    contacts, forms = measured_contacts(), measured_forms()
    table = Table("forms", "contact precision", "recall", "kinds", "fields", box=None)
    halves = [
        ("half that the rules were tuned on", is_tuned_on),
        ("the other half", lambda label: not is_tuned_on(label)),
    ]
    for name, part in [(name, measured_forms(chosen)) for name, chosen in halves] + [("all", forms)]:
        rates = (part.contact.precision, part.contact.recall, part.kinds.recall, part.fields.recall)
        table.add_row(name, *(f"{rate:.3f}" for rate in rates))
    console.print(table)
    for name, hits in forms.guards.items():
        console.print(
            f"fields of kind {name}: {hits.found} of {hits.wanted} found, {hits.said - hits.right} said wrongly"
        )
    console.print("fields most often taken for another:", forms.confused.most_common(5))
    print(json.dumps(lines(contacts, forms)))
    return 0


def lines(contacts: Contacts, forms: Forms) -> list[dict[str, Any]]:
    middle = sorted(forms.milliseconds)[len(forms.milliseconds) // 2]
    numbers, peer = contacts.numbers, contacts.numbers_of_peer
    mails, plain = contacts.mails.recall, contacts.mails_of_peer.recall
    contact, simple = forms.contact, forms.contact_of_peer
    rates = [
        ("e-mail addresses found", mails, plain, "one pattern", 1.0),
        ("phone numbers found", numbers.recall, peer.recall, "phonenumbers matcher", LEAST_PHONES),
        ("phone numbers right", numbers.precision, peer.precision, "phonenumbers matcher", peer.precision),
        ("contact forms right", contact.precision, simple.precision, "textarea and e-mail", LEAST_PRECISION),
        ("contact forms found", contact.recall, simple.recall, "textarea and e-mail", LEAST_RECALL),
        ("fields of forms known", forms.fields.recall, forms.fields_of_peer.recall, "type alone", LEAST_FIELDS),
    ]
    return [line(*rate) for rate in rates] + [
        {
            "name": "forms of a page",
            "ours": round(middle, 3),
            "peer": None,
            "peer_name": "–",
            "unit": "ms of CPU",
            "ratio": None,
            "target": f"<= {MOST_MILLISECONDS:g} ms",
            "met": middle <= MOST_MILLISECONDS,
        }
    ]


def line(name: str, ours: float, peer: float, peer_name: str, least: float) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "peer_name": peer_name,
        "unit": "of 1",
        "ratio": round(ours / peer, 2) if peer else None,
        "target": f">= {least:.3g}",
        "met": ours >= least,
    }


def labels_of(name: str) -> Iterator[dict[str, Any]]:
    with (PAGES / name).open() as rows:
        yield from map(json.loads, rows)


def html_of(label: Mapping[str, Any]) -> str:
    return decode((PAGES / label["file"]).read_bytes())


def is_tuned_on(label: Mapping[str, Any]) -> bool:
    """Return whether the page is in the half whose mistakes were looked at; all pages of a site are in the same."""
    site = label["file"].rpartition("/")[2].rpartition("-")[0]
    return hashlib.sha256(site.encode()).digest()[0] % 2 == 0


def measured_contacts() -> Contacts:
    measured = Contacts()
    for label in labels_of("webstruct_labels.jsonl"):
        document = read_html(html_of(label), label["url"] or "")
        entities = label["entities"]
        wanted = {address for one in entities.get("EMAIL", []) if (address := emails.cleaned(one))}
        plain = {address.lower() for address in PLAIN_ADDRESS.findall(document.full_text)}
        count(measured.mails, wanted, {contact.email for contact in contacts_of(document) if contact.email})
        count(measured.mails_of_peer, wanted, plain)
        tails = [re.sub(r"\D", "", number)[-7:] for kind in ("TEL", "FAX") for number in entities.get(kind, [])]
        tails = [tail for tail in tails if len(tail) == 7]
        count_numbers(measured.numbers, tails, [number for number, _ in phones_of(document)])
        count_numbers(measured.numbers_of_peer, tails, numbers_by_matcher(document))
    return measured


def count(hits: Hits, wanted: set[str], said: set[str]) -> None:
    for value in wanted | said:
        hits.add(value in wanted, value in said)


def count_numbers(hits: Hits, tails: Sequence[str], said: Sequence[str]) -> None:
    """Compare by the last seven digits: labels are as people wrote them, mostly without the country."""
    hits.wanted += len(tails)
    hits.found += sum(any(tail in number for number in said) for tail in tails)
    hits.said += len(said)
    hits.right += sum(any(tail in number for tail in tails) for number in said)


def numbers_by_matcher(document: Document) -> list[str]:
    regions = {phones.regions_of(urlsplit(document.url).hostname or "", document.language)[0], "US"}
    return max((matched(document.full_text, region) for region in sorted(regions)), key=len)


def matched(text: str, region: str) -> list[str]:
    matcher = phonenumbers.PhoneNumberMatcher(text, region)
    form = phonenumbers.PhoneNumberFormat.E164
    return list(dict.fromkeys(phonenumbers.format_number(match.number, form) for match in matcher))


def measured_forms(is_chosen: Callable[[Mapping[str, Any]], bool] = lambda label: True) -> Forms:
    measured = Forms()
    for label in filter(is_chosen, labels_of("formasaurus_labels.jsonl")):
        tree = parse(html_of(label))
        found = forms_in(tree, label["url"])
        measured.milliseconds.append(min(milliseconds(tree, label["url"]) for _ in range(TRIES)))
        simple = [(names_of(node), is_contact_by_peer(node)) for node in tree.css("form")]
        ours = aligned(label["fields"], [{one.name for one in form.fields if one.name} for form in found])
        theirs = aligned(label["fields"], [names for names, _ in simple])
        for kind, fields, place, peer_place in zip(label["forms"], label["fields"], ours, theirs, strict=True):
            if kind not in NOT_LABELLED:
                form = found[place] if place is not None else None
                wanted = FORM_KINDS.get(kind, "other")
                measured.kinds.add(True, form is not None and form.kind == wanted)
                measured.contact.add(wanted == "contact", form is not None and form.kind == "contact")
                measured.contact_of_peer.add(wanted == "contact", peer_place is not None and simple[peer_place][1])
                count_fields(measured, fields, form)
    return measured


def milliseconds(tree: LexborHTMLParser, url: str) -> float:
    began = time.process_time()
    forms_in(tree, url)
    return 1_000 * (time.process_time() - began)


def count_fields(measured: Forms, labelled: Mapping[str, str], form: FoundForm | None) -> None:
    known = {one.name: one for one in form.fields} if form else {}
    for name, label in labelled.items():
        if label in NOT_LABELLED:
            continue
        one = known.get(name)
        kinds = FIELD_KINDS.get(label, OTHER)
        said = one.kind if one else "–"
        measured.fields.add(True, said in kinds)
        measured.fields_of_peer.add(True, one is not None and PLAIN_KINDS.get(one.type, "other") in kinds)
        measured.confused[label, said] += said not in kinds
        for guard, hits in measured.guards.items():
            hits.add(label == guard, said == guard)


def names_of(form: LexborNode) -> set[str]:
    return {name for node in form.css("input,select,textarea,button") if (name := node.attributes.get("name"))}


def is_contact_by_peer(form: LexborNode) -> bool:
    fields = (node.attributes for node in form.css("input"))
    says = (" ".join(one.get(key) or "" for key in ("type", "name", "id", "placeholder", "class")) for one in fields)
    return form.css_first("textarea") is not None and any(map(MAIL.search, says))


def aligned(labelled: Sequence[Mapping[str, str]], found: Sequence[set[str]]) -> list[int | None]:
    """Return for each labelled form the place of the found one whose fields are most alike, both in the page's order.

    Labels name the forms that their authors' parser saw; ours closes some at another place.
    """
    rows, columns = len(labelled), len(found)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            together = best[row + 1][column + 1] + likeness(labelled[row], found[column])
            best[row][column] = max(best[row + 1][column], best[row][column + 1], together)
    places: list[int | None] = []
    row = column = 0
    while row < rows:
        if column < columns and best[row][column] == best[row + 1][column + 1] + likeness(labelled[row], found[column]):
            places.append(column)
            row, column = row + 1, column + 1
        elif column < columns and best[row][column] == best[row][column + 1]:
            column += 1
        else:
            places.append(None)
            row += 1
    return places


def likeness(labelled: Mapping[str, str], found: set[str]) -> float:
    if not labelled:
        return 0.05 if not found else 0.01
    common = len(found & labelled.keys())
    return common / len(found | labelled.keys()) + 0.5 * common / len(labelled) if common else -1.0


if __name__ == "__main__":
    sys.exit(main())
