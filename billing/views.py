"""The doors to what a workspace spends: everybody may look, editors set the limits."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import MemberRequest, admin_required, member_required
from accounts.roles import Right, may
from billing import ceilings, spending
from billing.ceilings import this_month
from billing.forms import LimitsForm
from billing.warnings import near_limits


@require_GET
@member_required
def show(request: MemberRequest) -> HttpResponse:
    """Show a month, this one unless `month` names another."""
    month = request.GET.get("month", "")
    found = spending.Spent(request.workspace, _month(month) if month else this_month())
    return render(request, "billing/spending.html", _context(request, found, _form(found)))


@require_POST
@admin_required
def set_limits(request: MemberRequest) -> HttpResponse:
    """Set the limits that were changed, all of them or none."""
    found = spending.Spent(request.workspace, this_month())
    form = _form(found, request.POST)
    if not form.is_valid():
        return render(request, "billing/spending.html", _context(request, found, form), status=422)
    with transaction.atomic():
        for (scope, provider), limit in form.changed_limits().items():
            ceilings.set_limit(request.workspace, scope, limit, subject=provider, by=request.user)
    messages.success(request, _("Saved. The limits hold from now on, also for runs that are going on."))
    return redirect("billing:spending")


def _form(found: spending.Spent, data: Any = None) -> LimitsForm:
    return LimitsForm(data, providers=sorted(row.name for row in found.providers), limits=found.limits)


def _context(request: MemberRequest, found: spending.Spent, form: LimitsForm) -> dict[str, Any]:
    return {
        "spent": found,
        "months": spending.months(request.workspace),
        "near": near_limits(request.workspace.pk),
        "form": form,
        "may_edit": may(request, Right.MANAGE),
    }


def _month(text: str) -> date:
    """Return the first day of a month written as 2026-11. Raises Http404."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Http404 from error
