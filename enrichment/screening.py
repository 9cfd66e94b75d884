"""Whoever must not be kept is left out of a page before it is stored, and before anybody reads it.

Marks stand in their place, as long as the words were: what is quoted from the rest of the page stands in it still.
"""

from dataclasses import asdict, replace
from typing import Any

from enrichment.cache import CachedPage
from enrichment.models import Snapshot
from integrations.capabilities import FormField, FoundContact, FoundForm, PageFact, ReadPage
from integrations.lexicon.domains import host_of
from integrations.lexicon.persons import MARK, Watch, blanked, blanked_values
from integrations.lexicon.text import sha256_of
from leads import suppression


def screened(cached: CachedPage, workspace_id: int | None) -> CachedPage:
    """Return a page without whoever `workspace_id` must not keep (None: nobody may); the very page for nobody."""
    told = [asdict(cached.page), cached.links]
    watch = suppression.watch(workspace_id, host_of(cached.page.url), told)
    if watch is None:
        return cached
    page = _without(cached.page, watch)
    # A page whose address names somebody is about them: it is not gone to.
    links = tuple(link for link in cached.links if not suppression.names_any(watch, *link))
    if page == cached.page and links == cached.links:
        return cached
    return replace(cached, page=_hashed(page), links=links)


def screened_page(page: ReadPage, workspace_id: int | None) -> ReadPage:
    """Return a page that was read without whoever must not be kept by now; the very page for nobody."""
    watch = suppression.watch(workspace_id, host_of(page.url), asdict(page))
    shown = page if watch is None else _without(page, watch)
    return page if shown == page else _hashed(shown)


def _without(page: ReadPage, watch: Watch) -> ReadPage:
    return replace(
        page,
        url=blanked(page.url, watch),
        text=blanked(page.text, watch),
        title=blanked(page.title, watch),
        description=blanked(page.description, watch),
        clues=blanked(page.clues, watch),
        contacts=tuple(filter(None, (_contact(one, watch) for one in page.contacts))),
        facts=tuple(
            PageFact(**_blanked(one, watch)) for one in page.facts if not suppression.names_any(watch, one.value)
        ),
        forms=tuple(_form(one, watch) for one in page.forms),
    )


def _contact(contact: FoundContact, watch: Watch) -> FoundContact | None:
    """Return a contact that may be kept; somebody else loses an address beside them that is not theirs."""
    if suppression.names_any(watch, contact.name):
        return None
    ways = {name: getattr(contact, name) for name in ("email", "phone", "linkedin_url")}
    left = {name: "" if suppression.names_any(watch, value) else value for name, value in ways.items()}
    if not contact.name and not any(left.values()):
        return None
    return FoundContact(**_blanked(contact, watch) | left)


def _form(form: FoundForm, watch: Watch) -> FoundForm:
    values = _blanked(form, watch)
    fields = tuple(FormField(**one | {"options": tuple(one["options"])}) for one in values["fields"])
    return FoundForm(**values | {"fields": fields})


def _blanked(value: Any, watch: Watch) -> dict[str, Any]:
    values: dict[str, Any] = blanked_values(asdict(value), watch)
    return values


def _hashed(page: ReadPage) -> ReadPage:
    """Return a page whose text was changed under the hash of its text as it is."""
    return _pointing(page, sha256_of(page.text), sha256_of(page.clues))


def _pointing(page: ReadPage, text_sha256: str, clues_sha256: str) -> ReadPage:
    def proven(one: Any) -> Any:
        return replace(one, snapshot_sha256=clues_sha256 if one.in_source else text_sha256)

    return replace(
        page,
        sha256=text_sha256,
        contacts=tuple(map(proven, page.contacts)),
        facts=tuple(map(proven, page.facts)),
    )


def as_stored(cached: CachedPage) -> CachedPage:
    """Return a page whose texts were just stored with what stands there under their hashes.

    That is another text where a person was taken out of it since it was first stored: then nothing is known of the page
    that does not stand in that one.
    """
    page = cached.page
    hashes = [page.sha256, *([sha256_of(page.clues)] if page.clues else [])]
    there = {row.sha256: row.text for row in Snapshot.objects.filter(pk__in=hashes, blanked_at__isnull=False)}
    if not there:
        return cached
    text, clues = there.get(page.sha256, page.text), there.get(hashes[-1], page.clues) if page.clues else ""

    def stands(one: FoundContact | PageFact) -> bool:
        return bool(one.quote) and one.quote in (clues if one.in_source else text)

    return replace(
        cached,
        page=replace(
            page,
            text=text,
            clues=clues,
            contacts=tuple(filter(stands, page.contacts)),
            facts=tuple(filter(stands, page.facts)),
        ),
    )


def own_address(cached: CachedPage) -> str:
    """Return the address that was asked for, as it may be kept: that of a page about somebody is blanked."""
    return cached.page.url if MARK in cached.page.url else cached.url
