"""The doors to leads: the table, one lead, and the files. (The stored pages are a floor up, in `enrichment`.)"""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.middleware import MemberRequest, may_change, member_required
from leads import exports, family, merge_page, paging
from leads.filters import FIELDS, narrowed
from leads.models import Lead
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
    context: dict[str, Any] = {
        "page": page,
        "total": leads.count(),
        "sort": sort,
        "status": request.GET.get("status", ""),
        "counts": _counts(request),
        "tiers": list(Tier),
        "hunts": _hunts(request),
        "is_narrowed": any(request.GET.get(name) for name in FIELDS),
    }
    template = "leads/_table.html" if request.headers.get("HX-Target") == "leads" else "leads/list.html"
    return render(request, template, context)


def _counts(request: MemberRequest) -> dict[str, int]:
    """Return how many leads there are of each status, also of those that the table hides."""
    return Lead.objects.visible_to(request.workspace).aggregate(
        all=Count("pk"),
        qualified=Count("pk", filter=Q(status=Lead.Status.QUALIFIED)),
        rejected=Count("pk", filter=Q(status=Lead.Status.REJECTED)),
        new=Count("pk", filter=Q(status=Lead.Status.NEW)),
    )


def _hunts(request: MemberRequest) -> list[Any]:
    """Return the hunts to choose from: the latest, and the one that is chosen."""
    latest = request.workspace.hunts.filter(deleted_at__isnull=True).only("name").order_by("-pk")
    shown = list(latest[:MOST_HUNTS])
    chosen = request.GET.get("hunt", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 and int(chosen) not in {hunt.pk for hunt in shown}:
        shown += latest.filter(pk=int(chosen))
    return shown


@require_GET
@member_required
def lead_detail(request: MemberRequest, pk: int) -> HttpResponse:
    leads = Lead.objects.of_workspace(request.workspace).select_related("assessment__scoring_config", "merged_into")
    lead = get_object_or_404(leads.prefetch_related(*family.ROWS), pk=pk)
    if lead.merged_into is not None:
        messages.info(request, _("%(name)s was merged into this lead.") % {"name": lead.name})
        return redirect(lead.merged_into)
    there = family.candidacies(lead).filter(run__deleted_at__isnull=True, run__hunt__deleted_at__isnull=True)
    candidacies = there.select_related("run__hunt").order_by("-pk")[:10]
    context = {
        "lead": lead,
        "assessment": lead.assessment,
        "evidence": lead.assessment.evidence.all() if lead.assessment else [],
        "score": lead.assessment.explained() if lead.assessment else None,
        "contacts": family.contacts(lead),
        "facts": family.facts(lead),
        "contact_forms": family.contact_forms(lead)[:2],
        "identity": merge_page.panel(lead, may_change=may_change(request)),
        "cost_microusd": family.cost_microusd(lead),
        "candidacies": candidacies,
    }
    return render(request, "leads/detail.html", context)


@require_GET
@member_required
def export(request: MemberRequest, kind: str) -> HttpResponse:
    """Hand out the leads of the table as it is narrowed down, as a file."""
    leads = narrowed(request.workspace, request.GET).ranked()
    formats = {
        "csv": (exports.write_csv, "text/csv; charset=utf-8"),
        "xlsx": (exports.write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    }
    if kind not in formats:
        raise Http404(_("There is no such export."))
    write, content_type = formats[kind]
    content = BytesIO()
    write(content, leads)
    response = HttpResponse(content.getvalue(), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="leads-{timezone.now():%Y-%m-%d}.{kind}"'
    return response
