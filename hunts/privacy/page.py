"""What the privacy page of a workspace shows."""

from datetime import timedelta
from typing import Any

from django.core import signing

from accounts.audit_models import AuditEntry, Verb
from accounts.models import Workspace
from hunts.privacy import retention
from hunts.privacy.finding import found
from hunts.privacy.models import Erasure
from hunts.privacy.reach import Reach
from hunts.privacy.widening import widened
from leads import suppression
from leads.wanted import Wanted

SHOWN = 200
LATEST = 10
SALT = "hunts.privacy.person"
SHOWN_FOR = timedelta(hours=12)


def context(workspace: Workspace) -> dict[str, Any]:
    """Return what stands on the page whoever is looked for."""
    return {
        "outlook": retention.next_due(workspace),
        "suppressed": suppression.length(workspace.pk),
        "erasures": Erasure.objects.visible_to(workspace).order_by("-pk")[:LATEST],
        "longest": Workspace.LONGEST_RETENTION,
    }


def looked_up(workspace: Workspace, wanted: Wanted) -> dict[str, Any]:
    """Return what erasing a person would take, as far as a page can show it, and who that is by what is known."""
    reach = Reach(workspace.pk)
    whole = widened(wanted, reach)
    items = list(found(whole, reach))
    return {
        "whole": whole,
        "shown": signed(whole),
        "items": items[:SHOWN],
        "count": len(items),
        "more": max(len(items) - SHOWN, 0),
        "is_suppressed": suppression.rows_of(workspace.pk, whole).exists(),
    }


def signed(wanted: Wanted) -> str:
    """Return a person as a form sends them back, so that whoever was shown is who is erased."""
    return signing.dumps(wanted.to_json(), salt=SALT, compress=True)


def shown(value: str) -> Wanted:
    """Return the person that a page showed. Raises signing.BadSignature for what no page of ours sent of late."""
    return Wanted.from_json(signing.loads(value, salt=SALT, max_age=SHOWN_FOR))


def export(wanted: Wanted, workspace_id: int | None) -> dict[str, Any]:
    """Return all that erasing a person would take, with source and date, and which files may hold it besides."""
    reach = Reach(workspace_id)
    whole = widened(wanted, reach)
    return {
        "person": whole.to_json(),
        "items": [item.to_json() for item in found(whole, reach)],
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
