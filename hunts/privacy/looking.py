"""Looking for a person: a worker goes over every table, and keeps what it finds for some days.

Each batch of rows is kept in one transaction with how far it came, so that a lookup that was cut off goes on there and
lists nothing twice.
"""

from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.models import User, Workspace
from hunts.privacy import leases, perhaps
from hunts.privacy.finding import found_in
from hunts.privacy.leases import hold_on
from hunts.privacy.lookup_models import FoundPlace, Lookup, kept_until
from hunts.privacy.reach import Reach
from hunts.privacy.registry import LOOKED_AT
from hunts.privacy.widening import widened
from leads.wanted import Wanted

logger = structlog.get_logger(__name__)


def begin(wanted: Wanted, workspace: Workspace, *, by: User | None) -> Lookup:
    """Return the lookup of a person in a workspace; the caller nudges a worker."""
    with transaction.atomic():
        lookup = Lookup.objects.create(workspace=workspace, wanted=wanted.to_json(), asked_by=by)
        audit.record(Verb.PERSON_LOOKED_UP, lookup, workspace_id=workspace.pk, by=by)
    return lookup


def again(lookup: Lookup) -> bool:
    """Let a lookup that failed go on where it was; False where it did not fail."""
    failed = Lookup.objects.filter(pk=lookup.pk, status=Lookup.Status.FAILED)
    fresh = {"status": Lookup.Status.QUEUED, "attempts": 0, "problem": "", "not_before": None, "finished_at": None}
    return bool(failed.update(**fresh, expires_at=kept_until()))


def forget_old(now: datetime) -> int:
    """Delete the lookups whose time is up, with what they found; return how many."""
    old = list(Lookup.objects.filter(expires_at__lte=now).values_list("pk", flat=True))
    return Lookup.objects.filter(pk__in=old).delete()[1].get("hunts.Lookup", 0)


def work_on(lookup_id: int) -> bool:
    """Go over what is left of one lookup; False where somebody else is at it, or it is not yet time."""
    columns = {"status": Lookup.Status.RUNNING, "attempts": models.F("attempts") + 1}
    lookup = leases.claim(Lookup.objects.due(), lookup_id, **columns)
    if lookup is None:
        return False
    try:
        if lookup.attempts > Lookup.MOST_ATTEMPTS:
            _fail(lookup, _("It was cut off again and again."))
        else:
            _go_on(lookup)
    except leases.LeaseLost:
        return False
    except (DatabaseError, OSError) as error:
        _give_up_or_wait(lookup, error)
    return True


def _go_on(lookup: Lookup) -> None:
    reach = Reach(lookup.workspace_id)
    if lookup.step == 0 and lookup.reached is None:
        whole = widened(lookup.person, reach)
        like = [one.to_json() for one in perhaps.people_like(whole, reach)]
        hold_on(lookup, wanted=whole.to_json(), perhaps=like)
    while lookup.step < len(LOOKED_AT):
        _look_at(LOOKED_AT[lookup.step], lookup, reach)
        hold_on(lookup, step=lookup.step + 1, attempts=1, wanted=lookup.wanted_at(None))
    hold_on(lookup, status=Lookup.Status.DONE, finished_at=timezone.now(), expires_at=kept_until())
    leases.let_go(lookup)
    logger.info("lookup.done", lookup=lookup.pk, places=lookup.count)


def _look_at(label: str, lookup: Lookup, reach: Reach) -> None:
    """Keep what the rows of a table tell of the person, those behind the last that was looked at."""
    for batch in reach.batches(label, after=lookup.reached):
        items, known = list(found_in(batch, lookup.person, reach)), lookup.like_them
        theirs = {item.pk for item in items}
        others = [row for row in batch if row.pk not in theirs]
        places = [FoundPlace(lookup=lookup, told=item.to_json()) for item in items]
        for name, item in perhaps.found_perhaps(others, lookup.person, known, reach):
            places.append(FoundPlace(lookup=lookup, told=item.to_json(), perhaps=name[:200]))
        like, at = [one.to_json() for one in known], lookup.wanted_at(batch[-1].pk)
        with transaction.atomic():
            hold_on(lookup, count=lookup.count + len(items), perhaps=like, wanted=at)
            FoundPlace.objects.bulk_create(places)
            failpoint("lookup.places_kept")


def _give_up_or_wait(lookup: Lookup, error: Exception) -> None:
    if lookup.attempts < Lookup.MOST_ATTEMPTS:
        leases.put_off(lookup, error)
    else:
        _fail(lookup, leases.why(error))


def _fail(lookup: Lookup, why: str) -> None:
    """End a lookup that does not get on; somebody may let it go on (`again`)."""
    values: dict[str, Any] = {"status": Lookup.Status.FAILED, "problem": why[:300], "finished_at": timezone.now()}
    Lookup.objects.filter(pk=lookup.pk, fence=lookup.fence).update(**values, lease_expires_at=None)
    logger.error("lookup.failed", lookup=lookup.pk, why=why)
