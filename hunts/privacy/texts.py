"""A stored text without somebody, and the rows that quote it.

Texts of public pages are shared, and others' proof stands in them: a workspace gets a text and a page of its own, and
its rows point there from then on. Only an erasure in the whole installation changes what all read.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from enrichment import pages
from enrichment.models import Page, Snapshot
from hunts.models import Candidate
from hunts.privacy import rows
from hunts.privacy.reach import Reach
from hunts.privacy.registry import PERSONAL
from hunts.research_models import Research, Statement
from integrations.lexicon import persons
from integrations.lexicon.text import sha256_of
from leads.models import Assessment, Evidence
from leads.wanted import PersonWatch

# Tables whose rows quote a text, and the column that names it.
QUOTING = {
    "leads.Contact": "snapshot_sha256",
    "leads.Fact": "snapshot_sha256",
    "leads.Evidence": "snapshot_sha256",
    "hunts.Statement": "snapshot",
}


def erase(row: Snapshot, watch: PersonWatch, reach: Reach) -> None:
    """Take a person out of a text, for one workspace or for all."""
    if reach.workspace_id is None:
        _blank(row, watch)
        return
    old = row.text
    own = _own(row, watch)
    _let_go(row.pk, old, persons.blanked(old, watch), reach.workspace_id)
    _repoint(row.pk, own, reach)


def keep_own_page(row: Page, watch: PersonWatch, workspace_id: int) -> None:
    """Give a workspace the page without the person, in a row of its own."""
    shas = {text.pk: _own(text, watch) for text in (row.snapshot, row.clues) if text is not None}
    changed = rows.blanked_columns(row, PERSONAL[row._meta.label].columns, watch)
    values = {field.attname: getattr(row, field.attname) for field in Page._meta.concrete_fields if field.name != "id"}
    own = Page(**values | changed)
    own.url_sha256 = pages.own_key(row.url, workspace_id)
    own.snapshot_id, own.clues_id = shas.get(row.snapshot_id or ""), shas.get(row.clues_id or "")
    own.facts = _renamed(own.facts, shas)
    own.etag = own.last_modified = ""  # it is asked for as a whole, as in `StoredPages`
    pages.store_row(own)


def _blank(row: Snapshot, watch: PersonWatch) -> None:
    """Blank a text under the name that it has, which is the hash of the text before.

    Whatever points at it, and at a place in it, stays true; and as the name is taken, the same text is never stored
    again by anybody.
    """
    old = row.text
    new = persons.blanked(old, watch)
    Snapshot.objects.filter(pk=row.pk).update(compressed=Snapshot.of(new).compressed, blanked_at=timezone.now())
    _let_go(row.pk, old, new, None)


def _own(row: Snapshot, watch: PersonWatch) -> str:
    """Store a text without the person beside the one that all read; return its name."""
    text = persons.blanked(row.text, watch)
    Snapshot.keep([text])
    return sha256_of(text)


def _quoting(sha256: str, workspace_id: int | None) -> Iterator[models.Model]:
    for label, column in QUOTING.items():
        quoting = apps.get_model(label)._base_manager.filter(**{column: sha256})
        if workspace_id is not None:
            quoting = quoting.filter(**{PERSONAL[label].workspace: workspace_id})
        yield from quoting.select_for_update(of=("self",))


def _let_go(sha256: str, old: str, new: str, workspace_id: int | None) -> None:
    """Take their proof from rows whose quote stood in the old text, and does not in the new one."""
    for row in _quoting(sha256, workspace_id):
        quote = row.quote  # type: ignore[attr-defined]
        if not quote or quote in new or quote not in old:
            continue
        if isinstance(row, Evidence):
            rows.withdraw(row)
        elif isinstance(row, Statement):
            rows.delete(row)
        else:
            place = old.index(quote)
            type(row)._base_manager.filter(pk=row.pk).update(quote=new[place : place + len(quote)])


def _repoint(old: str, new: str, reach: Reach) -> None:
    """Let what a workspace has point at its own text: as long as the old one, so that all places are the same."""
    mine = reach.workspace_id
    for label, column in QUOTING.items():
        quoting = apps.get_model(label)._base_manager.filter(**{column: old, PERSONAL[label].workspace: mine})
        quoting.update(**{column: new})
    domains = reach.texts().get(old, set())
    listing: tuple[tuple[type[models.Model], str, str], ...] = (
        (Assessment, "lead__workspace", "snapshots"),
        (Candidate, "run__workspace", "facts"),
        (Research, "workspace", "pages"),
    )
    for model, owner, column in listing:
        for row in model._base_manager.filter(**{owner: mine, "lead__handle__in": domains}).only("pk", column):
            before = getattr(row, column)
            after = _renamed(before, {old: new})
            if after != before:
                model._base_manager.filter(pk=row.pk).update(**{column: after})


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    return [_renamed(one, names) for one in value] if isinstance(value, list | tuple) else value
