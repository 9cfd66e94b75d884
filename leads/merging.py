"""Two leads that are one company are put together, and parted again, and nothing is lost either way.

Contacts, facts, verdicts, candidacies and costs stay with the lead that they were found for, and are shown with the
lead that it was merged into; only the candidate whose run found out moves to that one, to go on with what is known.
What the kept lead does not know itself it takes over, and the merge remembers what that was before. A merged lead
points at the one that stands for it, never at a merged one; which was merged into which is told by the rows of `Merge`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.db import transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import User
from leads import family
from leads.merge_models import Clue, DistinctPair, Merge
from leads.models import Lead

T = TypeVar("T")
TRIES = 5


class MergeRefused(Exception):
    """Nothing was changed; the message says why and can be shown."""


class OneAlready(MergeRefused):
    """The two are one lead already."""


class KeptApart(MergeRefused):
    """A person said that these are two companies."""


class Moved(Exception):
    """Somebody merged or parted one of the leads between our look and our lock: look again."""


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that are taken over together, where all of those that tell whether they are known are blank."""

    name: str
    tells: tuple[str, ...]
    columns: tuple[str, ...]

    def is_known(self, lead: Lead) -> bool:
        return any(getattr(lead, column) for column in self.tells)

    def values(self, lead: Lead) -> dict[str, Any]:
        """Return the columns as JSON keeps them, exactly."""
        return {column: _as_json(getattr(lead, column)) for column in self.columns}

    def put(self, lead: Lead, values: Mapping[str, Any]) -> None:
        for column in self.columns:
            field = cast("Field[Any, Any]", Lead._meta.get_field(column.removesuffix("_id")))
            setattr(lead, column, field.to_python(values[column]))


_JUDGEMENT = ("assessment_id", "status", "tier", "score", "best_quote", "best_quote_url", "judged_at")
_SINGLE = ("website", "description", "location", "country", "founded_year", "phone")
BLOCKS: Mapping[str, Block] = {
    block.name: block
    for block in (
        Block("judgement", ("assessment_id",), _JUDGEMENT),
        Block("contact", ("contact_email",), ("contact_email", "contact_name")),
        Block("employees", ("employees_min", "employees_max"), ("employees_min", "employees_max")),
        *(Block(column, (column,), (column,)) for column in _SINGLE),
    )
}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def merge(kept_id: int, merged_id: int, *, by: User | None, evidence: Sequence[Mapping[str, str]] = ()) -> Merge:
    """Merge one lead into another, or into the one that this was merged into; return the record of it.

    `by` is None where a run found out. Raises OneAlready, KeptApart where a run merges what a person keeps apart (a
    person may change their mind), and MergeRefused where `merged_id` was merged elsewhere.
    """
    return while_nobody_moves(lambda: _merge(kept_id, merged_id, by, evidence))


def _merge(kept_id: int, merged_id: int, by: User | None, evidence: Sequence[Mapping[str, str]]) -> Merge:
    root_id = root_of(kept_id)
    if root_id == root_of(merged_id):
        raise OneAlready(_("These are one lead already."))
    leads = locked(root_id, merged_id)
    if leads[root_id].merged_into_id:
        raise Moved
    if leads[merged_id].merged_into_id:
        raise MergeRefused(_("This lead has been merged into another one meanwhile. Look at it again."))
    if leads[root_id].workspace_id != leads[merged_id].workspace_id:
        raise MergeRefused(_("Leads of two workspaces cannot be merged."))
    if by is None and merged_id in family.kept_apart_from(root_id):
        raise KeptApart(_("Somebody said that these are two companies."))
    made = Merge.objects.create(
        workspace_id=leads[root_id].workspace_id,
        kept_id=root_id,
        merged_id=merged_id,
        merged_by=by,
        evidence=[*evidence, *([{"kind": Clue.PERSON, "detail": ""}] if by else [])],
    )
    Lead.objects.family_of(merged_id).update(merged_into=root_id)
    take_over(root_id)
    if by is not None:  # what runs merge by themselves stands in `Merge`, with its evidence
        # By number: a lead may be a person, and what stands in the log cannot be erased.
        audit.record(Verb.LEAD_MERGED, leads[merged_id], workspace_id=made.workspace_id, words=f"→ #{root_id}", by=by)
    made.refresh_from_db()
    return made


def unmerge(merge_id: int, *, by: User | None) -> bool:
    """Part what was merged: the merged lead stands for itself again, with all that is its own.

    What the kept lead took over it gives back, unless something newer stands in its place. A person who parts two
    leads says that they are two companies, so that no run merges them again. False, with nothing changed, where it was
    undone before.
    """
    return while_nobody_moves(lambda: _unmerge(merge_id, by))


