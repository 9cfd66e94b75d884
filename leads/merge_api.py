"""The API's merging of leads: who may be one, merge, and unmerge."""

from datetime import datetime

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS_OF_ONE, ProblemOut, editor
from accounts.middleware import MemberRequest
from leads import dedupe, merging
from leads.api import LeadDetailOut, LeadOut, whole_lead
from leads.dedupe import Possible
from leads.merge_models import Merge
from leads.models import Lead

router = Router(tags=["leads"])


class ClueOut(Schema):
    """One thing that says that two leads are one company, and what both have."""

    kind: str
    detail: str


class PossibleOut(Schema):
    """Another lead that may be the same company. `is_certain` is True where a run would merge it."""

    lead: LeadOut
    clues: list[ClueOut]
    is_certain: bool


class MergeOut(Schema):
    """Which lead was merged into which, when and why. `undone_at` is when they were parted again."""

    id: int
    kept_id: int
    merged_id: int
    evidence: list[ClueOut]
    merged_at: datetime
    undone_at: datetime | None


class DuplicatesOut(Schema):
    """Who a lead may also be, and which leads are part of it."""

    possible: list[PossibleOut]
    merges: list[MergeOut]


class MergeIn(Schema):
    """Which lead becomes a part of this one."""

    other: int = Field(ge=1, lt=2**63)


class UnmergeIn(Schema):
    """Which merge is undone."""

    merge_id: int = Field(ge=1, lt=2**63)


class MergedOut(Schema):
    """The lead as it is now, and the merge, to undo it by."""

    merge: MergeOut
    lead: LeadDetailOut


@router.get("/{int:lead_id}/duplicates", response={200: DuplicatesOut, **PROBLEMS_OF_ONE}, operation_id="duplicates")
def duplicates(request: MemberRequest, lead_id: int) -> dict[str, list[Possible] | list[Merge]]:
    """Other leads that may be the same company, the surest first, and what was merged into this one."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace), pk=lead_id)
    merges = Merge.objects.standing().filter(merged__merged_into=lead).order_by("-pk")
    return {"possible": dedupe.possible_duplicates(lead), "merges": list(merges)}


@router.post(
    "/{int:lead_id}/merge", response={200: MergedOut, 409: ProblemOut, **PROBLEMS_OF_ONE}, operation_id="merge_lead"
)
def merge(request: MemberRequest, lead_id: int, asked: MergeIn) -> dict[str, Merge | Lead]:
    """Merge another lead into this one. Nothing is deleted; 409 where they are one already, or are elsewhere by now."""
    leads = Lead.objects.of_workspace(request.workspace)
    lead, other = get_object_or_404(leads, pk=lead_id), get_object_or_404(leads, pk=asked.other)
    editor(request)
    try:
        made = merging.merge(lead.pk, other.pk, by=request.user, evidence=dedupe.evidence_of(lead, other))
    except merging.MergeRefused as error:
        raise HttpError(409, str(error)) from error
    return {"merge": made, "lead": whole_lead(request, lead.pk)}


@router.post(
    "/{int:lead_id}/unmerge", response={200: MergedOut, 409: ProblemOut, **PROBLEMS_OF_ONE}, operation_id="unmerge_lead"
)
def unmerge(request: MemberRequest, lead_id: int, asked: UnmergeIn) -> dict[str, Merge | Lead]:
    """Part what was merged into this lead; 409 where that was done before."""
    lead = get_object_or_404(Lead.objects.of_workspace(request.workspace), pk=lead_id)
    row = get_object_or_404(Merge.objects.visible_to(request.workspace), pk=asked.merge_id)
    editor(request)
    try:
        is_undone = merging.unmerge(row.pk, by=request.user)
    except merging.MergeRefused as error:
        raise HttpError(409, str(error)) from error
    if not is_undone:
        raise HttpError(409, _("Somebody had undone that already."))
    row.refresh_from_db()
    return {"merge": row, "lead": whole_lead(request, lead.pk)}
