"""The door out: somebody deletes their account, and what runs in the workspaces that are theirs alone stops."""

from functools import partial

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import departure
from accounts.models import User, Workspace
from accounts.wall import as_system
from hunts import closing


class GoodbyeForm(forms.Form):
    """Asks for one's own address, so that nobody deletes an account by a slip of the hand."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address, to be sure"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.lower() != self.user.email.lower():
            raise forms.ValidationError(_("This is not the address of your account."))
        return email


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(app="allauth.account", allow_get=True)  # type: ignore[untyped-decorator]
@as_system()
def delete_account(request: HttpRequest) -> HttpResponse:
    """Say what becomes of what, and do it once the person typed their address."""
    user = request.user
    assert isinstance(user, User)
    form = GoodbyeForm(request.POST if "email" in request.POST else None, user=user)
    if form.is_valid():
        try:
            departure.depart(user, partial(closing.delete_workspace, by=user))
        except departure.StillNeeded:
            pass  # the page names the workspaces, and what to do
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    alone = list(departure.owned_alone(user))
    context = {
        "form": form,
        "needed": [workspace for workspace in alone if workspace.people > 1],  # type: ignore[attr-defined]
        "alone": [workspace for workspace in alone if workspace.people == 1],  # type: ignore[attr-defined]
        "days": Workspace.KEPT_FOR.days,
    }
    return render(request, "account/delete.html", context)
