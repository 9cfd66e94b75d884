"""The doors to support: an operator begins in the console, and ends from the banner."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import support
from accounts.members import Refused
from accounts.models import User
from accounts.operators import prove_again
from accounts.support_models import SupportVisit


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=140,
        label=gettext_lazy("What for"),
        help_text=gettext_lazy("A ticket, or words. The owners of the workspaces that you open read it."),
        widget=forms.TextInput({"size": 60, "autocomplete": "off"}),
    )


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask an operator what for, and let them look as a person. The console wraps this, so that only operators come."""
    person = get_object_or_404(User, pk=pk)
    operator = request.user
    assert isinstance(operator, User)
    if not support.may_look_as(operator, person):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        prove_again(request)
        try:
            support.begin(request, person, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.add_error("reason", str(error))
        else:
            return redirect("hunts:list")
    return TemplateResponse(request, "admin/accounts/user/support.html", _context(request, person, form))


def _context(request: HttpRequest, person: User, form: ReasonForm) -> dict[str, Any]:
    return admin.site.each_context(request) | {
        "title": _("Look at the product as %(person)s") % {"person": person},
        "person": person,
        "form": form,
        "opts": User._meta,
        "minutes": int(support.lasting().total_seconds() // 60),
    }


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the look, and take the operator back to where they began."""
    visit: SupportVisit | None = getattr(request, "support", None)
    if visit is None:
        raise PermissionDenied
    support.leave(request, visit)
    messages.success(request, _("The look as support has ended."))
    return redirect(reverse("admin:accounts_user_change", args=[visit.person_id]))
