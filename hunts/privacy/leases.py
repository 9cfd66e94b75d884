"""Who is at a piece of work on a person: one worker at a time, and whoever was slow writes nothing any more."""

from datetime import timedelta
from typing import TypeVar

import structlog
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from hunts.privacy.work_models import PersonWork, WorkQuerySet

logger = structlog.get_logger(__name__)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=12)
W = TypeVar("W", bound=PersonWork)


class LeaseLost(Exception):
    """Somebody else is at it now, or it is gone."""


def claim(due: WorkQuerySet[W], pk: int, **columns: object) -> W | None:
    """Take a piece of work that is due; None where somebody else is at it, or it is not yet time."""
    lease = Now() + due.model.LEASE
    if not due.filter(pk=pk).update(fence=F("fence") + 1, lease_expires_at=lease, problem="", **columns):
        return None
    return due.model._default_manager.get(pk=pk)


def hold_on(work: PersonWork, **columns: object) -> None:
    """Write columns of work that is still ours, and keep it a while longer. Raises LeaseLost."""
    is_over = Q(status__in=work.OVER)
    ours = type(work)._default_manager.filter(~is_over, pk=work.pk, fence=work.fence)
    if not ours.update(lease_expires_at=Now() + work.LEASE, **columns):
        raise LeaseLost
    for name, value in columns.items():
        setattr(work, name, value)


def let_go(work: PersonWork) -> None:
    type(work)._default_manager.filter(pk=work.pk, fence=work.fence).update(lease_expires_at=None)


def put_off(work: PersonWork, error: Exception) -> None:
    """Say why it could not go on, and let it be tried again later, later each time."""
    later = min(FIRST_WAIT * 2 ** min(work.fence, 10), LONGEST_WAIT)
    told = _("It could not go on: %(why)s. It is tried again by itself.") % {"why": why(error)}
    mine = type(work)._default_manager.filter(pk=work.pk, fence=work.fence)
    mine.update(problem=told[:300], not_before=timezone.now() + later, lease_expires_at=None)
    logger.warning("privacy.put_off", work=work._meta.label, pk=work.pk, error=type(error).__name__)


def why(error: Exception) -> str:
    """Return what went wrong as one line that is short enough to be shown."""
    return " ".join(str(error).split())[:150]
