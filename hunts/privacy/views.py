"""The doors to people's data in a workspace: its owners and admins alone."""

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest, admin_required
from hunts.privacy import erasing, page, retention, tasks
from hunts.privacy.forms import PersonForm, RetentionForm
from leads import suppression


@require_GET
@admin_required
def show(request: MemberRequest) -> HttpResponse:
    return _page(request, PersonForm())


# Whom somebody looks for stands in no address, so that it stands in no log of a server either.
@sensitive_post_parameters()
@require_POST
@admin_required
def find(request: MemberRequest) -> HttpResponse:
    """Show what is known of a person, and what may be done about it."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    audit.record(Verb.PERSON_LOOKED_UP, workspace_id=request.workspace.pk)
    return _page(request, form, **page.looked_up(request.workspace, form.wanted))


@sensitive_post_parameters()
@require_POST
@admin_required
def export(request: MemberRequest) -> HttpResponse:
    """Hand out everything that is known of a person, as JSON."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    told = page.export(form.wanted, request.workspace.pk)
    audit.record(Verb.PERSON_EXPORTED, workspace_id=request.workspace.pk, words=str(len(told["items"])))
    response = HttpResponse(json.dumps(told, ensure_ascii=False, indent=2), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="person-{timezone.now():%Y-%m-%d}.json"'
    response["Cache-Control"] = "no-store"
    return response


@sensitive_post_parameters()
@require_POST
@admin_required
def erase(request: MemberRequest) -> HttpResponse:
    """Erase a person, and keep them out from now on."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    as_shown = bool(form.cleaned_data["shown"])
    erasure = erasing.begin(form.wanted, workspace_id=request.workspace.pk, by=request.user, is_whole=as_shown)
    tasks.nudge(erasure.pk)
    messages.success(request, _("The person is being erased, and is not kept again from now on."))
    return redirect("privacy:page")


@sensitive_post_parameters()
@require_POST
@admin_required
def let_back(request: MemberRequest) -> HttpResponse:
    """Take a person off the list of those who are not kept; a reason is asked for."""
    form, reason = PersonForm(request.POST), request.POST.get("reason", "").strip()
    if not form.is_valid():
        return _page(request, form, status=422)
    if not reason:
        messages.error(request, _("Say why the person may be kept again: that is written into the audit log."))
        return _page(request, form, status=422, **page.looked_up(request.workspace, form.wanted))
    count = suppression.lift(request.workspace.pk, form.wanted)
    words = suppression.without(form.wanted.at(""), reason)
    audit.record(Verb.PERSON_LET_BACK, workspace_id=request.workspace.pk, words=words)
    if count:
        messages.success(request, _("The person may be kept again. Nothing comes back by that: it must be found anew."))
    else:
        messages.info(request, _("The person is not on the list of this workspace."))
    return redirect("privacy:page")


@require_POST
@admin_required
def keep_for(request: MemberRequest) -> HttpResponse:
    """Change for how long people are kept; what would go at once is shown first, and asked for."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _page(request, PersonForm(), status=422, retention_form=form)
    months = form.cleaned_data["months"]
    at_once = retention.due(request.workspace, months=months)
    if at_once.total and months < request.workspace.retention_months and "confirmed" not in request.POST:
        return _page(request, PersonForm(), retention_form=form, at_once=at_once, months=months)
    retention.change(request.workspace, months, by=request.user)
    said = ngettext("People are kept for %(n)s month now.", "People are kept for %(n)s months now.", months)
    messages.success(request, said % {"n": months})
    return redirect("privacy:page")


def _page(request: MemberRequest, form: PersonForm, *, status: int = 200, **context: object) -> HttpResponse:
    context = {
        "form": form,
        "retention_form": RetentionForm({"months": request.workspace.retention_months}),
        **page.context(request.workspace),
        **context,
    }
    response = render(request, "hunts/privacy.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
