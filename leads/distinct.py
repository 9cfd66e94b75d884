"""Two leads are not the same company: a person says so once, and it holds for good, whoever stands for them later."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from leads import merging
from leads.merge_models import DistinctPair
from leads.models import Lead


def keep_apart(lead_id: int, other_id: int, *, by: User) -> DistinctPair:
    """Say that two leads, or those that stand for them, are two companies; return the pair, which may be there already.

    From then on none is suggested for the other, and no run merges them. Raises OneAlready where they are one lead,
    and MergeRefused where they belong to two workspaces.
    """
    return merging.while_nobody_moves(lambda: _keep_apart(lead_id, other_id, by))


def _keep_apart(lead_id: int, other_id: int, by: User) -> DistinctPair:
    roots = sorted({merging.root_of(lead_id), merging.root_of(other_id)})
    if len(roots) < 2:
        raise merging.OneAlready(_("These are one lead already. Unmerge them to keep them apart."))
    # Locked, so that a run that is about to merge the two sees the pair, or we its merge.
    leads = merging.locked(*roots)
    if any(lead.merged_into_id for lead in leads.values()):
        raise merging.Moved
    if len({lead.workspace_id for lead in leads.values()}) > 1:
        raise merging.MergeRefused(_("Leads of two workspaces have nothing to be kept apart for."))
    first, second = roots
    said = {"workspace_id": leads[first].workspace_id, "said_by": by}
    return DistinctPair.objects.get_or_create(first_id=first, second_id=second, defaults=said)[0]


def take_back(lead_id: int, other_id: int) -> bool:
    """Let two leads be suggested for each other again; False where somebody had taken it back before.

    It takes back all that was said of the two, also of leads that were merged into either of them.
    """
    one, other = (Lead.objects.family_of(merging.root_of(pk)) for pk in (lead_id, other_id))
    return bool(DistinctPair.objects.touching(one).touching(other).delete()[0])


def pairs_of(lead: Lead) -> "QuerySet[DistinctPair]":
    """Return what was said of a lead, and of those that were merged into it; the newest first."""
    pairs = DistinctPair.objects.touching(Lead.objects.family_of(lead.pk))
    return pairs.select_related("first__merged_into", "second__merged_into", "said_by").order_by("-pk")
