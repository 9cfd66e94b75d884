"""Which leads somebody asks for: the same answer in the table, the files and the API."""

from collections.abc import Mapping

from accounts.models import Workspace
from accounts.row_numbers import row_number
from leads.models import Lead, LeadQuerySet
from leads.scoring import Tier

FIELDS = ("q", "tier", "status", "hunt")


def narrowed(workspace: Workspace, asked: Mapping[str, str]) -> LeadQuerySet:
    """Return the workspace's leads as `asked` narrows them down: `q`, `tier`, `status`, `hunt`.

    Without a status these are the qualified ones; `all` is every one. What it does not know it ignores.
    """
    leads = Lead.objects.visible_to(workspace)
    if words := asked.get("q", "").replace("\0", "").strip():
        leads = leads.matching(words[:200], workspace_id=workspace.pk)
    if asked.get("tier") in Tier.__members__:
        leads = leads.filter(tier=asked["tier"])
    if asked.get("status") in Lead.Status.values:
        leads = leads.filter(status=asked["status"])
    elif not asked.get("status"):
        leads = leads.qualified()
    hunt = row_number(asked.get("hunt", ""))
    if hunt is not None:
        leads = leads.of_hunt(hunt)
    return leads
