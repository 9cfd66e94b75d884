"""The door of the operators' console: they log in like everybody else, and need a second step."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext as _

from accounts.audit_admin import Suggestions
from accounts.models import User
from accounts.wall import as_system


class OperatorsSite(AdminSite):
    site_header = site_title = "Magnet Hunter"
    index_title = "Console"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_step(request.user.pk)

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., Any]:
        """Operators look across workspaces: their pages are made, and drawn, as the system."""

        @wraps(view)
        @as_system()
        def drawn(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            answer = view(request, *args, **kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer

        return super().admin_view(drawn, cacheable)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return Suggestions.as_view(admin_site=self)(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the login page, and operators without a second step to where they set one up."""
        if super().has_permission(request):
            messages.warning(request, _("Set up a passkey or an authenticator app: the console needs a second step."))
            return redirect("mfa_index")
        answer: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return answer


def has_second_step(user_id: int | None) -> bool:
    """Return whether an operator has one, which every login then asks for."""
    if not settings.ADMIN_NEEDS_SECOND_STEP:
        return True
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=user_id, type__in=kinds).exists()


def is_operator(user: User) -> bool:
    """Return whether somebody may enter the console."""
    return user.is_active and user.is_staff and has_second_step(user.pk)


def prove_again(request: HttpRequest) -> None:
    """Go on where the operator has just proved who they are, within allauth's REAUTHENTICATION_TIMEOUT.

    Raises ReauthenticationRequired, which takes them to where they do so and then goes on with what they sent.
    """
    raise_if_reauthentication_required(request, app="admin")
