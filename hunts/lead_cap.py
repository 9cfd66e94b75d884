"""A run's limit of qualified leads: it takes on no more companies than may still be wanted, and stops when it has them.

Each company that is being worked on may become a lead. So no more of them are taken than leads are still missing, by
all workers together: the limit is never crossed, and nothing is paid for a lead that nobody asked for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import ngettext

from hunts import figures, notices, reports
from hunts.amounts import count
from hunts.models import Candidate, Run


@contextmanager
def room(run: Run, most: int) -> Iterator[int]:
    """Give how many more companies may be taken on, at most `most`; no other worker takes any until the block ends."""
    if run.max_leads is None:
        yield most
        return
    with transaction.atomic():
        wanted = Run.objects.select_for_update().values_list("max_leads", flat=True).get(pk=run.pk) or 0
        taken = run.candidates.filter(status__in=(Candidate.Status.QUALIFIED, Candidate.Status.WORKING)).count()
        yield max(min(wanted - taken, most), 0)


def stop(run: Run, pause: Callable[..., bool]) -> bool:
    """Pause a run that has all the leads it may have and companies left; True where it has. It can go on from there.

    Whoever resumes it wants as many leads again.
    """
    if run.max_leads is None:
        return False
    with transaction.atomic():
        limit = Run.objects.select_for_update().values_list("max_leads", flat=True).get(pk=run.pk) or 0
        if run.candidates.filter(status=Candidate.Status.QUALIFIED).count() < limit:
            return False
        more = limit + (run.hunt.max_leads or run.max_leads)
        if pause(run, note=_note(run, limit, more)):
            Run.objects.filter(pk=run.pk).update(max_leads=more)
            figures.keep(run)
            notices.needs_you(run, "limit")
    return True


def _note(run: Run, limit: int, more: int) -> str:
    now = reports.progress(run)
    return ngettext(
        "Stopped at your limit of %(n)s lead: %(judged)s of %(found)s companies judged. "
        "Resume to go on until there are %(more)s.",
        "Stopped at your limit of %(n)s leads: %(judged)s of %(found)s companies judged. "
        "Resume to go on until there are %(more)s.",
        limit,
    ) % {"n": count(limit), "judged": count(now.judged), "found": count(now.found), "more": count(more)}
