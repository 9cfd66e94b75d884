"""The API's leads: list and read."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, ProblemOut, Text
from accounts.middleware import MemberRequest
from leads import family, paging
from leads.filters import narrowed
from leads.models import Contact, ContactForm, Evidence, Fact, Lead
from leads.scoring import Line

router = Router(tags=["leads"])


class LeadOut(Schema):
    """One company that the workspace knows. Costs are whole micro-dollars; the score is 0 to 100."""

    id: int
    name: str
    platform: str
    domain: str = Field(alias="handle")
    website: str
    description: str
    location: str
    country: str
    employees_min: int | None
    employees_max: int | None
    founded_year: int | None
    status: str
    tier: str
    score: Decimal
    best_quote: str
    best_quote_url: str
    contact_name: str
    contact_email: str
    site_problem: str
    cost_microusd: int
    created_at: datetime
    judged_at: datetime | None


class VerdictOut(Schema):
    """What was judged of one criterion, and the words of the stored page that prove it."""

    criterion: str = Field(alias="text")
    kind: str
    weight: int
    verdict: str
    confidence: float
    reason: str
    quote: str
    url: str
    snapshot_sha256: str
    start: int | None
    end: int | None
    fetched_at: datetime | None


class ContactOut(Schema):
    """Whom to write to, and where that was published."""

    name: str
    title: str
    email: str
    phone: str
    linkedin_url: str
    is_person: bool
    confidence: float
    found_by: str
    source_url: str
    found_at: datetime


class FactOut(Schema):
    """Something that the company's own pages tell of it: address, country, profile or technology."""

    kind: str
    value: str
    detail: str
    quote: str
    in_source: bool = Field(description="the quote is from the page's HTML, not from what a visitor reads")
    source_url: str
    snapshot_sha256: str
    confidence: float
    found_at: datetime


class FormFieldOut(Schema):
    """One field of a form; `kind` is what a person would fill in."""

    name: str
    kind: str
    type: str
    label: str
    is_required: bool
    options: list[str]


class ContactFormOut(Schema):
    """A form by which one can write to the company. `captcha` names what must be solved, '' where nothing."""

    url: str
    action: str
    method: str
    fields: list[FormFieldOut]
    captcha: str
    confidence: float
    found_at: datetime


class ScoreLineOut(Schema):
    """One line of a score; the points of all lines add up to it."""

    label: str
    reason: str
    points: Decimal
    possible: Decimal


class LeadDetailOut(LeadOut):
    """One lead with everything that is known of it."""

    judged_by: str
    judge_note: str
    scoring_config: int | None
    verdicts: list[VerdictOut]
    score_lines: list[ScoreLineOut]
    contacts: list[ContactOut]
    facts: list[FactOut]
    contact_forms: list[ContactFormOut]
    also_known_as: list[str] = Field(description="other domains of it, of merged leads and of redirects")

    @staticmethod
    def resolve_cost_microusd(lead: Lead) -> int:
        return family.cost_microusd(lead)

    @staticmethod
    def resolve_also_known_as(lead: Lead) -> list[str]:
        return family.other_handles(lead)

    @staticmethod
    def resolve_facts(lead: Lead) -> list[Fact]:
        return family.facts(lead)

    @staticmethod
    def resolve_contact_forms(lead: Lead) -> list[ContactForm]:
        return family.contact_forms(lead)

    @staticmethod
    def resolve_judged_by(lead: Lead) -> str:
        return lead.assessment.judged_by if lead.assessment else ""

    @staticmethod
    def resolve_judge_note(lead: Lead) -> str:
        return lead.assessment.judge_note if lead.assessment else ""

    @staticmethod
    def resolve_scoring_config(lead: Lead) -> int | None:
        return lead.assessment.scoring_config.number if lead.assessment else None

    @staticmethod
    def resolve_verdicts(lead: Lead) -> list[Evidence]:
        return list(lead.assessment.evidence.all()) if lead.assessment else []

    @staticmethod
    def resolve_score_lines(lead: Lead) -> Sequence[Line]:
        return lead.assessment.explained().lines if lead.assessment else ()

    @staticmethod
    def resolve_contacts(lead: Lead) -> list[Contact]:
        return family.contacts(lead)


class LeadsOut(Schema):
    """A page of leads, and the cursor of the next one ('' after the last)."""

    items: list[LeadOut]
    next_cursor: str


class LeadsIn(Schema):
    """What to list. Without a status these are the qualified leads."""

    q: Text = Field("", max_length=200, description="words in the name, domain, description or place")
    tier: Literal["", "A", "B", "C", "D"] = ""
    status: Literal["", "all", "new", "qualified", "rejected"] = ""
    hunt: int | None = Field(None, ge=1, lt=10**17, description="only leads that this hunt came upon")
    sort: Literal["score", "newest", "name"] = "score"
    cursor: Text = Field("", max_length=2_000, description="`next_cursor` of the page before")
    limit: int = Field(50, ge=1, le=paging.MOST_ROWS)


@router.get("", response={200: LeadsOut, 400: ProblemOut, **PROBLEMS}, operation_id="list_leads")
def list_leads(request: MemberRequest, asked: Query[LeadsIn]) -> dict[str, object]:
    """Leads of the workspace, best first."""
    filters = {"q": asked.q, "tier": asked.tier, "status": asked.status, "hunt": str(asked.hunt or "")}
    try:
        page = paging.page(narrowed(request.workspace, filters), sort=asked.sort, cursor=asked.cursor, size=asked.limit)
    except paging.BadCursor as error:
        raise HttpError(400, _("The cursor does not belong to this list. Begin at the first page.")) from error
    family.add_costs(page.rows)
    return {"items": page.rows, "next_cursor": page.next_cursor}


@router.get("/{int:lead_id}", response={200: LeadDetailOut, **PROBLEMS_OF_ONE}, operation_id="read_lead")
def read_lead(request: MemberRequest, lead_id: int) -> Lead:
    """One lead: its verdicts with their quotes, its score line by line, whom to write to, what its site tells.

    Asked for a lead that was merged into another one, it answers with that one: its `id` is another then.
    """
    return whole_lead(request, lead_id)


def whole_lead(request: MemberRequest, lead_id: int) -> Lead:
    """Return the lead that stands for `lead_id`, with everything that an answer tells of it."""
    leads = Lead.objects.of_workspace(request.workspace)
    asked = get_object_or_404(leads.only("merged_into"), pk=lead_id)
    whole = leads.select_related("assessment__scoring_config").prefetch_related("assessment__evidence")
    lead = get_object_or_404(whole, pk=asked.merged_into_id or asked.pk)
    family.gather([lead], *family.ROWS, "aliases")
    return lead
