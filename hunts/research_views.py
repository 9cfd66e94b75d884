"""The doors to deep research: who may, which row, one call, answer."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, member_required
from hunts import research, research_tasks
from hunts.research_models import Research, Statement
from leads.models import Lead

CHANGES: dict[str, Callable[[Research], bool]] = {"cancel": research.cancel, "retry": research.retry}


@require_POST
@editor_required
def start(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin a research of a lead, or show the one that is under way."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace).filter(platform=Lead.Platform.WEB), pk=pk)
    research_tasks.nudge(research.start(lead, by=request.user).pk)
    return redirect(f"{lead.get_absolute_url()}#research")


@require_POST
@editor_required
def change(request: MemberRequest, pk: int, research_pk: int, action: str) -> HttpResponse:
    """Stop a research, or go on with one that ended early."""
    researches = Research.objects.visible_to(request.workspace).filter(lead__in=Lead.objects.family_of(pk))
    row = get_object_or_404(researches, pk=research_pk)
    if action not in CHANGES:
        raise Http404
    if not CHANGES[action](row):
        messages.warning(request, _("The research has moved on meanwhile: it is %s now.") % row.get_status_display())
    elif row.is_live:
        research_tasks.nudge(row.pk)
    return redirect(f"{row.lead.get_absolute_url()}#research")


@require_GET
@member_required
def panel(request: MemberRequest, pk: int) -> HttpResponse:
    """Show how a research stands: the part of the lead's page that asks for itself while one is under way."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace).select_related("assessment"), pk=pk)
    template = "leads/_research.html" if request.headers.get("HX-Request") else "leads/part.html"
    return render(request, template, {"lead": lead, "part": "leads/_research.html"})


@require_GET
@member_required
def citation(request: MemberRequest, pk: int, statement_pk: int) -> HttpResponse:
    """Show the stored page of a statement, with its quote marked."""
    lead = get_object_or_404(Lead.objects.visible_to(request.workspace), pk=pk)
    rows = Statement.objects.select_related("snapshot", "question")
    row = get_object_or_404(rows, pk=statement_pk, question__research__lead__in=Lead.objects.family_of(pk))
    text = row.snapshot.text
    parts = {"before": text[: row.start], "quote": text[row.start : row.end], "after": text[row.end :]}
    return render(request, "leads/citation.html", {"statement": row, "lead": lead, "parts": parts})
