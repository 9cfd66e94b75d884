"""The doors to leads: the table, one lead, and the files. (The stored pages are a floor up, in `enrichment`.)"""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import audit, quotas
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest, member_required
from accounts.row_numbers import row_number
from leads import csv_files, exports, family, paging
from leads.counts import Counts, Total, counts_of, total_of
from leads.filters import FIELDS, narrowed
from leads.models import Lead, LeadQuerySet
from leads.scoring import Tier

PAGE_ROWS = 50
MOST_HUNTS = 50


@require_GET
@member_required
def lead_list(request: MemberRequest) -> HttpResponse:
    sort = request.GET.get("sort", "score")
    sort = sort if sort in paging.SORTS else "score"
    leads = narrowed(request.workspace, request.GET)
    try:
        page = paging.page(leads, sort=sort, cursor=request.GET.get("cursor", ""), size=PAGE_ROWS)
    except paging.BadCursor:
        query = request.GET.copy()
        query.pop("cursor")
        return redirect(f"{request.path}?{query.urlencode()}")
    family.add_costs(page.rows)
    counts = counts_of(request.workspace)
    context: dict[str, Any] = {
        "page": page,
        "total": _total(request, leads, counts),
        "sort": sort,
        "status": request.GET.get("status", ""),
        "counts": counts,
        "tiers": list(Tier),
        "hunts": _hunts(request),
        "is_narrowed": any(request.GET.get(name) for name in FIELDS),
    }
    template = "leads/_table.html" if request.headers.get("HX-Target") == "leads" else "leads/list.html"
    return render(request, template, context)


def _total(request: MemberRequest, leads: LeadQuerySet, counts: Counts) -> Total:
    """Return how many leads the table has: what was counted already, where neither words nor a hunt narrow it down."""
    if request.GET.get("q", "").strip() or request.GET.get("hunt"):
        return total_of(leads)
    status, tier = request.GET.get("status") or Lead.Status.QUALIFIED, request.GET.get("tier", "")
    return Total(counts.of(status if status in Lead.Status.values else "", tier if tier in Tier.__members__ else ""))


def _hunts(request: MemberRequest) -> list[Any]:
    """Return the hunts to choose from: the latest, and the one that is chosen."""
    latest = request.workspace.hunts.filter(deleted_at__isnull=True).only("name", "workspace").order_by("-pk")
    shown = list(latest[:MOST_HUNTS])
    chosen = row_number(request.GET.get("hunt", ""))
    if chosen is not None and chosen not in {hunt.pk for hunt in shown}:
        shown += latest.filter(pk=chosen)
    return shown


@require_GET
@member_required
def lead_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what is known of a lead. Its research, its costs and its other names are parts that come after it."""
    leads = Lead.objects.of_workspace(request.workspace).select_related("assessment__scoring_config", "merged_into")
    lead = get_object_or_404(leads.prefetch_related("assessment__evidence"), pk=pk)
    if lead.merged_into is not None:
        messages.info(request, _("%(name)s was merged into this lead.") % {"name": lead.name})
        return redirect(lead.merged_into)
    family.gather([lead], *family.ROWS)
    context = {
        "lead": lead,
        "assessment": lead.assessment,
        "evidence": lead.assessment.evidence.all() if lead.assessment else [],
        "score": lead.assessment.explained() if lead.assessment else None,
        "contacts": family.contacts(lead),
        "facts": family.facts(lead),
        "contact_forms": family.contact_forms(lead)[:2],
        "candidacies": list(family.latest_candidacies(lead)),
    }
    return render(request, "leads/detail.html", context)


@require_GET
@member_required
def lead_costs(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what a lead has cost: a part of its page that comes after it."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace), pk=pk)
    family.gather([lead])
    context = {
        "lead": lead,
        "candidacies": list(family.latest_candidacies(lead)),
        "cost_microusd": family.cost_microusd(lead),
        "part": "leads/_costs.html",
    }
    return render(request, "leads/_costs.html" if request.headers.get("HX-Request") else "leads/part.html", context)


@require_GET
@member_required
def export(request: MemberRequest, kind: str) -> HttpResponse:
    """Hand out the leads of the table as it is narrowed down, as a file."""
    leads = narrowed(request.workspace, request.GET).ranked()
    formats = {
        "csv": (exports.write_csv, csv_files.CONTENT_TYPE),
        "xlsx": (exports.write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    }
    if kind not in formats:
        raise Http404(_("There is no such export."))
    quotas.take(request.workspace.pk, "exports", by=request.user)
    write, content_type = formats[kind]
    content = BytesIO()
    rows = write(content, leads)
    audit.record(Verb.LEADS_EXPORTED, workspace_id=request.workspace.pk, words=f"{kind}: {rows}")
    response = HttpResponse(content.getvalue(), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="leads-{timezone.now():%Y-%m-%d}.{kind}"'
    return response
