"""The page about one's own account, and the download of what is known of one."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.personal_data import known_of


@require_safe
@login_required
def person(request: HttpRequest) -> HttpResponse:
    """Show how one gets in, and where one is."""
    user = request.user
    assert isinstance(user, User)
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "is_confirmed": EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists(),
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "providers": [provider.name for provider in get_adapter().list_providers(request)],
        "connected": SocialAccount.objects.filter(user=user).count(),
        "sessions": len(UserSession.objects.purge_and_list(user)),
    }
    return render(request, "account/person.html", context)


@require_POST
@login_required
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def download(request: HttpRequest) -> HttpResponse:
    """Answer with a file of everything that names the person."""
    user = request.user
    assert isinstance(user, User)
    answer = JsonResponse(known_of(user), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="magnet-hunter-about-me.json"'
    answer["Cache-Control"] = "no-store"
    return answer
