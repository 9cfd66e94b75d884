"""Who asks, for the streams that are served beside Django's own handler."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils.translation import get_language_from_request

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
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get(b"cookie", ""))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", "")
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    if not user.is_authenticated:
        return None
    language = get_language_from_request(request)  # as the middleware chose that of the page
    return Visitor(user.pk or 0, key, language, request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""))
