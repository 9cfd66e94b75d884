"""What the queue runs: nudges with a primary key. Delivered twice or never, the rows decide what is done.

A worker stays with a run for a slice of time and then gets back in line, so that a long run does not keep a short one
waiting. Nudges that were lost are made up for by the sweep, which runs every minute. A run knows how many nudges are
under way for it, so that a thousand reasons to wake its workers do not make a thousand messages.
"""

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.failpoints import failpoint
from accounts.queueing import enqueue, waiting_messages
from hunts import claims, figures, hopeless, leaving, pipeline
from hunts.languages import speaking
from hunts.models import Run

SLICE_SECONDS = 20.0


def nudge(run_id: int) -> None:
    """Wake the workers for a run once the transaction at hand has committed.

    Where the queue cannot be reached, the run says so; the sweep wakes the workers when it is back.
    """
    transaction.on_commit(lambda: _wake(run_id))


def _wake(run_id: int) -> bool:
    """Send as many messages as there are workers, less those under way; False where the queue cannot be reached."""
    while claims.add_nudge(run_id, at_most=settings.Q_CLUSTER["workers"]):
        failpoint("nudge.counted")
        if not enqueue("hunts.tasks.work", run_id):
            _say_that_it_waits(run_id)
            return False
    return True


def _say_that_it_waits(run_id: int) -> None:
    claims.forget_nudges(run_id)
    waiting = Run.objects.filter(pk=run_id, status=Run.Status.QUEUED)
    waiting.update(note=_("The queue cannot be reached; the run starts when it is back."))


def work(run_id: int) -> None:
    """Be a worker for a run, for a while."""
    has_more = False
    with leaving.obeying_sigterm():
        try:
            has_more = async_to_sync(leaving.attended)(pipeline.work_on(run_id, slice_seconds=SLICE_SECONDS))
            claims.left(run_id)
        finally:
            claims.end_nudge(run_id)
        failpoint("work.ended")
        # Resumed or retried while we were leaving it: nobody else may have been woken for that.
        if has_more or Run.objects.filter(pk=run_id, status=Run.Status.QUEUED).exists():
            _wake(run_id)


def sweep() -> int:
    """Make up for what was lost: take abandoned candidates back, nudge the live runs that nobody works on, and end
    those that nobody can work on. Money that moved after a run's end is counted. Return how many were nudged.
    """
    claims.sweep()
    figures.recount_moved_money()
    waiting = waiting_messages()
    if waiting is None:
        return 0
    # A queue this full will come to them, and would only get fuller.
    neglected = claims.neglected(at_most=max(settings.QUEUE_MOST_MESSAGES - waiting, 0))
    for run_id in neglected:
        claims.forget_nudges(run_id)
        failpoint("sweep.nudges")
        if not _wake(run_id):
            break
    for run in hopeless.runs():
        with speaking(run.icp.language):
            hopeless.end(run)
    return len(neglected)
