"""The doors to merging and keeping apart: who may, which leads, one call, answer."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.row_numbers import row_number
from leads import dedupe, distinct, merge_page, merging
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
    other = row_number(request.GET.get("other", ""))
    if other is not None:
        context["preview"] = merge_page.preview(lead, get_object_or_404(leads.exclude(pk=pk), pk=other))
    return render(request, "leads/merge.html", context)


@require_GET
@member_required
def identity(request: MemberRequest, pk: int) -> HttpResponse:
    """Show who a lead may also be, and under which names it is known: a part of the lead's page that comes after it."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace), pk=pk)
    panel = merge_page.panel(lead, may_change=may_change(request))
    template = "leads/_identity.html" if request.headers.get("HX-Request") else "leads/part.html"
    return render(request, template, {"lead": lead, "identity": panel, "part": "leads/_identity.html"})


def _both(request: MemberRequest, pk: int) -> tuple[Lead, Lead]:
    """Return the lead of the address and the `other` one of the form."""
    leads = Lead.objects.of_workspace(request.workspace)
    other = row_number(request.POST.get("other", "")) or 0
    return get_object_or_404(leads, pk=pk), get_object_or_404(leads, pk=other)


@require_POST
@editor_required
def merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Merge another lead of the workspace into this one."""
    lead, other = _both(request, pk)
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
    lead = get_object_or_404(Lead.objects.of_workspace(request.workspace), pk=pk)
    merges = Merge.objects.visible_to(request.workspace).within(Lead.objects.family_of(lead.pk))
    row = get_object_or_404(merges.select_related("merged"), pk=merge_pk)
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


@require_POST
@editor_required
def keep_apart(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that another lead of the workspace is another company."""
    lead, other = _both(request, pk)
    try:
        distinct.keep_apart(lead.pk, other.pk, by=request.user)
    except merging.MergeRefused as error:
        messages.error(request, str(error))
    else:
        told = _("%(other)s is not suggested here any more, and no run merges the two. Undo it under “Other names”.")
        messages.success(request, told % {"other": other.name})
    return redirect(lead)


@require_POST
@editor_required
def suggest_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back that another lead is another company."""
    lead, other = _both(request, pk)
    if distinct.take_back(lead.pk, other.pk):
        messages.success(request, _("%(other)s may be suggested here again.") % {"other": other.name})
    else:
        messages.warning(request, _("Somebody had undone that already."))
    return redirect(lead)
