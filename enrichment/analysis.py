"""One page as the reader keeps it: its text, contacts, facts and forms, each with the words that prove it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from enrichment.document import Document, read_tree
from enrichment.extract import contacts_of, with_quoted_lines
from enrichment.forms import forms_in
from enrichment.markup import parse
from enrichment.postal import addresses_in, countries_of
from enrichment.profiles import profiles_in
from enrichment.technologies import technologies_in
from integrations.capabilities import FoundContact, PageFact, ReadPage
from integrations.lexicon.text import normalise, sha256_of

# Raised when pages are to be read anew because more, or better, is made of them.
VERSION = 2
MAX_FACTS = 100
_CLUE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Analysis:
    """A page twice: with the links and marks that the reader goes on, and as it is handed out."""

    document: Document
    page: ReadPage


def analyse(
    html: str,
    url: str,
    *,
    now: datetime,
    how: Literal["http", "browser"] = "http",
    headers: Mapping[str, str] | None = None,
) -> Analysis:
    """Take `html` apart, which came from `url` at `now`. `headers` are those of the answer, names in lower case."""
    tree = parse(html)
    forms = forms_in(tree, url)
    technologies = technologies_in(html, tree, headers or {})
    document = read_tree(tree, url)
    contacts = [_with_clue(contact, html) for contact in contacts_of(document)]
    facts = [*_places(document, contacts), *profiles_in(document), *technologies][:MAX_FACTS]
    facts = [replace(fact, quote=_clue(fact.quote)) if fact.in_source else fact for fact in facts]
    told: tuple[FoundContact | PageFact, ...] = (*contacts, *facts)
    text = with_quoted_lines(document, [one.quote for one in told if not one.in_source])
    clues = "\n".join(dict.fromkeys(one.quote for one in told if one.in_source and one.quote))
    hashes = (sha256_of(text), sha256_of(clues))
    page = ReadPage(
        url=document.url,
        text=text,
        sha256=hashes[0],
        title=document.title,
        language=document.language,
        how=how,
        fetched_at=now,
        contacts=tuple(replace(one, snapshot_sha256=hashes[one.in_source]) for one in contacts),
        description=document.description,
        facts=tuple(
            replace(fact, source_url=document.url, snapshot_sha256=hashes[fact.in_source], found_at=now)
            for fact in facts
        ),
        forms=tuple(replace(form, source_url=document.url) for form in forms),
        clues=clues,
    )
    return Analysis(document, page)


def _places(document: Document, contacts: Sequence[FoundContact]) -> list[PageFact]:
    host, language = urlsplit(document.url).hostname or "", document.language
    addresses = addresses_in(document.full_text.split("\n"), document.json_ld, host=host, language=language)
    phones = [contact.phone for contact in contacts if contact.phone]
    return [*addresses, *countries_of(addresses, host=host, language=language, phones=phones)]


def _with_clue(contact: FoundContact, html: str) -> FoundContact:
    """Prove a contact that no visitor reads (a mailto link behind an icon, structured data) by the page's source."""
    if contact.quote:
        return contact
    value = next(filter(None, (contact.email, contact.name, contact.linkedin_url, contact.phone)), "")
    # As much of its line as shows what it is: the attribute, the key.
    found = re.search(rf".{{0,40}}{re.escape(value)}.{{0,20}}", html, re.I) if value else None
    return replace(contact, quote=_clue(found[0]), in_source=True) if found else contact


def _clue(piece: str) -> str:
    return normalise(piece).replace("\n", " ")[:_CLUE_CHARS]
