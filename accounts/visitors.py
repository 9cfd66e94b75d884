"""Who asks, for the streams that are served beside Django's own handler."""

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.translation import get_language_from_request
from django.views.decorators.debug import sensitive_variables

from accounts import support
from accounts.models import Membership, User
from accounts.support_models import SupportVisit
from accounts.token_models import ApiToken, Scope
from accounts.tokens import TokenRefused, bearer_of, known

# What stands in the place of a session's key where a token was shown, and before it where the session is an operator's
# who looks as support, with the number of that look; no key of a session has a colon.
TOKEN = "token:"  # noqa: S105
SUPPORT = "support:"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. `csrf_cookie` is '' where their browser has none; `language` is the page's."""

    user_id: int
    session_key: str
    language: str
    csrf_cookie: str = ""
    workspace_id: int | None = None  # the only one that a token opens; `session_key` names the token then

    @property
    def only_looks(self) -> bool:
        """True for support, which sees what the person sees, and begins nothing."""
        return self.session_key.startswith(SUPPORT)

    def is_member_of(self, workspace_id: int) -> bool:
        return self.place_in(workspace_id) is not None

    def place_in(self, workspace_id: int) -> Membership | None:
        """Return their place in a workspace, None where they are no member of it.

        Support has one only where its visit opened a page of the workspace, which told its owners.
        """
        if self.workspace_id not in (None, workspace_id):
            return None
        if self.only_looks and not support.has_opened(self._visit_id, workspace_id):
            return None
        return places_of({self.user_id}).filter(workspace_id=workspace_id).first()

    def still_reads(self, workspace_id: int) -> bool:
        """Return whether they are signed in as they were, and members of a workspace."""
        return self.session_key in living_sessions({self.session_key}) and self.is_member_of(workspace_id)

    def looked(self, workspace_id: int, path: str) -> None:
        """Write down that support looks; of others nothing is written. To be called before anything is sent."""
        if self.only_looks:
            support.looked(self._visit_id, workspace_id, path)

    @property
    def _visit_id(self) -> int:
        return int(self.session_key.split(":", 2)[1])


def places_of(user_ids: Collection[int]) -> QuerySet[Membership]:
    """Return the memberships of people whose accounts are on, with their workspaces."""
    return Membership.objects.filter(user_id__in=user_ids, user__is_active=True).select_related("workspace")


def living_sessions(keys: Collection[str]) -> set[str]:
    """Return those keys whose sessions, or API tokens, have neither ended nor expired."""
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return {*alive.values_list("session_key", flat=True), *_living_tokens(keys), *_living_visits(keys)}


def _living_visits(keys: Collection[str]) -> set[str]:
    named = {key: key.removeprefix(SUPPORT).split(":", 1) for key in keys if key.startswith(SUPPORT)}
    if not named:
        return set()
    visits = SupportVisit.objects.live().filter(pk__in=[visit for visit, _session in named.values()])
    # An operator has one at a time, so that few are asked what they may.
    both = visits.select_related("operator", "person")
    live = {str(visit.pk) for visit in both if support.goes_on(visit, visit.operator)}
    sessions = living_sessions([session for _visit, session in named.values()])
    return {key for key, (visit, session) in named.items() if visit in live and session in sessions}


def _living_tokens(keys: Collection[str]) -> set[str]:
    named = [int(key.removeprefix(TOKEN)) for key in keys if key.startswith(TOKEN)]
    if not named:
        return set()
    return {f"{TOKEN}{pk}" for pk in ApiToken.objects.usable().filter(pk__in=named).values_list("pk", flat=True)}


def visitor_of(scope: MutableMapping[str, Any]) -> Visitor | None:
    """Return who sent the request of an ASGI scope, None for a stranger; the session is looked up in the database.

    With `Authorization: Bearer …` it is the person of an API token that may read, whatever cookies come with it.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get(b"cookie", ""))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", "")
    secret = bearer_of(headers.get(b"authorization", ""))
    if secret is not None:
        return _visitor_with(secret, get_language_from_request(request))
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    if not user.is_authenticated:
        return None
    language = get_language_from_request(request)  # as the middleware chose that of the page
    csrf_cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    if support.KEY not in request.session:
        return Visitor(user.pk or 0, key, language, csrf_cookie)
    visit = support.visit_in(request.session)
    if visit is None or not isinstance(user, User) or not support.goes_on(visit, user):
        return None
    return Visitor(visit.person_id, f"{SUPPORT}{visit.pk}:{key}", language, csrf_cookie)


@sensitive_variables("secret")
def _visitor_with(secret: str, language: str) -> Visitor | None:
    try:
        token = known(secret)
    except TokenRefused:
        return None
    if not token.allows(Scope.READ):
        return None
    return Visitor(token.user_id, f"{TOKEN}{token.pk}", language, workspace_id=token.workspace_id)
