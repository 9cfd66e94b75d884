"""The doors to hunts and runs: who may, which row, one call, answer."""

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, member_required
from hunts import changes, launch, pipeline, profile, runpage
from hunts.chat_views import EXAMPLES
from hunts.forms import LimitForm
from hunts.models import Hunt, Run
from leads.scoring import Tier

PAGE_ROWS = 50


def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("hunts:list")
    return render(request, "pages/landing.html")


@require_GET
@member_required
def hunt_list(request: MemberRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    hunts = Hunt.objects.visible_to(request.workspace).order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) < 18:
        hunts = hunts.filter(pk__lt=int(before))
    found = list(hunts[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    older = shown[-1].pk if len(found) > PAGE_ROWS else None
    context = {"rows": _with_latest_runs(shown), "examples": EXAMPLES, "older": older, "before": before}
    return render(request, "hunts/list.html", context)


def _with_latest_runs(hunts: list[Hunt]) -> list[tuple[Hunt, Run | None]]:
    """Return each hunt with its latest run, which is counted: two queries for any number."""
    latest = Run.objects.filter(hunt__in=hunts).values("hunt").annotate(latest=Max("pk")).values("latest")
    counted = Run.objects.filter(pk__in=list(latest.values_list("latest", flat=True))).annotate(
        found=Count("candidates"),
        **{f"tier_{tier.lower()}": Count("candidates", filter=Q(candidates__tier=tier)) for tier in Tier},
    )
    runs = {run.hunt_id: run for run in counted}
    return [(hunt, runs.get(hunt.pk)) for hunt in hunts]


@require_GET
@member_required
def hunt_detail(request: MemberRequest, pk: int) -> HttpResponse:
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    runs = hunt.runs.select_related("budget").annotate(
        found=Count("candidates"),
        qualified=Count("candidates", filter=Q(candidates__status="qualified")),
    )
    lists = [(label, profile.labelled(hunt.icp, name)) for name, label in changes.LISTS.items()]
    context = {"hunt": hunt, "icp": hunt.icp, "lists": lists, "runs": runs.order_by("-created_at")[:50]}
    return render(request, "hunts/detail.html", context)


@require_POST
@editor_required
def run_again(request: MemberRequest, pk: int) -> HttpResponse:
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    return redirect(launch.run(hunt, by=request.user))


@require_GET
@member_required
def run_detail(request: MemberRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.workspace).select_related("hunt"), pk=pk)
    show_all = request.GET.get("log") == "all"
    return render(request, "hunts/run.html", runpage.context(run, show_all_lines=show_all))


@require_POST
@editor_required
def change_run(request: MemberRequest, pk: int, action: str) -> HttpResponse:
    """Pause, resume, cancel, retry, or raise the spending limit and go on."""
    run = get_object_or_404(Run.objects.visible_to(request.workspace), pk=pk)
    if action == "raise":
        form = LimitForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("The limit is an amount from 0 to 10,000 dollars."))
            return redirect(run)
        if not pipeline.raise_limit(run, int(form.cleaned_data["max_spend"] * 1_000_000)):
            messages.error(request, _("That is not more than the limit that the run has now."))
            return redirect(run)
        action = "resume"
    if action not in launch.CHANGES:
        raise Http404
    if not launch.change(run, action):
        messages.warning(request, _("The run has moved on meanwhile: it is %s now.") % run.get_status_display())
    return redirect(run)
