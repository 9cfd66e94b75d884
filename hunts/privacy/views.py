"""The doors to people's data in a workspace: its owners and admins alone."""

import json

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest, admin_required, owner_required
from accounts.roles import Right, may
from hunts.privacy import erasing, looking, page, perhaps, retention, tasks
from hunts.privacy.forms import PersonForm, RetentionForm
from hunts.privacy.lookup_models import Lookup
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
    """Have a worker look for a person, and show how far it is."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    begun = looking.begin(form.wanted, request.workspace, by=request.user)
    tasks.nudge_lookup(begun.pk)
    return redirect(begun)


@require_GET
@admin_required
def lookup(request: MemberRequest, pk: int) -> HttpResponse:
    """Show how a lookup stands, what it found, and what may be done about it. It asks for itself while it goes on."""
    return _lookup_page(request, _lookup(request, pk))


@require_POST
@admin_required
def again(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a lookup that failed go on."""
    row = _lookup(request, pk)
    if looking.again(row):
        tasks.nudge_lookup(row.pk)
    return redirect(row)


@require_GET
@owner_required
def export(request: MemberRequest, pk: int) -> HttpResponse:
    """Hand out everything that is known of a person, as JSON."""
    told = page.hand_out(_done(request, pk))
    response = HttpResponse(
        json.dumps(told, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="person-{timezone.now():%Y-%m-%d}.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@admin_required
def erase(request: MemberRequest, pk: int) -> HttpResponse:
    """Erase the person of a lookup as they were shown, and keep them out from now on.

    Whoever may be the same person is left alone, unless they were ticked.
    """
    row = _done(request, pk)
    person = perhaps.chosen(row.person, row.like_them, request.POST.getlist("also"))
    erasure = erasing.begin(person, workspace_id=request.workspace.pk, by=request.user, is_whole=True)
    tasks.nudge(erasure.pk)
    messages.success(request, _("The person is being erased, and is not kept again from now on."))
    return redirect("privacy:page")


@require_POST
@admin_required
def let_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a person off the list of those who are not kept; a reason is asked for."""
    row, reason = _done(request, pk), request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why the person may be kept again: that is written into the audit log."))
        return _lookup_page(request, row, status=422)
    count = suppression.lift(request.workspace.pk, row.person)
    words = suppression.without(row.person.at(""), reason)
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


def _lookup(request: MemberRequest, pk: int) -> Lookup:
    return get_object_or_404(Lookup.objects.visible_to(request.workspace).kept(), pk=pk)


def _done(request: MemberRequest, pk: int) -> Lookup:
    """Return a lookup that is done; until then there is nothing to hand out or to erase."""
    return get_object_or_404(Lookup.objects.visible_to(request.workspace).kept(), pk=pk, status=Lookup.Status.DONE)


def _lookup_page(request: MemberRequest, row: Lookup, *, status: int = 200) -> HttpResponse:
    template = "hunts/_lookup.html" if request.headers.get("HX-Request") else "hunts/lookup.html"
    context = page.of_lookup(row) | {"may_export": may(request, Right.OWN)}
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


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
