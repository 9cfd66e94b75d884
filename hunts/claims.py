"""Who works on what. A claim is one conditional UPDATE on the row's own columns, a lease and a fencing number.

The queue may deliver a nudge twice or never; these functions make either harmless. Every later write of a claim
carries `fence = mine`: a worker that slept past its lease writes nothing. Leases run by the database's clock, so that
machines whose clocks differ or jump agree on who has what.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from accounts.failpoints import failpoint
from hunts.languages import speaking
from hunts.models import Candidate, CandidateQuerySet, Run, RunEvent

# After so many workers died with a candidate it is worked on alone, so that, if it is what kills them, it takes no
# other with it.
ALONE_AFTER = 2


class LeaseLost(Exception):
    """Another worker has taken this over: whatever we found out, it is theirs to write."""


def claim(run_id: int, count: int) -> list[Candidate]:
    """Take up to `count` due candidates of a live run, best first; none while the run is paused or over."""
    return _take(run_id, Q(deaths__lt=ALONE_AFTER), count)


def claim_suspect(run_id: int) -> list[Candidate]:
    """Take one candidate that several workers died with, for a worker that has nothing else in its hands."""
    return _take(run_id, Q(deaths__gte=ALONE_AFTER), 1)


def _take(run_id: int, which: Q, count: int) -> list[Candidate]:
    if count < 1 or not Run.objects.live().filter(pk=run_id).exists():
        return []
    due = Candidate.objects.filter(which, run_id=run_id).due().order_by("position")
    wanted = list(due.values_list("pk", flat=True)[:count])
    token = uuid.uuid4().hex
    won = Candidate.objects.filter(pk__in=wanted, status=Candidate.Status.QUEUED).update(
        status=Candidate.Status.WORKING,
        claimed_by=token,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_expires_at=Candidate.lease_end(),
        changed_at=Now(),
    )
    if not won:
        return []
    failpoint("claim.taken")
    mine = Candidate.objects.filter(claimed_by=token, status=Candidate.Status.WORKING)
    return list(mine.select_related("lead", "assessment").order_by("position"))


def hold_on(candidate: Candidate, **columns: object) -> None:
    """Write `columns` of a candidate that is still ours. Raises LeaseLost, and writes nothing, when it is not."""
    if not _ours(candidate).update(changed_at=Now(), **columns):
        raise LeaseLost
    assign(candidate, columns)


def assign(candidate: Candidate, columns: Mapping[str, object]) -> None:
    """Let a candidate in memory know its new columns."""
    for name, value in columns.items():
        if not hasattr(value, "resolve_expression"):  # what the database works out stays there
            setattr(candidate, name, value)


def hand_back(candidate: Candidate, *, after: timedelta | None = None, reason: str = "", is_try: bool = False) -> None:
    """Give a claim up, unfinished: at once, or to be taken `after` a while. It counts as a try only with `is_try`."""
    _ours(candidate).update(
        status=Candidate.Status.QUEUED,
        # A stage that was recorded has set the count to 0 meanwhile.
        attempts=F("attempts") if is_try else Greatest(F("attempts"), 1) - 1,
        not_before=Now() + after if after else None,
        reason=reason[:500],
        lease_expires_at=None,
        changed_at=Now(),
    )
    failpoint("claim.handed_back")


def abandon(candidates: Sequence[Candidate]) -> None:
    """Let claims lapse as if their worker had died: with one of them it could not even begin."""
    for candidate in candidates:
        _ours(candidate).update(lease_expires_at=Now() - timedelta(seconds=1))


def _ours(candidate: Candidate) -> CandidateQuerySet:
    return Candidate.objects.filter(pk=candidate.pk, fence=candidate.fence, status=Candidate.Status.WORKING)


def sweep(run_id: int | None = None) -> int:
    """Put abandoned candidates back into the queue, or out of it after too many deaths; return how many."""
    abandoned = Candidate.objects.abandoned()
    if run_id is not None:
        abandoned = abandoned.filter(run_id=run_id)
    poisonous = abandoned.filter(deaths__gte=settings.CANDIDATE_MAX_ATTEMPTS - 1)
    stopped = sum(_stop(candidate) for candidate in poisonous.select_related("lead", "run"))
    failpoint("sweep.stopped")
    runs = [run_id] if run_id is not None else list(abandoned.order_by().values_list("run_id", flat=True).distinct())
    again = abandoned.filter(deaths__lt=settings.CANDIDATE_MAX_ATTEMPTS - 1).update(
        status=Candidate.Status.QUEUED,
        deaths=F("deaths") + 1,
        fence=F("fence") + 1,
        lease_expires_at=None,
        changed_at=Now(),
    )
    if again:  # whoever died with them never said that its message was dealt with
        Run.objects.filter(pk__in=runs).update(nudges=0)
    return stopped + again


def _stop(candidate: Candidate) -> bool:
    """End the way of a candidate that its workers die with, and say so; False where somebody else did."""
    with speaking(candidate.run.icp.language), transaction.atomic():
        died = _("Stopped: its worker died %(count)s times at this stage.")
        reason = died % {"count": settings.CANDIDATE_MAX_ATTEMPTS}
        if not _ours(candidate).update(
            status=Candidate.Status.FAILED,
            reason=reason,
            deaths=F("deaths") + 1,
            fence=F("fence") + 1,
            lease_expires_at=None,
            finished_at=Now(),
            changed_at=Now(),
        ):
            return False
        RunEvent.objects.create(
            run_id=candidate.run_id,
            candidate=candidate,
            level=RunEvent.Level.ERROR,
            stage=candidate.stage,
            message=f"{candidate.lead.name}: {reason}"[:500],
        )
    got_on(candidate.run_id)
    return True


# ── the run itself ───────────────────────────────────────────────────────────────────────────────────────


def claim_discovery(run_id: int) -> int | None:
    """Take the run's discovery and return our fence; `None` when it is done, another worker has it, or it must wait."""
    free = Q(discover_lease_expires_at__isnull=True) | Q(discover_lease_expires_at__lt=Now())
    won = (
        Run.objects.live()
        .filter(free, pk=run_id, discovered_at__isnull=True, discover_attempts__lt=settings.CANDIDATE_MAX_ATTEMPTS)
        .update(
            discover_fence=F("discover_fence") + 1,
            discover_attempts=F("discover_attempts") + 1,
            discover_lease_expires_at=Candidate.lease_end(),
        )
    )
    if not won:
        return None
    failpoint("discovery.claimed")
    return Run.objects.values_list("discover_fence", flat=True).get(pk=run_id)


