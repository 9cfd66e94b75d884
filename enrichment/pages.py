"""The pages that were read, over the database: what the reader remembers between runs, shared by all workspaces."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from enrichment.analysis import VERSION
from enrichment.cache import CachedPage
from enrichment.models import Page, Snapshot
from integrations.capabilities import FormField, FoundContact, FoundForm, PageFact, ReadPage
from integrations.lexicon.domains import host_of
from integrations.lexicon.text import sha256_of


class StoredPages:
    """A `PageCache` over `Page` and `Snapshot`."""

    async def get(self, url: str) -> CachedPage | None:
        return await sync_to_async(_kept)(url)

    async def put(self, page: CachedPage) -> None:
        await sync_to_async(_keep)(page)


def _kept(url: str) -> CachedPage | None:
    row = Page.objects.select_related("snapshot", "clues").filter(url_sha256=sha256_of(url)).first()
    if row is None or row.snapshot is None or row.facts.get("analysis") != VERSION:
        return None
    return CachedPage(
        url=row.url,
        page=read_page(row, row.snapshot),
        fetched_at=row.fetched_at,
        etag=row.etag,
        last_modified=row.last_modified,
        links=tuple((address, label) for address, label in row.facts.get("links", ())),
        needs_browser=row.facts.get("needs_browser", False),
        is_parked=row.facts.get("is_parked", False),
    )


def _keep(cached: CachedPage) -> None:
    page = cached.page
    facts = {
        "analysis": VERSION,
        "contacts": [asdict(contact) for contact in page.contacts],
        "links": cached.links,
        "needs_browser": cached.needs_browser,
        "is_parked": cached.is_parked,
        "description": page.description,
        "facts": [_fact_json(fact) for fact in page.facts],
        "forms": [asdict(form) for form in page.forms],
        "status": page.status,
        "size": page.size,
        "seconds": page.seconds,
    }
    with transaction.atomic():
        Snapshot.keep([page.text, page.clues] if page.clues else [page.text])
        row = Page(
            url_sha256=sha256_of(cached.url),
            url=cached.url,
            final_url=page.url,
            host=host_of(page.url)[:253],
            snapshot_id=page.sha256,
            clues_id=sha256_of(page.clues) if page.clues else None,
            title=page.title[:500],
            language=page.language[:12],
            how=page.how,
            facts=facts,
            etag=cached.etag[:300],
            last_modified=cached.last_modified[:100],
            fetched_at=cached.fetched_at,
        )
        Page.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["url_sha256"], update_fields=_WHAT_IT_SHOWED
        )


_WHAT_IT_SHOWED = [field.name for field in Page._meta.concrete_fields if field.name not in ("id", "url_sha256")]


def _fact_json(fact: PageFact) -> dict[str, Any]:
    # The page says when and where; what is the same for all of a page's facts is not stored with each.
    values = asdict(fact)
    del values["found_at"], values["source_url"]
    return values


def _form(values: dict[str, Any]) -> FoundForm:
    fields = tuple(FormField(**field | {"options": tuple(field["options"])}) for field in values["fields"])
    return FoundForm(**values | {"fields": fields})


def read_page(row: Page, snapshot: Snapshot) -> ReadPage:
    """Return a stored page as a stage sees it."""
    url = row.final_url or row.url
    return ReadPage(
        url=url,
        text=snapshot.text,
        sha256=snapshot.sha256,
        title=row.title,
        language=row.language,
        how=row.how,  # type: ignore[arg-type]
        fetched_at=row.fetched_at,
        contacts=tuple(FoundContact(**contact) for contact in row.facts.get("contacts", ())),
        description=row.facts.get("description", ""),
        facts=tuple(PageFact(**fact, source_url=url, found_at=row.fetched_at) for fact in row.facts.get("facts", ())),
        forms=tuple(_form(form) for form in row.facts.get("forms", ())),
        clues=row.clues.text if row.clues else "",
        status=row.facts.get("status", 200),
        size=row.facts.get("size", 0),
        seconds=row.facts.get("seconds", 0.0),
    )


def reload(seen: Sequence[Mapping[str, Any]]) -> tuple[ReadPage, ...]:
    """Return pages that a run read, as it saw them, from their addresses and hashes.

    The text is that of the snapshot, even where the page shows another one by now.
    """
    snapshots = Snapshot.objects.in_bulk([page["sha256"] for page in seen])
    shown = Page.objects.select_related("clues")
    rows = {row.final_url: row for row in shown.filter(final_url__in=[page["url"] for page in seen])}
    return tuple(
        _reload(page, snapshots[page["sha256"]], rows.get(page["url"])) for page in seen if page["sha256"] in snapshots
    )


def _reload(page: Mapping[str, Any], snapshot: Snapshot, row: Page | None) -> ReadPage:
    if row is not None and row.snapshot_id == snapshot.sha256:
        return read_page(row, snapshot)
    return ReadPage(page["url"], snapshot.text, snapshot.sha256, page["title"], fetched_at=snapshot.created_at)


def record_page(url: str, text: str) -> ReadPage:
    """Return a directory's record of a company as a page that can be quoted."""
    return ReadPage(url, text, sha256_of(text), title="Directory record", how="record", fetched_at=timezone.now())


def texts_of(hashes: Iterable[str]) -> dict[str, str]:
    """Return stored texts by their hash; unknown hashes are left out."""
    return {snapshot.sha256: snapshot.text for snapshot in Snapshot.objects.filter(pk__in=list(hashes))}
