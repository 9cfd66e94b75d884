"""Schedules: what happens when their time has come, once, whoever looks."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership, User
from billing import ceilings
from billing.models import Budget
from hunts import deleting, presets, schedules
from hunts.models import Hunt, Run, Source
from hunts.preset_models import Firing, Known, Preset, Schedule
from hunts.recurrence import Recurrence
from hunts.schedules import Plan
from tests.factories import HuntFactory, MembershipFactory
from tests.harness.processes import PATIENCE, start_python

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAILY = Plan(Recurrence("daily", time(9), "UTC"), Known.LEAVE_OUT, 2_000_000)

FIRER = """
import pathlib, time
from hunts import schedules
print("ready", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.001)
print(sum(schedules.fire(int(one)) is not None for one in sys.argv[2:]))
"""


def scheduled(hunt: Hunt, by, plan: Plan = DAILY, due_at: datetime = MONDAY) -> Schedule:
    schedule = schedules.put(presets.save(hunt, f"Preset of {hunt.pk}", by=by), plan, by=by, seen=0)
    Schedule.objects.filter(pk=schedule.pk).update(next_at=due_at)
    schedule.refresh_from_db()
    return schedule


@pytest.fixture
def schedule(workspace, owner, sandbox) -> Schedule:
    return scheduled(HuntFactory(workspace=workspace, max_spend_microusd=9_000_000), owner)


def end(run: Run, status: str = Run.Status.SUCCEEDED) -> None:
    Run.objects.filter(pk=run.pk).update(status=status, finished_at=timezone.now())


@pytest.mark.django_db
def test_a_schedule_that_is_due_starts_a_run_of_new_companies_with_its_own_limit(schedule, owner):
    firing = schedules.fire(schedule.pk, MONDAY)
    run = firing.run
    assert (firing.outcome, firing.due_at, firing.note) == (Firing.Outcome.STARTED, MONDAY, "")
    assert (run.trigger, run.known, run.schedule, run.started_by) == ("schedule", "leave_out", schedule, owner)
    assert run.budget.cap_microusd == 2_000_000
    schedule.refresh_from_db()
    assert schedule.next_at == MONDAY + timedelta(days=1)


@pytest.mark.django_db
def test_nothing_happens_before_it_is_due_nor_twice_nor_when_the_clock_jumps_back(schedule):
    assert schedules.fire(schedule.pk, MONDAY - timedelta(seconds=1)) is None
    end(schedules.fire(schedule.pk, MONDAY).run)
    assert schedules.fire(schedule.pk, MONDAY) is None
    assert schedules.fire(schedule.pk, MONDAY - timedelta(hours=5)) is None
    assert schedules.fire(schedule.pk, MONDAY + timedelta(hours=23)) is None
    assert schedule.runs.count() == 1


@pytest.mark.django_db
def test_a_change_after_a_clock_that_was_ahead_does_not_make_a_time_due_again(schedule, owner):
    ahead = DAILY.recurrence.next_after(timezone.now())
    Schedule.objects.filter(pk=schedule.pk).update(next_at=ahead)
    schedules.fire(schedule.pk, ahead)
    again = schedules.put(schedule.preset, DAILY, by=owner, seen=schedule.version)
    assert again.next_at == ahead + timedelta(days=1)


@pytest.mark.django_db
def test_one_due_time_has_one_firing_whatever_the_code_does(schedule):
    schedules.fire(schedule.pk, MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Firing.objects.create(schedule=schedule, due_at=MONDAY, outcome=Firing.Outcome.STARTED)


@pytest.mark.django_db
def test_a_scheduler_that_was_off_for_a_week_starts_one_run_and_says_how_many_it_missed(schedule):
    firing = schedules.fire(schedule.pk, MONDAY + timedelta(days=7, minutes=1))
    assert schedule.runs.count() == 1
    assert "7 more runs were due" in firing.note
    assert firing.run.events.filter(message=firing.note).exists()
    schedule.refresh_from_db()
    assert schedule.next_at == MONDAY + timedelta(days=8)


@pytest.mark.django_db
def test_a_time_is_skipped_while_the_last_run_is_at_work_and_both_say_so(schedule):
    live = schedules.fire(schedule.pk, MONDAY).run
    firing = schedules.fire(schedule.pk, MONDAY + timedelta(days=1))
    assert (firing.outcome, firing.run) == (Firing.Outcome.SKIPPED, None)
    assert str(live.pk) in firing.note
    assert live.events.filter(level="warning", message__contains="skipped").exists()
    end(live)
    assert schedules.fire(schedule.pk, MONDAY + timedelta(days=2)).outcome == Firing.Outcome.STARTED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "cap", "said"),
    [
        pytest.param(Source.EXA, 2_000_000, "EXA_API_KEY", id="without a key"),
        pytest.param(Source.FILE, 2_000_000, "file of companies was deleted", id="without its file"),
        pytest.param(Source.DIRECTORY, 2_000_000, "No companies imported", id="without companies"),
    ],
)
def test_a_run_that_cannot_start_says_why_and_is_tried_the_next_time(schedule, source, cap, said):
    Hunt.objects.update(source=source)
    firing = schedules.fire(schedule.pk, MONDAY)
    assert firing.outcome == Firing.Outcome.FAILED
    assert said in firing.note
    schedule.refresh_from_db()
    assert (schedule.paused_at, schedule.next_at) == (None, MONDAY + timedelta(days=1))


@pytest.fixture
def exa_key(settings):
    providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
    providers["exa"]["api_key"] = "exa-key"
    settings.PROVIDERS = providers


@pytest.mark.django_db
def test_a_search_that_costs_money_does_not_start_with_nothing_to_spend(schedule, exa_key):
    Hunt.objects.update(source=Source.EXA)
    Schedule.objects.update(max_spend_microusd=0)
    assert "the limit is $0" in schedules.fire(schedule.pk, MONDAY).note


@pytest.mark.django_db
def test_a_search_that_costs_money_does_not_start_at_the_limit_of_the_workspace(schedule, exa_key, workspace):
    Hunt.objects.update(source=Source.EXA)
    Budget.objects.create(
        workspace=workspace, scope=Budget.Scope.WORKSPACE, period=ceilings.this_month(), cap_microusd=0
    )
    assert "Your workspace's limit" in schedules.fire(schedule.pk, MONDAY).note


@pytest.mark.django_db
def test_five_failures_in_a_row_pause_it_and_tell_the_person_who_set_it(schedule, owner):
    Hunt.objects.update(source=Source.EXA)
    for day in range(5):
        assert schedules.fire(schedule.pk, MONDAY + timedelta(days=day)) is not None
    schedule.refresh_from_db()
    assert schedule.is_paused
    assert "5 failures in a row" in schedule.pause_reason
    assert "EXA_API_KEY" in schedule.pause_reason
    assert owner.notifications.get().parameters["why"] == "schedule_paused"
    assert schedules.fire(schedule.pk, MONDAY + timedelta(days=5)) is None


@pytest.mark.django_db
def test_runs_that_failed_count_and_one_that_did_not_begins_the_count_anew(schedule):
    outcomes = ["failed"] * 4 + ["succeeded"] + ["failed"] * 5
    for day, outcome in enumerate(outcomes):
        end(schedules.fire(schedule.pk, MONDAY + timedelta(days=day)).run, outcome)
    last = schedules.fire(schedule.pk, MONDAY + timedelta(days=len(outcomes)))
    assert (last.outcome, last.run) == (Firing.Outcome.FAILED, None)
    assert schedule.runs.count() == len(outcomes)


@pytest.mark.django_db
def test_a_run_that_waits_at_a_limit_is_not_joined_by_another_one_every_day(schedule, owner):
    waiting = schedules.fire(schedule.pk, MONDAY).run
    Run.objects.filter(pk=waiting.pk).update(status=Run.Status.PAUSED, ceiling="workspace")
    second = schedules.fire(schedule.pk, MONDAY + timedelta(days=1))
    assert (second.outcome, second.run) == (Firing.Outcome.FAILED, None)
    assert second.note == f"Run {waiting.pk} waits at a spending limit: raise it, or cancel that run."
    for day in range(2, 6):
        schedules.fire(schedule.pk, MONDAY + timedelta(days=day))
    schedule.refresh_from_db()
    assert schedule.is_paused and second.note in schedule.pause_reason
    assert schedule.runs.count() == 1
    end(waiting, Run.Status.CANCELLED)
    schedules.resume(schedule, by=owner)
    schedule.refresh_from_db()
    assert schedules.fire(schedule.pk, schedule.next_at).outcome == Firing.Outcome.STARTED


@pytest.mark.django_db
def test_a_schedule_that_is_resumed_is_forgiven_and_goes_on_with_its_next_time(schedule, owner):
    Hunt.objects.update(source=Source.EXA)
    for day in range(5):
        schedules.fire(schedule.pk, MONDAY + timedelta(days=day))
    schedule.refresh_from_db()
    assert schedules.resume(schedule, by=owner)
    schedule.refresh_from_db()
    assert (schedule.is_paused, schedule.pause_reason) == (False, "")
    assert schedule.next_at > timezone.now()
    schedules.fire(schedule.pk, schedule.next_at)
    schedule.refresh_from_db()
    assert not schedule.is_paused


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["removed", "viewer", "disabled"])
def test_nothing_runs_in_the_name_of_somebody_who_may_not_start_runs_any_more(schedule, workspace, owner, change):
    colleague = MembershipFactory(workspace=workspace).user
    place = Membership.objects.filter(workspace=workspace, user=owner)
    if change == "removed":
        place.delete()
    elif change == "disabled":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        place.update(role=Membership.Role.VIEWER)
    firing = schedules.fire(schedule.pk, MONDAY)
    schedule.refresh_from_db()
    assert schedule.runs.count() == 0
    assert owner.email in schedule.pause_reason == firing.note
    if change != "viewer":
        assert colleague.notifications.filter(workspace=workspace).exists()  # nobody else would look at it
        assert Preset.objects.visible_to(workspace, colleague).get() == schedule.preset
    schedules.resume(schedule, by=colleague)
    schedule.refresh_from_db()
    assert schedules.fire(schedule.pk, schedule.next_at).run.started_by == colleague


@pytest.mark.django_db
@pytest.mark.parametrize("deleted", ["preset", "hunt"])
def test_what_is_deleted_does_not_run_and_does_not_make_up_for_it_when_it_is_brought_back(schedule, deleted):
    preset, hunt = schedule.preset, schedule.preset.hunt
    presets.delete(preset) if deleted == "preset" else deleting.delete_hunt(hunt)
    assert schedules.fire(schedule.pk, MONDAY) is None
    presets.restore(preset) if deleted == "preset" else deleting.restore_hunt(hunt)
    assert schedules.fire(schedule.pk, MONDAY + timedelta(hours=1)) is None
    assert schedules.fire(schedule.pk, MONDAY + timedelta(days=1)).outcome == Firing.Outcome.STARTED


@pytest.mark.django_db
def test_a_change_of_the_time_zone_changes_what_is_due(schedule, owner):
    plan = Plan(Recurrence("daily", time(9), "Asia/Tokyo"), Known.LEAVE_OUT, 0)
    changed = schedules.put(schedule.preset, plan, by=owner, seen=schedule.version)
    assert changed.next_at.astimezone(UTC).strftime("%H:%M") == "00:00"
    with pytest.raises(presets.Outdated):
        schedules.put(schedule.preset, DAILY, by=owner, seen=schedule.version)
    with pytest.raises(presets.Outdated):
        schedules.put(schedule.preset, DAILY, by=owner, seen=0)


@pytest.mark.django_db
def test_a_schedule_without_its_day_cannot_be_stored(schedule):
    for values in ({"frequency": "weekly"}, {"frequency": "monthly", "day": 32}, {"weekday": 1}, {"day": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.filter(pk=schedule.pk).update(**values)


@pytest.mark.django_db
def test_the_queue_looks_every_minute_and_wakes_a_worker_for_what_is_due(schedule, queue_schedules):
    assert queue_schedules["hunts.schedules.fire_due"].minutes == 1
    assert schedules.fire_due() == 0
    Schedule.objects.update(next_at=timezone.now())
    assert schedules.fire_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_the_same_moment_start_one_run_of_each(workspace, owner, sandbox, tmp_path):
    past = timezone.now() - timedelta(minutes=1)
    due = [scheduled(HuntFactory(workspace=workspace), owner, due_at=past) for _ in range(8)]
    numbers = [str(schedule.pk) for schedule in due]
    environment = {"SANDBOX_BASE_URL": sandbox.base_url}
    go = tmp_path / "go"
    firers = [start_python(FIRER, str(go), *numbers, **environment) for _ in range(2)]
    for firer in firers:
        assert firer.stdout.readline() == "ready\n"
    go.touch()
    won = [int(firer.communicate(timeout=PATIENCE)[0]) for firer in firers]
    assert sum(won) == len(due)
    assert Run.objects.count() == Firing.objects.filter(outcome="started").count() == len(due)
    assert {run.schedule_id for run in Run.objects.all()} == {schedule.pk for schedule in due}
