"""The door to a test of a language model, on the page of the workspace's models."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts import sealing
from accounts.middleware import MemberRequest
from hunts import trials
from integrations import connections, models_page
from integrations.views import admin_required


@require_POST
@admin_required
def try_out(request: MemberRequest, slug: str) -> HttpResponse:
    """Make one tiny call and tell how it went: into the page where it can take parts, else on a new one."""
    found = next(place for place in connections.places(request.workspace.pk) if place.slug == slug)
    if found.access is None:
        raise Http404
    tried = trials.try_out(found.access, request.workspace, by=request.user)
    if request.headers.get("HX-Request") != "true":
        context = models_page.context(request.workspace.pk, may_edit=True, tried=tried)
        return render(request, "integrations/models.html", context)
    row = next(row for row in models_page.rows_of(request.workspace.pk, tried=tried) if row.slug == slug)
    context = {"row": row, "may_edit": True, "can_keep_keys": sealing.is_ready()}
    return render(request, "integrations/_model.html", context)
