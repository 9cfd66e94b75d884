"""Schedules: presets that run by themselves, and what happens when their time has come.

The rows are the truth: a look every minute finds what is due, and ONE conditional UPDATE both claims it and moves its
next time forward, in the same transaction that makes the run. So two schedulers start one run, a scheduler that dies
starts none or one, and one that was off for a week starts one and says how many it missed.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, User
from accounts.notification_models import Kind
from accounts.notifications import notify
from accounts.queueing import enqueue
from hunts import launch, pipeline, places, presets
from hunts.languages import speaking
from hunts.models import Run, RunEvent
from hunts.preset_models import Firing, Preset, Schedule, Trigger
from hunts.presets import Outdated
from hunts.recurrence import Recurrence

logger = structlog.get_logger(__name__)

MOST_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """When a preset runs, what with known companies, and what one run may spend (whole micro-dollars)."""

    recurrence: Recurrence
    known: str
    max_spend_microusd: int


def put(preset: Preset, plan: Plan, *, by: User, seen: int) -> Schedule:
    """Give `preset` this schedule; `seen` is the version that it takes the place of, 0 where there was none.

    It runs in the name of `by` from now on; one that was deleted makes room for it, for good. Raises Outdated and
    QuotaReached.
    """
    now = timezone.now()
    when = plan.recurrence
    values = {
        "frequency": when.frequency,
        "weekday": when.weekday,
        "day": when.day,
        "at": when.at,
        "time_zone": when.time_zone,
        "known": plan.known,
        "max_spend_microusd": plan.max_spend_microusd,
        "made_by": by,
    }
    if seen == 0:
        try:
            with transaction.atomic():
                places.hold(preset.workspace_id, "schedules")
                Schedule.objects.filter(preset=preset, deleted_at__isnull=False).delete()
                return Schedule.objects.create(preset=preset, next_at=when.next_after(now), **values)
        except IntegrityError as error:
            raise Outdated(_outdated()) from error
    with transaction.atomic():
        if not Schedule.objects.kept().filter(preset=preset, version=seen).update(version=F("version") + 1, **values):
            raise Outdated(_outdated())
        schedule = Schedule.objects.get(preset=preset)
        Schedule.objects.filter(pk=schedule.pk).update(next_at=schedule.next_due(now))
    schedule.refresh_from_db()
    return schedule


def _outdated() -> str:
    return _(
        "Somebody changed this schedule meanwhile, so nothing was saved yet. What you entered is kept here: compare, "
        "and save again to put it in place of theirs."
    )


def pause(schedule: Schedule, *, reason: str = "") -> bool:
    """Start nothing any more until it is resumed; False where it was paused already."""
    running = Schedule.objects.kept().filter(pk=schedule.pk, paused_at__isnull=True)
    return bool(running.update(paused_at=timezone.now(), pause_reason=reason[:500], version=F("version") + 1))


def resume(schedule: Schedule, *, by: User) -> bool:
    """Go on with the next time that is due, in the name of `by`; False where it was not paused."""
    paused = Schedule.objects.kept().filter(pk=schedule.pk, version=schedule.version, paused_at__isnull=False)
    now = timezone.now()
    return bool(
        paused.update(
            paused_at=None,
            pause_reason="",
            counted_from=now,
            next_at=schedule.next_due(now),
            made_by=by,
            version=F("version") + 1,
        )
    )


def remove(schedule: Schedule) -> bool:
    """Delete a schedule: nothing starts any more, and `restore` takes it back; False where it was deleted already."""
    # The version counts on, so that a scheduler that has looked already starts nothing either.
    kept = Schedule.objects.kept().filter(pk=schedule.pk)
    return bool(kept.update(deleted_at=timezone.now(), version=F("version") + 1))


def restore(schedule: Schedule) -> bool:
    """Bring a schedule back as it was, for the next time that is due; False where it is not deleted.

    Times that passed meanwhile are not made up for. Raises QuotaReached.
    """
    deleted = Schedule.objects.filter(pk=schedule.pk, deleted_at__isnull=False)
    next_at = schedule.next_due(timezone.now())
    with transaction.atomic():
        if deleted.exists():
            places.hold(schedule.preset.workspace_id, "schedules")
        return bool(deleted.update(deleted_at=None, next_at=next_at, version=F("version") + 1))


def fire_due() -> int:
    """Wake a worker for each schedule that is due; return how many there are. The queue calls this every minute."""
    due = list(Schedule.objects.due(timezone.now()).values_list("pk", flat=True))
    for schedule_id in due:
        enqueue("hunts.schedules.fire", schedule_id)
    return len(due)


def fire(schedule_id: int, now: datetime | None = None) -> Firing | None:
    """Do what is due of one schedule by `now`; None where nothing is, or another process was faster."""
    now = now or timezone.now()
    with transaction.atomic():
        found = Schedule.objects.due(now).filter(pk=schedule_id)
        schedule = found.select_related("preset__hunt__workspace", "preset__workspace", "made_by").first()
        if schedule is None or not _claim(schedule, now):
            return None
        if not schedule.preset.is_there or schedule.preset.workspace.deleted_at:
            # Its times pass, so that it does not run at once when it is brought back.
            return None
        with speaking(schedule.preset.hunt.icp.language):
            firing = _answer(schedule, now)
    logger.info("schedule.fired", schedule=schedule_id, outcome=firing.outcome, run=firing.run_id, note=firing.note)
    return firing


def _claim(schedule: Schedule, now: datetime) -> bool:
    """Take the time that is due and move the next one forward, past any that were missed."""
    mine = Schedule.objects.filter(
        pk=schedule.pk, version=schedule.version, next_at=schedule.next_at, next_at__lte=now, paused_at__isnull=True
    ).kept()
    return bool(mine.update(next_at=schedule.next_due(now)))


def _answer(schedule: Schedule, now: datetime) -> Firing:
    """Start the run that is due, or keep why not."""
    if reason := _stranger(schedule):
        return _give_up(schedule, reason)
    if _has_failed_too_often(schedule):
        return _give_up(schedule, _too_often())
    if problem := presets.problem_of(schedule.preset.hunt, schedule.max_spend_microusd) or _waiting(schedule):
        firing = _note(schedule, Firing.Outcome.FAILED, problem)
        if _has_failed_too_often(schedule):
            _pause_and_tell(schedule, f"{_too_often()} {problem}")
        return firing
    return _start(schedule, now)


def _start(schedule: Schedule, now: datetime) -> Firing:
    try:
        run = launch.run(
            schedule.preset.hunt,
            by=schedule.made_by,
            known=schedule.known,
            trigger=Trigger.SCHEDULE,
            schedule=schedule,
            max_spend_microusd=schedule.max_spend_microusd,
        )
    except pipeline.AlreadyLive as error:
        said = _("A scheduled run was due and was skipped: this one is still at work.")
        RunEvent.objects.create(run=error.run, level=RunEvent.Level.WARNING, message=said)
        return _note(schedule, Firing.Outcome.SKIPPED, _("Run %(n)s was still at work.") % {"n": error.run.pk})
    except places.TooManyRuns as error:
        return _note(schedule, Firing.Outcome.SKIPPED, str(error))
    note = _lateness(schedule, now)
    if note:
        RunEvent.objects.create(run=run, level=RunEvent.Level.WARNING, message=note)
    return _note(schedule, Firing.Outcome.STARTED, note, run)


def _waiting(schedule: Schedule) -> str:
    """Return '' or which run of the schedule waits for money: another one every day would only wait beside it."""
    paused = schedule.runs.kept().filter(status=Run.Status.PAUSED).exclude(ceiling="")
    run_id = paused.order_by("-pk").values_list("pk", flat=True).first()
    if run_id is None:
        return ""
    return _("Run %(n)s waits at a spending limit: raise it, or cancel that run.") % {"n": run_id}


def _lateness(schedule: Schedule, now: datetime) -> str:
    """Return '' or how many times were missed besides the one that is due: they are not made up for."""
    missed = schedule.recurrence.count_between(schedule.next_at, now)
    if not missed:
        return ""
    return ngettext(
        "Late: the scheduler was off. %(n)s more run was due meanwhile and is not made up for.",
        "Late: the scheduler was off. %(n)s more runs were due meanwhile and are not made up for.",
        missed,
    ) % {"n": missed}


def _stranger(schedule: Schedule) -> str:
    """Return '' or why nobody answers for what the schedule would spend."""
    places = Membership.objects.filter(
        workspace_id=schedule.preset.workspace_id, user=schedule.made_by_id, user__is_active=True
    )
    if places.exclude(role=Membership.Role.VIEWER).exists():
        return ""
    return _(
        "%(who)s, who set this schedule, may not start runs in this workspace any more. "
        "Resume it to run it in your name."
    ) % {"who": schedule.made_by or _("The person")}


def _too_often() -> str:
    return _("Paused after %(n)s failures in a row.") % {"n": MOST_FAILURES}


def _has_failed_too_often(schedule: Schedule) -> bool:
    """Return whether the latest times, as many as are borne, all failed: not started, or a run that failed."""
    tried = schedule.firings.exclude(outcome=Firing.Outcome.SKIPPED).filter(created_at__gte=schedule.counted_from)
    latest = tried.order_by("-pk").values_list("outcome", "run__status")[:MOST_FAILURES]
    failed = [outcome == Firing.Outcome.FAILED or status == Run.Status.FAILED for outcome, status in latest]
    return len(failed) == MOST_FAILURES and all(failed)


def _give_up(schedule: Schedule, reason: str) -> Firing:
    _pause_and_tell(schedule, reason)
    return _note(schedule, Firing.Outcome.FAILED, reason)


def _pause_and_tell(schedule: Schedule, reason: str) -> None:
    """Pause the schedule, and tell whoever set it: in the transaction at hand."""
    pause(schedule, reason=reason)
    preset = schedule.preset
    told = notify(
        preset.workspace,
        Kind.NEEDS_YOU,
        f"schedule:{schedule.pk}:{schedule.next_at.isoformat()}",
        users=[schedule.made_by] if schedule.made_by else None,
        url=preset.get_absolute_url(),
        label=preset.name,
        parameters={"why": "schedule_paused", "note": reason},
    )
    if told:
        transaction.on_commit(lambda: enqueue("integrations.notice_tasks.send"))


def _note(schedule: Schedule, outcome: str, note: str, run: Run | None = None) -> Firing:
    return Firing.objects.create(schedule=schedule, due_at=schedule.next_at, outcome=outcome, note=note[:500], run=run)