def _unmerge(merge_id: int, by: User | None) -> bool:
    merge = Merge.objects.select_related("merged").get(pk=merge_id)
    root_id = merge.merged.merged_into_id
    if root_id is None or merge.undone_at:
        return False
    if locked(root_id)[root_id].merged_into_id or root_of(merge.merged_id) != root_id:
        raise Moved
    if not Merge.objects.standing().filter(pk=merge_id).update(undone_at=timezone.now(), undone_by=by):
        return False
    _give_back(Merge.objects.get(pk=merge_id))
    own = {merge.merged_id, *_merged_below(merge.merged_id)}
    Lead.objects.filter(pk__in=own - {merge.merged_id}).update(merged_into=merge.merged_id)
    Lead.objects.filter(pk=merge.merged_id).update(merged_into=None)
    take_over(root_id)
    if by is not None:
        first, second = sorted((merge.kept_id, merge.merged_id))
        pair = DistinctPair(workspace_id=merge.workspace_id, first_id=first, second_id=second, said_by=by)
        DistinctPair.objects.bulk_create([pair], ignore_conflicts=True)
        named = merge.merged
        audit.record(Verb.LEAD_PARTED, named, workspace_id=merge.workspace_id, by=by)
    return True


def while_nobody_moves(change: Callable[[], T]) -> T:
    """Do `change` in a transaction, and again where somebody was faster; its locks are let go in between."""
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return change()
        except Moved:
            continue
    raise MergeRefused(_("Others are merging these leads right now. Try it again."))


def root_of(lead_id: int) -> int:
    """Return the lead that stands for `lead_id`: itself, or the one that it was merged into."""
    return Lead.objects.values_list("merged_into", flat=True).get(pk=lead_id) or lead_id


def hold_root(lead_id: int) -> int | None:
    """Lock the lead that stands for a merged one until the transaction ends; None where it stands for itself.

    Called before a merged lead's own row is written, so that the kept lead knows of what is written there. Whoever is
    merging either of them meanwhile is waited for: then another lead stands for it, which is locked in its turn.
    """
    root_id = root_of(lead_id)
    one = Lead.objects.select_for_update().values_list("merged_into", flat=True)
    while (moved_to := one.get(pk=root_id)) is not None:
        root_id = moved_to
    return None if root_id == lead_id else root_id


def locked(*lead_ids: int) -> dict[int, Lead]:
    """Lock leads, in one order for all. (On SQLite the transaction has the whole database for itself.)"""
    rows = Lead.objects.select_for_update().filter(pk__in=lead_ids).order_by("pk")
    return {lead.pk: lead for lead in rows}


def take_over(root_id: int) -> None:
    """Let a kept lead, whose lock we hold, know what those merged into it know, the earliest merged first."""
    leads = {lead.pk: lead for lead in Lead.objects.family_of(root_id)}
    # A lead takes its own in before it is merged away itself, so the order of the rows is from below upwards.
    for merge in Merge.objects.standing().filter(merged__in=leads.keys() - {root_id}).order_by("pk"):
        kept, merged = leads[merge.kept_id], leads[merge.merged_id]
        taken = dict(_taken(merge, kept, merged))
        if taken:
            _save(kept, taken)
            merge.taken |= taken
            merge.save(update_fields=["taken"])


def _taken(merge: Merge, kept: Lead, merged: Lead) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what `kept` does not know of itself and `merged` does, and put it there."""
    for block in BLOCKS.values():
        now, held = block.values(kept), merge.taken.get(block.name)
        is_borrowed = held is not None and held["after"] == now
        if block.is_known(kept) and not is_borrowed:
            continue
        if block.is_known(merged) and block.values(merged) != now:
            after = block.values(merged)
            block.put(kept, after)
            yield block.name, {"before": held["before"] if held and is_borrowed else now, "after": after}


def _give_back(merge: Merge) -> None:
    """Undo what was taken over by a merge, and by those that took it from there, as far as it stands still."""
    for name, held in merge.taken.items():
        link: Merge | None = merge
        while link is not None:
            kept, block, taken = Lead.objects.get(pk=link.kept_id), BLOCKS[name], link.taken.get(name)
            if taken is None or taken["after"] != held["after"] or block.values(kept) != taken["after"]:
                break
            block.put(kept, taken["before"])
            _save(kept, [name])
            if link.pk != merge.pk:
                del link.taken[name]
                link.save(update_fields=["taken"])
            link = Merge.objects.standing().filter(merged=link.kept_id).first()


def _save(lead: Lead, blocks: Iterable[str]) -> None:
    columns = [column for name in blocks for column in BLOCKS[name].columns]
    Lead.objects.filter(pk=lead.pk).update(**{column: getattr(lead, column) for column in columns})


def _merged_below(lead_id: int) -> set[int]:
    """Return the leads that were merged into this one, directly or through others."""
    found: set[int] = set()
    above = {lead_id}
    while above:
        below = Merge.objects.standing().filter(kept__in=above).values_list("merged", flat=True)
        above = set(below) - found
        found |= above
    return found
