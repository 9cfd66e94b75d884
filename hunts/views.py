"""The doors to hunts and runs: who may, which row, one call, answer."""

from decimal import Decimal

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, member_required
from hunts import launch, pipeline, profile, runpage
from hunts.brief import BriefUnreadable, read_brief
from hunts.estimate import estimate
from hunts.forms import HuntForm, LimitForm, sources_for
from hunts.icp import Icp
from hunts.models import Hunt, Run, Source
from hunts.uploads import saved
from leads.importing import ImportFailed, import_companies
from leads.models import CompanyList
from leads.scoring import Tier

PAGE_ROWS = 50
EXAMPLES = (
    "Contract manufacturers of precision machined parts in Germany or Austria with 20-500 employees, no distributors",
    "Fintech companies in the United Kingdom with fewer than 50 employees",
    "Sous-traitants en usinage en Auvergne-Rhône-Alpes",
)
LABELS = (
    ("industries", gettext_lazy("Industries")),
    ("keywords", gettext_lazy("Keywords")),
    ("countries", gettext_lazy("Countries")),
    ("regions", gettext_lazy("Regions")),
    ("events", gettext_lazy("Trade fairs")),
    ("excluded", gettext_lazy("Not these")),
    ("roles", gettext_lazy("Whom to write to")),
)
KINDS = (("must", gettext_lazy("must")), ("nice", gettext_lazy("nice to have")), ("exclude", gettext_lazy("exclude")))


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


@editor_required
def new_hunt(request: MemberRequest) -> HttpResponse:
    """The brief, then its profile to edit, then the start. Works the same without JavaScript."""
    if request.method != "POST":
        return _begin(request)
    action = request.POST.get("action", "update")
    if action == "read":
        return _read(request)
    icp, problem = profile.profile_of(request.POST), ""
    form = HuntForm(request.POST, request.FILES, workspace=request.workspace)
    if action == "start":
        if icp.criteria and form.is_valid():
            return _start(request, icp, form)
        problem = "" if icp.criteria else _("A hunt needs at least one criterion to judge by.")
    else:
        try:
            icp = profile.edited(icp, action, request.POST)
        except profile.NotUnderstood as error:
            problem = str(error)
        form = HuntForm(initial=request.POST.dict(), workspace=request.workspace)
    return _show_profile(request, icp, form, problem)


def _begin(request: MemberRequest) -> HttpResponse:
    """Show an empty brief, the one of the address, or the profile of another hunt to change."""
    again = request.GET.get("from", "")
    if again.isascii() and again.isdigit() and len(again) < 18:
        hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=int(again))
        stated = {"source": hunt.source, "limit": hunt.limit, "max_spend": Decimal(hunt.max_spend_microusd) / 1_000_000}
        return _show_profile(request, hunt.icp, HuntForm(initial=stated, workspace=request.workspace))
    context = {"brief": request.GET.get("brief", "")[:20_000], "examples": EXAMPLES}
    return render(request, "hunts/new.html", context)


def _read(request: MemberRequest) -> HttpResponse:
    brief = request.POST.get("brief", "")
    try:
        icp = read_brief(brief)
    except BriefUnreadable as error:
        context = {"brief": brief[:20_000], "problem": str(error), "examples": EXAMPLES}
        return render(request, "hunts/new.html", context, status=422)
    usable = [source["value"] for source in sources_for(request.workspace) if not source["problem"]]
    preferred = [Source.DIRECTORY, Source.SANDBOX, Source.EXA, Source.FILE]
    first = next(source for source in preferred if source in usable)
    form = HuntForm(initial={"source": first, "limit": 50, "max_spend": 5}, workspace=request.workspace)
    return _show_profile(request, icp, form)


def _show_profile(request: MemberRequest, icp: Icp, form: HuntForm, problem: str = "") -> HttpResponse:
    stated = {name: form[name].value() for name in ("source", "limit", "max_spend")}
    limit = int(stated["limit"]) if str(stated["limit"]).isdigit() else 0
    source = stated["source"] if stated["source"] in Source.values else Source.DIRECTORY
    context = {
        "icp": icp,
        "lists": [(name, label, profile.labelled(icp, name)) for name, label in LABELS],
        "kinds": KINDS,
        "form": form,
        "stated": stated,
        "sources": sources_for(request.workspace),
        "estimate": estimate(icp, source=source, limit=min(max(limit, 0), 1_000)),
        "problem": problem,
    }
    template = "hunts/_profile.html" if request.headers.get("HX-Request") else "hunts/profile.html"
    return render(request, template, context)


def _start(request: MemberRequest, icp: Icp, form: HuntForm) -> HttpResponse:
    company_list = None
    if form.cleaned_data["source"] == Source.FILE:
        try:
            company_list = _imported(request, form.cleaned_data["companies"])
        except ImportFailed as error:
            form.add_error("companies", str(error))
            return _show_profile(request, icp, form)
    hunt = launch.save_hunt(
        request.workspace,
        icp,
        source=form.cleaned_data["source"],
        limit=form.cleaned_data["limit"],
        max_spend_microusd=form.max_spend_microusd,
        company_list=company_list,
        by=request.user,
    )
    return redirect(launch.run(hunt, by=request.user))


def _imported(request: MemberRequest, upload: "UploadedFile[bytes]") -> CompanyList:
    with saved(upload) as path:
        report = import_companies(path, workspace=request.workspace, list_name=(upload.name or "upload")[:200])
    if report.rejected:
        messages.warning(
            request,
            _("%(good)s companies were read from %(file)s; %(bad)s rows could not be used.")
            % {"good": report.imported + report.updated, "file": upload.name, "bad": report.rejected},
        )
    return report.list


@require_GET
@member_required
def hunt_detail(request: MemberRequest, pk: int) -> HttpResponse:
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    runs = hunt.runs.select_related("budget").annotate(
        found=Count("candidates"),
        qualified=Count("candidates", filter=Q(candidates__status="qualified")),
    )
    lists = [(label, profile.labelled(hunt.icp, name)) for name, label in LABELS]
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
