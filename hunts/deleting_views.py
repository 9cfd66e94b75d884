"""The doors to deleting hunts and runs, and to bringing them back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.quotas import QuotaReached
from hunts import deleting, views
from hunts.keeping import KEPT_FOR
from hunts.models import Hunt


@require_POST
@editor_required
def delete_hunt(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a hunt, and offer to take that back."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    deleting.delete_hunt(hunt)
    return redirect(f"{reverse('hunts:deleted')}?hunt={hunt.pk}")


@require_POST
@editor_required
def restore_hunt(request: MemberRequest, pk: int) -> HttpResponse:
    hunt = get_object_or_404(deleting.deleted_hunts(request.workspace), pk=pk)
    try:
        deleting.restore_hunt(hunt)
    except QuotaReached as error:
        messages.error(request, str(error))
        return redirect("hunts:deleted")
    messages.success(request, _("The hunt is back."))
    return redirect(hunt)


@require_POST
@editor_required
def delete_run(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a run that is over, and offer to take that back."""
    run = views.run_of(request, pk)
    if not deleting.delete_run(run):
        messages.warning(request, _("The run is not over. Cancel it first; then it can be deleted."))
        return redirect(run)
    return redirect(f"{reverse('hunts:deleted')}?run={run.pk}")


@require_POST
@editor_required
def restore_run(request: MemberRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(deleting.deleted_runs(request.workspace), pk=pk)
    deleting.restore_run(run)
    messages.success(request, _("The run is back."))
    return redirect(run)


@require_GET
@member_required
def deleted(request: MemberRequest) -> HttpResponse:
    """What was deleted and can be brought back; what was deleted just now first, with its Undo."""
    hunts = list(deleting.deleted_hunts(request.workspace)[:100])
    runs = list(deleting.deleted_runs(request.workspace).select_related("hunt")[:100])
    context = {
        "may_change": may_change(request),
        "hunts": hunts,
        "runs": runs,
        "just_hunt": _named(hunts, request.GET.get("hunt", "")),
        "just_run": _named(runs, request.GET.get("run", "")),
        "days": KEPT_FOR.days,
    }
    return render(request, "hunts/deleted.html", context)


def _named(rows: list[Any], pk: str) -> Any:
    return next((row for row in rows if str(row.pk) == pk), None)
