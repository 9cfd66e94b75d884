"""The doors to stored pages: a proof, shown where it stands in the text that was read, and the picture of a site."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.middleware import MemberRequest, member_required
from enrichment.models import Screenshot, Snapshot
from leads.models import Contact, Evidence, Fact, Lead


@dataclass(frozen=True, slots=True)
class Proof:
    """What the page of a proof shows: what is claimed, and where the words stand that prove it."""

    title: str
    url: str
    snapshot_sha256: str
    quote: str
    fetched_at: datetime | None
    confidence: float
    start: int | None = None
    reason: str = ""
    verdict: str = ""
    verdict_label: str = ""
    in_source: bool = False


@require_GET
@member_required
def evidence(request: MemberRequest, pk: int, evidence_pk: int) -> HttpResponse:
    """Show the stored page of a verdict, with the quote marked at its offsets."""
    lead = _lead(request, pk)
    row = get_object_or_404(Evidence, pk=evidence_pk, assessment__lead__in=_family(lead), start__isnull=False)
    proof = Proof(
        title=row.text,
        url=row.url,
        snapshot_sha256=row.snapshot_sha256,
        quote=row.quote,
        fetched_at=row.fetched_at,
        confidence=row.confidence,
        start=row.start,
        reason=row.reason,
        verdict=row.verdict,
        verdict_label=row.get_verdict_display(),
    )
    return _shown(request, lead, proof)


@require_GET
@member_required
def fact(request: MemberRequest, pk: int, fact_pk: int) -> HttpResponse:
    """Show where a fact stands on the stored page, or in what was kept of its source."""
    lead = _lead(request, pk)
    row = get_object_or_404(Fact.objects.exclude(snapshot_sha256=""), pk=fact_pk, lead__in=_family(lead))
    return _shown(request, lead, _proof_of(row, title=f"{row.get_kind_display()}: {row.value}"))


@require_GET
@member_required
def contact(request: MemberRequest, pk: int, contact_pk: int) -> HttpResponse:
    """Show where a contact was published."""
    lead = _lead(request, pk)
    row = get_object_or_404(
        Contact.objects.exclude(quote="").exclude(snapshot_sha256=""), pk=contact_pk, lead__in=_family(lead)
    )
    return _shown(request, lead, _proof_of(row, title=_("Contact: %s") % row))


def _proof_of(row: Fact | Contact, *, title: str) -> Proof:
    return Proof(
        title=title,
        url=row.source_url,
        snapshot_sha256=row.snapshot_sha256,
        quote=row.quote,
        fetched_at=row.found_at,
        confidence=row.confidence,
        in_source=row.in_source,
    )


@require_GET
@member_required
def screenshot(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Hand out the picture of a lead's home page to who may see the lead."""
    picture = get_object_or_404(Screenshot, pk=_lead(request, pk).handle)
    try:
        response = FileResponse(picture.file.open("rb"), content_type="image/webp")
    except FileNotFoundError:
        return HttpResponse(status=404)
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _lead(request: MemberRequest, pk: int) -> Lead:
    """Return the lead, or the one that it was merged into: its proofs are shown there."""
    lead = get_object_or_404(Lead.objects.of_workspace(request.workspace).select_related("merged_into"), pk=pk)
    return lead.merged_into or lead


def _family(lead: Lead) -> QuerySet[Lead]:
    return Lead.objects.family_of(lead.pk)


def _shown(request: HttpRequest, lead: Lead, proof: Proof) -> HttpResponse:
    snapshot = Snapshot.objects.filter(pk=proof.snapshot_sha256).first()
    if snapshot is None:
        return render(request, "leads/evidence.html", {"proof": proof, "lead": lead, "is_gone": True})
    text = snapshot.text
    start = text.find(proof.quote) if proof.start is None else proof.start
    end = start + len(proof.quote)
    parts = {"before": text[:start], "quote": text[start:end], "after": text[end:]} if start >= 0 else {"before": text}
    return render(request, "leads/evidence.html", {"proof": proof, "lead": lead, "parts": parts})
