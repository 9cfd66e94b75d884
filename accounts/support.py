"""Beginning and ending a look at the product as a person (`accounts.support_models`), and what the log says of it.

Written here, and not taken from django-hijack 3.7, because that logs the operator out and the person in. Django's
`login` throws the operator's session away, so nothing of it can come back. allauth does not hear of the new one: it
is in nobody's list of sessions, and ending the operator's, as a lost device or a changed password does, leaves it open
with a "release" that makes a fresh login as the operator without asking for anything, their second step included. It
has no time limit, no reason and no read-only mode, and takes a receiver of signals off meanwhile, for all threads.
Here the session stays the operator's own, with their second step and its end; only `request.user` is another.
"""

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.members import Refused
from accounts.models import User, Workspace
from accounts.operators import is_operator
from accounts.support_models import SupportOpening, SupportVisit
from accounts.wall import as_system

# In the session: which visit goes on in it, and the workspace that the operator was in.
KEY = "support"
MAY = "accounts.add_supportvisit"


def begin(request: HttpRequest, person: User, *, reason: str) -> SupportVisit:
    """Let the operator who asks look at the product as `person`, from the next request on. Raises Refused."""
    operator = request.user
    assert isinstance(operator, User), "only operators come here"
    if not may_look_as(operator, person):
        raise Refused(_("Support cannot look as this person: operators and accounts that are switched off are closed."))
    clean = " ".join(reason.split())
    if not clean or len(clean) > 140:
        raise Refused(_("Say in up to 140 characters what it is for: a ticket, or words."))
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=operator.pk)  # twins take turns
        for other in SupportVisit.objects.filter(operator=operator, ended_at__isnull=True):
            end(other)
        visit = SupportVisit.objects.create(
            operator=operator, person=person, reason=clean, began_at=now, ends_at=now + lasting()
        )
        audit.record(Verb.SUPPORT_BEGAN, person, workspace_id=None, words=clean, by=operator)
    _change_session(request, {KEY: {"visit": visit.pk, "workspace": request.session.get("workspace")}})
    return visit


def lasting() -> timedelta:
    """Return for how long a visit goes on at most."""
    return timedelta(minutes=settings.SUPPORT_MINUTES)


def may_look_as(operator: User, person: User) -> bool:
    """Return whether `operator` may look as `person`: never as staff, and only while both accounts are on."""
    is_customer = person.is_active and not person.is_staff and not person.is_superuser
    return is_customer and person.pk != operator.pk and is_operator(operator) and operator.has_perm(MAY)


def visit_in(session: Any) -> SupportVisit | None:
    """Return the visit that a session says goes on in it, whether it still does or not."""
    kept = session.get(KEY)
    # The join leaves those out whose person is gone.
    return SupportVisit.objects.select_related("operator", "person").filter(pk=kept["visit"]).first() if kept else None


def goes_on(visit: SupportVisit, session_user: User) -> bool:
    """Return whether a visit in a session of `session_user` still counts."""
    is_theirs = visit.operator_id == session_user.pk and visit.ended_at is None and visit.ends_at > timezone.now()
    return is_theirs and may_look_as(session_user, visit.person)


def opened(visit: SupportVisit, workspace: Workspace) -> None:
    """Tell a workspace, the first time that it is opened in a visit, who looks and why, and until when."""
    if SupportOpening.objects.filter(visit=visit, workspace=workspace).exists():
        return
    with transaction.atomic():
        _opening, is_new = SupportOpening.objects.get_or_create(visit=visit, workspace=workspace)
        if is_new:
            words = f"{visit.reason} (until {visit.ends_at:%H:%M} UTC)"
            audit.record(Verb.SUPPORT_BEGAN, visit.person, workspace_id=workspace.pk, words=words, by=visit.operator)


def has_opened(visit_id: int, workspace_id: int) -> bool:
    """Return whether a page of a workspace was opened in a visit, and its owners so were told."""
    return SupportOpening.objects.filter(visit=visit_id, workspace=workspace_id).exists()


def looked(visit_id: int, workspace_id: int, path: str) -> None:
    """Write down a look that no middleware sees: streams are served beside Django's own handler."""
    visit = SupportVisit.objects.select_related("operator").get(pk=visit_id)
    words = f"{path} (as no. {visit.person_id})"
    audit.record(Verb.SUPPORT_LOOKED, workspace_id=workspace_id, words=words, by=visit.operator)


@as_system()
def end(visit: SupportVisit) -> bool:
    """End a visit, and tell every workspace that was opened in it; False where it had ended."""
    with transaction.atomic():
        at = min(timezone.now(), visit.ends_at)
        if not SupportVisit.objects.filter(pk=visit.pk, ended_at__isnull=True).update(ended_at=at):
            return False
        told = [None, *SupportOpening.objects.filter(visit=visit).values_list("workspace_id", flat=True)]
        words = f"{visit.reason} ({visit.began_at:%Y-%m-%d %H:%M}–{at:%H:%M} UTC)"
        person = User(pk=visit.person_id)
        audit.record_all(told, Verb.SUPPORT_ENDED, person, words=words, by=User(pk=visit.operator_id))
    return True


def leave(request: HttpRequest, visit: SupportVisit | None) -> None:
    """Give the session back to its operator; `visit` ends where it goes on."""
    if visit is not None:
        end(visit)
    kept = request.session.pop(KEY, None) or {}
    _change_session(request, {"workspace": kept.get("workspace")})


def end_overdue() -> int:
    """End the visits whose time is up; return how many. The queue runs it, for browsers that were closed meanwhile."""
    return sum(end(visit) for visit in SupportVisit.objects.overdue())


def _change_session(request: HttpRequest, values: dict[str, Any]) -> None:
    """Put values into the session, under a new key: what knew the old one knows nothing now."""
    before = request.session.session_key
    request.session.pop("workspace", None)
    request.session.update({name: value for name, value in values.items() if value is not None})
    request.session.cycle_key()
    # allauth finds sessions to end by their keys.
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
    rotate_token(request)
