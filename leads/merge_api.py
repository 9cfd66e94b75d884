"""The API's merging of leads: who may be one, merge, unmerge, and keep apart."""

from datetime import datetime

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS_OF_ONE, BodyIn, ProblemOut, editor
from accounts.middleware import MemberRequest
from leads import dedupe, distinct, merge_page, merging
from leads.api import LeadDetailOut, LeadOut, whole_lead
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


class ApartOut(Schema):
    """Another lead that somebody said to be another company, and when."""

    lead: LeadOut
    said_at: datetime


class DuplicatesOut(Schema):
    """Who a lead may also be, which leads are part of it, and which it is kept apart from."""

    possible: list[PossibleOut]
    merges: list[MergeOut]
    kept_apart: list[ApartOut]


class OtherIn(BodyIn):
    """The other one of two leads: the one that becomes a part of this, or that is another company."""

    other: int = Field(ge=1, lt=2**63)


class UnmergeIn(BodyIn):
    """Which merge is undone."""

    merge_id: int = Field(ge=1, lt=2**63)


class MergedOut(Schema):
    """The lead as it is now, and the merge, to undo it by."""

    merge: MergeOut
    lead: LeadDetailOut


@router.get("/{int:lead_id}/duplicates", response={200: DuplicatesOut, **PROBLEMS_OF_ONE}, operation_id="duplicates")
def duplicates(request: MemberRequest, lead_id: int) -> dict[str, object]:
    """Other leads that may be the same company, the surest first; what was merged into this one; who it is not."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace), pk=lead_id)
    return _duplicates(lead)


def _duplicates(lead: Lead) -> dict[str, object]:
    panel = merge_page.panel(lead, may_change=False)
    apart = [{"lead": one.other, "said_at": one.pair.said_at} for one in panel.apart]
    return {"possible": panel.duplicates, "merges": panel.merges, "kept_apart": apart}


@router.post(
    "/{int:lead_id}/keep-apart",
    response={200: DuplicatesOut, 409: ProblemOut, **PROBLEMS_OF_ONE},
    operation_id="keep_apart",
)
def keep_apart(request: MemberRequest, lead_id: int, asked: OtherIn) -> dict[str, object]:
    """Say that another lead is another company: it is suggested no more, nor merged by a run; 409 for one lead."""
    lead, other = _both(request, lead_id, asked.other)
    try:
        distinct.keep_apart(lead.pk, other.pk, by=request.user)
    except merging.MergeRefused as error:
        raise HttpError(409, str(error)) from error
    return _duplicates(lead)


@router.post(
    "/{int:lead_id}/suggest-again",
    response={200: DuplicatesOut, 409: ProblemOut, **PROBLEMS_OF_ONE},
    operation_id="suggest_again",
)
def suggest_again(request: MemberRequest, lead_id: int, asked: OtherIn) -> dict[str, object]:
    """Take back that two leads are two companies; 409 where nobody says so."""
    lead, other = _both(request, lead_id, asked.other)
    if not distinct.take_back(lead.pk, other.pk):
        raise HttpError(409, _("These two are not kept apart."))
    return _duplicates(lead)


def _both(request: MemberRequest, lead_id: int, other_id: int) -> tuple[Lead, Lead]:
    """Return two leads of the workspace, for somebody who may change them."""
    leads = Lead.objects.of_workspace(request.workspace)
    lead, other = get_object_or_404(leads, pk=lead_id), get_object_or_404(leads, pk=other_id)
    editor(request)
    return lead, other


@router.post(
    "/{int:lead_id}/merge", response={200: MergedOut, 409: ProblemOut, **PROBLEMS_OF_ONE}, operation_id="merge_lead"
)
def merge(request: MemberRequest, lead_id: int, asked: OtherIn) -> dict[str, Merge | Lead]:
    """Merge another lead into this one. Nothing is deleted; 409 where they are one already, or are elsewhere by now."""
    lead, other = _both(request, lead_id, asked.other)
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
    merges = Merge.objects.visible_to(request.workspace).within(Lead.objects.family_of(lead.pk))
    row = get_object_or_404(merges, pk=asked.merge_id)
    editor(request)
    try:
        is_undone = merging.unmerge(row.pk, by=request.user)
    except merging.MergeRefused as error:
        raise HttpError(409, str(error)) from error
    if not is_undone:
        raise HttpError(409, _("Somebody had undone that already."))
    row.refresh_from_db()
    return {"merge": row, "lead": whole_lead(request, lead.pk)}
