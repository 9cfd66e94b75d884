"""The page on which people make API tokens and revoke them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts import tokens
from accounts.middleware import MemberRequest, member_required
from accounts.quotas import QuotaReached
from accounts.roles import Right, may, role_in_hand
from accounts.token_models import AT_MOST, Scope

NEVER = "never"
LIVES = [
    ("7", gettext_lazy("in a week")),
    ("30", gettext_lazy("in 30 days")),
    ("90", gettext_lazy("in 90 days")),
    ("365", gettext_lazy("in a year")),
    (NEVER, gettext_lazy("never")),
]


class TokenForm(forms.Form):
    """What a new token is called, may do, and how long it lives."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=80, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    expires = forms.ChoiceField(
        label=gettext_lazy("It expires"), choices=LIVES, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope.value, scope.label) for scope in Scope if scope in AT_MOST[role]]


@require_GET
@member_required
def page(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@member_required
@sensitive_variables("token")
def create(request: MemberRequest) -> HttpResponse:
    """Make a token and show it. It is the answer itself: a redirect would have to keep it somewhere until then."""
    form = TokenForm(request.POST, role=role_in_hand(request))
    if not form.is_valid():
        return _page(request, form=form, status=422)
    name, scopes, life = (form.cleaned_data[field] for field in ("name", "scopes", "expires"))
    expires_at = None if life == NEVER else timezone.now() + timedelta(days=int(life))
    try:
        _row, token = tokens.create(request, name=name, scopes=scopes, expires_at=expires_at)
    except (tokens.NotAllowed, QuotaReached) as error:
        form.add_error(None, str(error))
        return _page(request, form=form, status=422)
    answer = _page(request, token=token)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@member_required
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(tokens.visible(request), pk=pk)
    token.revoke(by=request.user)
    messages.success(request, _("“%(name)s” is revoked: nobody gets in with it any more.") % {"name": token.name})
    return redirect("tokens:list")


def _page(request: MemberRequest, *, form: TokenForm | None = None, token: str = "", status: int = 200) -> HttpResponse:
    initial = {"scopes": [Scope.READ], "expires": "90"}
    context = {
        "form": form or TokenForm(initial=initial, role=role_in_hand(request)),
        "token": token,
        "tokens": tokens.visible(request),
        "sees_all": may(request, Right.MANAGE),
    }
    return render(request, "accounts/tokens.html", context, status=status)
