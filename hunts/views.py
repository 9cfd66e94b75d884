"""The doors to runs: who may, which row, one call, answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from hunts import launch, logs, pipeline, preset_page, presets, runpage
from hunts.limits import RaiseForm
from hunts.models import Hunt, Run
from hunts.preset_models import Preset


def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("hunts:list")
    return render(request, "pages/landing.html")


def shown(request: HttpRequest, start: Callable[[], Run], *, otherwise: Any) -> HttpResponse:
    """Start a run and show it; where that hunt is being run already, show that run and say so.

    `otherwise` is where to go when nothing can be started at all.
    """
    try:
        return redirect(start())
    except pipeline.AlreadyLive as error:
        messages.info(request, str(error))
        return redirect(error.run)
    except pipeline.NotStarted as error:
        messages.warning(request, str(error))
        return redirect(otherwise)


@require_POST
@editor_required
def run_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Run a hunt once more, as its preset says where it is one that the person may see."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    preset = preset_page.preset_of(hunt, request.workspace, request.user)
    try:
        return shown(request, lambda: presets.run_hunt(hunt, preset, by=request.user), otherwise=hunt)
    except presets.NotPossible as error:
        messages.error(request, str(error))
        return redirect(hunt)


def run_of(request: MemberRequest, pk: int) -> Run:
    """Return the run of an address, if the workspace has it; else there is nothing at that address.

    `preset_name` is that of the preset that its hunt is, where the person may see it.
    """
    visible = Preset.objects.visible_to(request.workspace, request.user).filter(hunt=OuterRef("hunt"))
    runs = Run.objects.visible_to(request.workspace).select_related("hunt", "figures", "budget")
    return get_object_or_404(runs.annotate(preset_name=Subquery(visible.values("name")[:1])), pk=pk)


@require_GET
@member_required
def run_detail(request: MemberRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    if request.GET.get("tab") == "log":
        after = request.GET.get("after", "")
        context = runpage.log_context(run, logs.wanted(request.GET), after, may_change=may_change(request))
        return render(request, "hunts/run.html", context)
    show = request.GET.get("show", "")
    context = runpage.context(run, show=show if show in runpage.SHOWN else "", may_change=may_change(request))
    return render(request, "hunts/run.html", context)


@require_GET
@member_required
def run_log_file(request: MemberRequest, pk: int, kind: str) -> StreamingHttpResponse:
    """The lines that the log's tab shows, as a file."""
    run = run_of(request, pk)
    if kind not in logs.FILES:
        raise Http404
    written, content_type = logs.FILES[kind]
    answer = StreamingHttpResponse(written(run, logs.wanted(request.GET)), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="run-{run.pk}-log.{kind}"'
    return answer


@require_POST
@editor_required
def raise_limit(request: MemberRequest, pk: int) -> HttpResponse:
    """Allow a run that stopped at its limit to spend more, and go on; what was typed stays where it cannot be."""
    run = run_of(request, pk)
    form = RaiseForm(request.POST, run=run)
    if not form.is_valid():
        # htmx shows no answer that has an error's status.
        status = 200 if request.headers.get("HX-Request") else 422
        answer = render(
            request, "hunts/run.html", runpage.context(run, limit_form=form, may_change=True), status=status
        )
        answer["HX-Push-Url"] = run.get_absolute_url()
        return answer
    return _changed(request, run, lambda: launch.raise_limit(run, form.max_spend_microusd))


@require_POST
@editor_required
def change_run(request: MemberRequest, pk: int, action: str) -> HttpResponse:
    """Pause, resume or cancel a run, or try again what failed in it."""
    run = run_of(request, pk)
    if action not in launch.CHANGES:
        raise Http404
    return _changed(request, run, lambda: launch.change(run, action))


def _changed(request: MemberRequest, run: Run, change: Callable[[], bool]) -> HttpResponse:
    def done() -> Run:
        if not change():
            told = _("The run has moved on meanwhile: it is %s now.") % Run.objects.get(pk=run.pk).get_status_display()
            messages.warning(request, told)
        return run

    return shown(request, done, otherwise=run)