def drop_discovery(run_id: int, fence: int, *, after: timedelta | None = None, is_try: bool = False) -> bool:
    """Give the discovery back: at once, or to be taken `after` a while. It counts as a try only with `is_try`.

    False where it is not ours.
    """
    dropped = Run.objects.filter(pk=run_id, discover_fence=fence, discovered_at__isnull=True).update(
        discover_fence=F("discover_fence") + 1,
        # A lease that nobody holds: until it ends, nobody may try.
        discover_lease_expires_at=Now() + after if after else None,
        discover_attempts=F("discover_attempts") if is_try else Greatest(F("discover_attempts"), 1) - 1,
    )
    failpoint("discovery.dropped")
    return bool(dropped)


def begin(run_id: int) -> None:
    """Count a worker that comes to a run; `left` takes that back, and `got_on` forgets all that came before."""
    Run.objects.filter(pk=run_id, status=Run.Status.QUEUED).update(status=Run.Status.RUNNING, note="")
    Run.objects.live().filter(pk=run_id, started_at__isnull=True).update(started_at=Now(), resumed_at=Now())
    Run.objects.live().filter(pk=run_id).update(attempts=F("attempts") + 1)
    failpoint("run.begun")


def left(run_id: int) -> None:
    """Say that a worker has left a run in good order, whether or not anything was due: it did not die of it."""
    Run.objects.filter(pk=run_id, attempts__gt=0).update(attempts=F("attempts") - 1)


def got_on(run_id: int) -> None:
    """Say that work on a run goes forward: a worker that dies from now on is the first one again."""
    Run.objects.filter(pk=run_id, attempts__gt=0).update(attempts=0)


# ── the messages that wake its workers ───────────────────────────────────────────────────────────────────

# A message that was sent so long ago, and that no worker has come of, was lost or waits in a long line.
NUDGE_SECONDS = 60


def add_nudge(run_id: int, *, at_most: int) -> bool:
    """Count one more message for a run; False, and none may be sent, where `at_most` are under way."""
    few = Run.objects.live().filter(pk=run_id, nudges__lt=at_most)
    return bool(few.update(nudges=F("nudges") + 1, nudged_at=Now()))


def end_nudge(run_id: int) -> None:
    """Say that a message for a run has been dealt with."""
    Run.objects.filter(pk=run_id, nudges__gt=0).update(nudges=F("nudges") - 1)


def waits(run_id: int) -> bool:
    """Return whether nothing of a run can be done before the sweep comes by again: all that is left has to wait."""
    soon = Now() + timedelta(seconds=NUDGE_SECONDS)
    left_over = Candidate.objects.filter(run_id=run_id).unfinished()
    later = left_over.filter(status=Candidate.Status.QUEUED, not_before__gt=soon)
    return later.exists() and not left_over.exclude(pk__in=later.values("pk")).exists()


def forget_nudges(run_id: int) -> None:
    """Count the messages for a run as lost."""
    Run.objects.filter(pk=run_id).update(nudges=0)


def neglected(*, at_most: int) -> list[int]:
    """Return live runs that have something to do now, that nobody works on, and that were not nudged a short while ago.

    The one that was nudged the longest ago comes first.
    """
    theirs = Candidate.objects.filter(run_id=OuterRef("pk"))
    not_lately = Q(nudged_at__isnull=True) | Q(nudged_at__lt=Now() - timedelta(seconds=NUDGE_SECONDS))
    # With all its candidates at their end it still has to be concluded.
    has_work = Q(discovered_at__isnull=True) | Exists(theirs.due()) | ~Exists(theirs.unfinished())
    runs = Run.objects.live().filter(not_lately, has_work)
    runs = runs.exclude(discover_lease_expires_at__gte=Now()).exclude(Exists(theirs.in_work()))
    return list(runs.order_by(F("nudged_at").asc(nulls_first=True)).values_list("pk", flat=True)[:at_most])
