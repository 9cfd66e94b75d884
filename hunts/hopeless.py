"""Runs that no worker gets on with: they end, and say so, instead of being tried for ever."""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from hunts import reports
from hunts.models import Candidate, Run


def most_attempts() -> int:
    """Return how many workers in a row may begin in vain: a few candidates may each have taken some of them along."""
    return 2 * int(settings.CANDIDATE_MAX_ATTEMPTS)


def runs() -> QuerySet[Run]:
    """Return the live runs whose discovery or beginning has failed too often, and which nobody is trying now."""
    is_free = Q(discover_lease_expires_at__isnull=True) | Q(discover_lease_expires_at__lt=Now())
    never_found = Q(discovered_at__isnull=True, discover_attempts__gte=settings.CANDIDATE_MAX_ATTEMPTS)
    worked_on = Exists(Candidate.objects.filter(run_id=OuterRef("pk")).in_work())
    return Run.objects.live().filter(is_free, never_found | Q(attempts__gte=most_attempts())).exclude(worked_on)


def end(run: Run) -> None:
    """Fail `run` with a reason; what was done is kept, and a retry goes on from there."""
    if run.attempts >= most_attempts():
        why = _("Stopped: %(count)s workers in a row could not go on with it. Retry it.") % {"count": run.attempts}
    else:
        why = _("Stopped: the search made its worker die %(count)s times. Retry it.") % {"count": run.discover_attempts}
    reports.fail(run, why)
