"""The pages that were read, over the database: what the reader remembers between runs, shared by all workspaces."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from enrichment import screening
from enrichment.analysis import VERSION
from enrichment.cache import CachedPage
from enrichment.models import Page, Snapshot
from integrations.capabilities import FormField, FoundContact, FoundForm, PageFact, ReadPage
from integrations.lexicon.domains import host_of
from integrations.lexicon.text import sha256_of


class StoredPages:
    """A `PageCache` over `Page` and `Snapshot`, as `workspace_id` may see it.

    Whoever must not be kept is left out of what comes and of what is there. Where that changes a page, the workspace
    has it in a row of its own, so that what one workspace leaves out is not missed by the others.
    """

    def __init__(self, workspace_id: int | None = None) -> None:
        self._workspace_id = workspace_id

    async def get(self, url: str) -> CachedPage | None:
        return await sync_to_async(self._kept)(url)

    async def put(self, page: CachedPage) -> CachedPage:
        return await sync_to_async(self._keep)(page)

    def _kept(self, url: str) -> CachedPage | None:
        keys = [sha256_of(url), own_key(url, self._workspace_id)]
        rows = Page.objects.select_related("snapshot", "clues").filter(url_sha256__in=keys)
        # Of two that are equally old its own one is the other without whom it leaves out.
        row = max(rows, key=lambda row: (row.fetched_at, row.url_sha256 == keys[1]), default=None)
        if row is None or row.snapshot is None or row.facts.get("analysis") != VERSION:
            return None
        cached = CachedPage(
            url=url,
            page=read_page(row, row.snapshot),
            fetched_at=row.fetched_at,
            etag=row.etag,
            last_modified=row.last_modified,
            links=tuple((address, label) for address, label in row.facts.get("links", ())),
            needs_browser=row.facts.get("needs_browser", False),
            is_parked=row.facts.get("is_parked", False),
        )
        shown = screening.screened(cached, self._workspace_id)
        return cached if shown is cached else self._store_own(shown)

    def _keep(self, cached: CachedPage) -> CachedPage:
        """Store a page as it may be kept, and return it so."""
        for_all = screening.screened(cached, None)
        shown = screening.screened(for_all, self._workspace_id)
        return _store(shown, sha256_of(cached.url)) if shown is for_all else self._store_own(shown)

    def _store_own(self, cached: CachedPage) -> CachedPage:
        # Without what a site tells a page's age by: it is asked for as a whole, for whom to leave out may change.
        return _store(replace(cached, etag="", last_modified=""), own_key(cached.url, self._workspace_id))


def _store(cached: CachedPage, key: str) -> CachedPage:
    texts = [cached.page.text, cached.page.clues] if cached.page.clues else [cached.page.text]
    clues_id = sha256_of(cached.page.clues) if cached.page.clues else None
    with transaction.atomic():
        Snapshot.keep(texts)
        # A text that a person was taken out of is never stored again as it was.
        cached = screening.as_stored(cached)
        store_row(_row(cached, key, clues_id))
    return cached


def store_row(row: Page) -> None:
    """Store an unsaved page in the place of what its address showed before."""
    Page.objects.bulk_create([row], update_conflicts=True, unique_fields=["url_sha256"], update_fields=_WHAT_IT_SHOWED)


def own_key(url: str, workspace_id: int | None) -> str:
    """Return the key of the row that a page has for one workspace alone."""
    return sha256_of(f"{url}\nfor workspace {workspace_id}")


def _row(cached: CachedPage, key: str, clues_id: str | None) -> Page:
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
    return Page(
        url_sha256=key,
        url=screening.own_address(cached),
        final_url=page.url,
        host=host_of(page.url)[:253],
        snapshot_id=page.sha256,
        clues_id=clues_id,
        title=page.title[:500],
        language=page.language[:12],
        how=page.how,
        facts=facts,
        etag=cached.etag[:300],
        last_modified=cached.last_modified[:100],
        fetched_at=cached.fetched_at,
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


def reload(seen: Sequence[Mapping[str, Any]], workspace_id: int) -> tuple[ReadPage, ...]:
    """Return pages that a run read, as it saw them, from their addresses and hashes.

    The text is that of the snapshot, even where the page shows another one by now; but whoever its workspace must not
    keep any more is left out, for the run may have noted the hash before they were erased.
    """
    snapshots = Snapshot.objects.in_bulk([page["sha256"] for page in seen])
    shown = Page.objects.select_related("clues")
    found = shown.filter(final_url__in=[page["url"] for page in seen])
    # An address may have a row for all, and others for workspaces that leave somebody out.
    rows = {(row.final_url, row.snapshot_id): row for row in found}
    read = (
        _reload(page, snapshots[page["sha256"]], rows.get((page["url"], page["sha256"])))
        for page in seen
        if page["sha256"] in snapshots
    )
    return tuple(_without_the_erased(page, workspace_id) for page in read)


def _without_the_erased(page: ReadPage, workspace_id: int) -> ReadPage:
    shown = screening.screened_page(page, workspace_id)
    if shown is not page:
        # What is quoted from it has to stand in a stored text.
        Snapshot.keep([text for text in (shown.text, shown.clues) if text])
    return shown


def _reload(page: Mapping[str, Any], snapshot: Snapshot, row: Page | None) -> ReadPage:
    if row is not None:
        return read_page(row, snapshot)
    return ReadPage(page["url"], snapshot.text, snapshot.sha256, page["title"], fetched_at=snapshot.created_at)


def record_page(url: str, text: str) -> ReadPage:
    """Return a directory's record of a company as a page that can be quoted."""
    return ReadPage(url, text, sha256_of(text), title="Directory record", how="record", fetched_at=timezone.now())


def texts_of(hashes: Iterable[str]) -> dict[str, str]:
    """Return stored texts by their hash; unknown hashes are left out."""
    return {snapshot.sha256: snapshot.text for snapshot in Snapshot.objects.filter(pk__in=list(hashes))}
