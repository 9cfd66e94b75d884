"""The doors to merging: who may, which leads, one call, answer."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required
from leads import dedupe, merge_page, merging
from leads.merge_models import Merge
from leads.models import Lead


@require_GET
@editor_required
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """Look for a lead to merge with, and show what merging it would do."""
    leads = Lead.objects.visible_to(request.workspace)
    lead = get_object_or_404(leads, pk=pk)
    words = request.GET.get("q", "").replace("\0", "").strip()
    context: dict[str, Any] = {"lead": lead, "words": words, "found": merge_page.found(leads, lead, words)}
    other = request.GET.get("other", "")
    if other.isascii() and other.isdigit() and len(other) < 18:
        context["preview"] = merge_page.preview(lead, get_object_or_404(leads.exclude(pk=pk), pk=int(other)))
    return render(request, "leads/merge.html", context)


@require_POST
@editor_required
def merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Merge another lead of the workspace into this one."""
    leads = Lead.objects.of_workspace(request.workspace)
    lead = get_object_or_404(leads, pk=pk)
    other_id = request.POST.get("other", "")
    is_number = other_id.isascii() and other_id.isdigit() and len(other_id) < 18
    other = get_object_or_404(leads, pk=int(other_id) if is_number else 0)
    try:
        made = merging.merge(lead.pk, other.pk, by=request.user, evidence=dedupe.evidence_of(lead, other))
    except merging.MergeRefused as error:
        messages.error(request, str(error))
        return redirect(lead)
    messages.success(request, _("%(merged)s is part of this lead now.") % {"merged": other.name})
    return redirect(made.kept)


@require_POST
@editor_required
def unmerge(request: MemberRequest, pk: int, merge_pk: int) -> HttpResponse:
    """Part what was merged into this lead."""
    row = get_object_or_404(Merge.objects.visible_to(request.workspace).select_related("merged"), pk=merge_pk)
    lead = get_object_or_404(Lead.objects.of_workspace(request.workspace), pk=pk)
    try:
        is_undone = merging.unmerge(row.pk, by=request.user)
    except merging.MergeRefused as error:
        messages.error(request, str(error))
        return redirect(lead)
    if is_undone:
        messages.success(request, _("%(merged)s is a lead of its own again.") % {"merged": row.merged.name})
    else:
        messages.warning(request, _("Somebody had undone that already."))
    return redirect(lead)
