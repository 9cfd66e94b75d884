"""What the privacy page of a workspace shows."""

from collections import defaultdict
from typing import Any

from accounts import audit
from accounts.audit_models import AuditEntry, Verb
from accounts.models import Workspace
from hunts.privacy import retention
from hunts.privacy.finding import found
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from hunts.privacy.reach import Reach
from hunts.privacy.registry import LOOKED_AT
from hunts.privacy.widening import widened
from leads import suppression
from leads.wanted import Wanted

SHOWN = 200
LATEST = 10
STEPS_OF_A_LOOKUP = len(LOOKED_AT)


def context(workspace: Workspace) -> dict[str, Any]:
    """Return what stands on the page whoever is looked for."""
    return {
        "outlook": retention.next_due(workspace),
        "suppressed": suppression.length(workspace.pk),
        "lookups": Lookup.objects.visible_to(workspace).kept().order_by("-pk")[:LATEST],
        "kept_days": Lookup.KEPT.days,
        "erasures": Erasure.objects.visible_to(workspace).select_related("shared_request").order_by("-pk")[:LATEST],
        "longest": Workspace.LONGEST_RETENTION,
    }


def of_lookup(lookup: Lookup) -> dict[str, Any]:
    """Return how a lookup stands, and what it found as far as a page can show it."""
    is_done = lookup.status == Lookup.Status.DONE
    return {
        "lookup": lookup,
        "whole": lookup.person,
        "places": lookup.places.filter(perhaps="").order_by("pk")[:SHOWN] if is_done else (),
        "like": _like(lookup) if is_done else (),
        "more": max(lookup.count - SHOWN, 0),
        "tables": STEPS_OF_A_LOOKUP,
        "is_suppressed": is_done and suppression.rows_of(lookup.workspace_id, lookup.person).exists(),
    }


def _like(lookup: Lookup) -> list[dict[str, Any]]:
    """Return those who may be the person, with how many places tell of each and the first of these."""
    places = defaultdict(list)
    for place in lookup.places.exclude(perhaps="").order_by("pk"):
        places[place.perhaps].append(place)
    return [
        {"person": one, "name": one.names[0], "count": len(found), "places": found[:3]}
        for one in lookup.like_them
        if (found := places[one.names[0][:200]])
    ]


def hand_out(lookup: Lookup) -> dict[str, Any]:
    """Return all that a lookup found, and write down that it was handed out."""
    items = [
        place.told | ({"perhaps": place.perhaps} if place.perhaps else {}) for place in lookup.places.order_by("pk")
    ]
    audit.record(Verb.PERSON_EXPORTED, lookup, workspace_id=lookup.workspace_id, words=str(len(items)))
    return _told(lookup.person, items, lookup.workspace_id) | {"found_at": lookup.finished_at}


def export(wanted: Wanted, workspace_id: int | None) -> dict[str, Any]:
    """Return all that erasing a person would take, with source and date, and which files may hold it besides."""
    reach = Reach(workspace_id)
    whole = widened(wanted, reach)
    return _told(whole, [item.to_json() for item in found(whole, reach)], workspace_id)


def _told(whole: Wanted, items: list[dict[str, Any]], workspace_id: int | None) -> dict[str, Any]:
    return {
        "person": whole.to_json(),
        "items": items,
        "files": {
            "kept": "No copy of a downloaded file is kept. There is no hand-over to a CRM.",
            "downloads": _downloads(workspace_id),
        },
        "is_suppressed": suppression.rows_of(workspace_id, whole).exists(),
        "not_covered": "Backups of the database: see docs/privacy.md.",
    }


def _downloads(workspace_id: int | None) -> list[dict[str, Any]]:
    """Return when leads were downloaded: those files may name the person, and are with whoever took them."""
    taken = AuditEntry.objects.filter(verb=Verb.LEADS_EXPORTED).order_by("-pk")
    if workspace_id is not None:
        taken = taken.filter(workspace=workspace_id)
    rows = taken.values_list("at", "actor", "words", "workspace")[:SHOWN]
    return [
        {"at": at.isoformat(), "person": actor, "what": words, "workspace": workspace}
        for at, actor, words, workspace in rows
    ]
