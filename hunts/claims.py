"""Who works on what. A claim is one conditional UPDATE on the row's own columns, a lease and a fencing number.

The queue may deliver a nudge twice or never; these functions make either harmless. Every later write of a claim
carries `fence = mine`: a worker that slept past its lease writes nothing.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from hunts.models import Candidate, Run


class LeaseLost(Exception):
    """Another worker has taken this candidate over: whatever we found out, it is theirs to write."""


def claim(run_id: int, count: int) -> list[Candidate]:
    """Take up to `count` due candidates of a live run, best first; none while the run is paused or over."""
    if count < 1 or not Run.objects.live().filter(pk=run_id).exists():
        return []
    due = Candidate.objects.filter(run_id=run_id).due().order_by("position")
    wanted = list(due.values_list("pk", flat=True)[:count])
    token = uuid.uuid4().hex
    won = Candidate.objects.filter(pk__in=wanted, status=Candidate.Status.QUEUED).update(
        status=Candidate.Status.WORKING,
        claimed_by=token,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_expires_at=Candidate.lease_end(),
        changed_at=timezone.now(),
    )
    if not won:
        return []
    mine = Candidate.objects.filter(claimed_by=token, status=Candidate.Status.WORKING)
    return list(mine.select_related("lead", "assessment").order_by("position"))


def hold_on(candidate: Candidate, **columns: object) -> None:
    """Write `columns` of a candidate that is still ours. Raises LeaseLost, and writes nothing, when it is not."""
    mine = Candidate.objects.filter(pk=candidate.pk, fence=candidate.fence, status=Candidate.Status.WORKING)
    if not mine.update(changed_at=timezone.now(), **columns):
        raise LeaseLost
    for name, value in columns.items():
        setattr(candidate, name, value)


def hand_back(candidate: Candidate, *, after: timedelta | None = None, reason: str = "", is_try: bool = False) -> None:
    """Give a claim up, unfinished: at once, or to be taken `after` a while. It counts as a try only with `is_try`."""
    Candidate.objects.filter(pk=candidate.pk, fence=candidate.fence, status=Candidate.Status.WORKING).update(
        status=Candidate.Status.QUEUED,
        # A stage that was recorded has set the count to 0 meanwhile.
        attempts=F("attempts") if is_try else Greatest(F("attempts"), 1) - 1,
        not_before=timezone.now() + after if after else None,
        reason=reason[:500],
        lease_expires_at=None,
        changed_at=timezone.now(),
    )


def sweep(run_id: int | None = None) -> int:
    """Put abandoned candidates back into the queue, or out of it after too many tries; return how many."""
    abandoned = Candidate.objects.abandoned()
    if run_id is not None:
        abandoned = abandoned.filter(run_id=run_id)
    spent = Q(attempts__gte=settings.CANDIDATE_MAX_ATTEMPTS)
    poisoned = abandoned.filter(spent).update(
        status=Candidate.Status.FAILED,
        reason=_("Stopped: its worker died %(count)s times at this stage.")
        % {"count": settings.CANDIDATE_MAX_ATTEMPTS},
        fence=F("fence") + 1,
        lease_expires_at=None,
        finished_at=timezone.now(),
        changed_at=timezone.now(),
    )
    again = abandoned.update(
        status=Candidate.Status.QUEUED, fence=F("fence") + 1, lease_expires_at=None, changed_at=timezone.now()
    )
    return poisoned + again


def claim_discovery(run_id: int) -> int | None:
    """Take the run's discovery and return our fence; `None` when it is done or another worker has it."""
    now = timezone.now()
    free = Q(discover_lease_expires_at__isnull=True) | Q(discover_lease_expires_at__lt=now)
    won = (
        Run.objects.live()
        .filter(free, pk=run_id, discovered_at__isnull=True)
        .update(
            discover_fence=F("discover_fence") + 1,
            discover_attempts=F("discover_attempts") + 1,
            discover_lease_expires_at=Candidate.lease_end(),
        )
    )
    return Run.objects.values_list("discover_fence", flat=True).get(pk=run_id) if won else None


def drop_discovery(run_id: int, fence: int) -> None:
    """Give the discovery back, for another try."""
    Run.objects.filter(pk=run_id, discover_fence=fence, discovered_at__isnull=True).update(
        discover_lease_expires_at=None
    )


def is_attended(run_id: int) -> bool:
    """True while some worker holds a lease on the run's discovery or on one of its candidates."""
    now = timezone.now()
    working = Candidate.objects.filter(run_id=run_id, status=Candidate.Status.WORKING, lease_expires_at__gte=now)
    return working.exists() or Run.objects.filter(pk=run_id, discover_lease_expires_at__gte=now).exists()
