"""Who asks, for the streams that are served beside Django's own handler."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.models import Membership


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. `csrf_cookie` is '' where their browser has none; `language` is the page's."""

    user_id: int
    session_key: str
    language: str
    csrf_cookie: str = ""

    def is_member_of(self, workspace_id: int) -> bool:
        return Membership.objects.filter(user_id=self.user_id, workspace_id=workspace_id).exists()


def visitor_of(scope: MutableMapping[str, Any]) -> Visitor | None:
    """Return who sent the request of an ASGI scope, None for a stranger; the session is looked up in the database."""
    headers = dict(scope["headers"])
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
        key = cookies[settings.SESSION_COOKIE_NAME].value
    except (CookieError, KeyError):
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    if not user.is_authenticated:
        return None
    chosen = cookies.get(settings.LANGUAGE_COOKIE_NAME)
    language = chosen.value if chosen and chosen.value in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    csrf = cookies.get(settings.CSRF_COOKIE_NAME)
    return Visitor(user.pk or 0, key, language, csrf.value if csrf else "")
