"""Presets and schedules that were deleted: brought back by one press, gone for good when nobody wanted them back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from hunts import deleting, presets, schedules
from hunts.models import Hunt, Run
from hunts.preset_models import Firing, Preset, Schedule
from tests.conftest import signed_in
from tests.factories import HuntFactory, MembershipFactory
from tests.harness.proof import proved
from tests.hunts.test_schedules import DAILY

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=31)


@pytest.fixture
def schedule(workspace, owner, sandbox) -> Schedule:
    hunt = HuntFactory(workspace=workspace, max_spend_microusd=9_000_000)
    return schedules.put(presets.save(hunt, "Parts", by=owner, is_shared=True), DAILY, by=owner, seen=0)


def door(schedule: Schedule, action: str) -> str:
    return f"/hunts/presets/{schedule.preset_id}/{action}"


def aged(model: type[Preset] | type[Schedule], age: timedelta) -> None:
    model.objects.update(deleted_at=timezone.now() - age)


# ── schedules ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_schedule_never_fires_whoever_looked_before(schedule):
    due_at = timezone.now()
    Schedule.objects.update(next_at=due_at)
    stale = Schedule.objects.get()
    assert schedules.remove(schedule)
    assert not schedules.remove(schedule)
    assert not schedules._claim(stale, due_at)
    assert schedules.fire(schedule.pk, due_at) is None
    assert schedules.fire_due() == 0
    assert not Run.objects.exists() and not Firing.objects.exists()


def test_a_deleted_schedule_is_brought_back_as_it_was_and_makes_up_for_nothing(schedule):
    Schedule.objects.update(next_at=timezone.now() - timedelta(days=3))
    schedules.remove(schedule)
    assert schedules.restore(schedule)
    assert not schedules.restore(schedule)
    schedule.refresh_from_db()
    assert schedule.recurrence == DAILY.recurrence and schedule.max_spend_microusd == DAILY.max_spend_microusd
    assert timezone.now() < schedule.next_at < timezone.now() + timedelta(days=1, seconds=1)
    assert schedules.fire(schedule.pk) is None


def test_what_was_paused_is_paused_when_it_comes_back(schedule):
    schedules.pause(schedule, reason="Five failures.")
    schedules.remove(schedule)
    for change in (lambda: schedules.pause(schedule), lambda: schedules.resume(schedule, by=schedule.made_by)):
        schedule.refresh_from_db()
        assert not change()
    schedules.restore(schedule)
    schedule.refresh_from_db()
    assert schedule.is_paused and schedule.pause_reason == "Five failures."


def test_an_edit_of_a_schedule_that_was_deleted_meanwhile_is_not_saved(schedule, owner):
    schedules.remove(schedule)
    with pytest.raises(presets.Outdated):
        schedules.put(schedule.preset, DAILY, by=owner, seen=schedule.version)


def test_a_new_schedule_takes_the_place_of_the_deleted_one(schedule, owner):
    schedules.remove(schedule)
    new = schedules.put(schedule.preset, DAILY, by=owner, seen=0)
    assert list(Schedule.objects.all()) == [new]
    assert not schedules.restore(schedule)
    with pytest.raises(presets.Outdated):
        schedules.put(schedule.preset, DAILY, by=owner, seen=0)


def test_the_page_offers_undo_for_a_deleted_schedule_and_the_lists_do_not_show_it(client_of_owner, schedule):
    shown = client_of_owner.post(door(schedule, "schedule/delete"), follow=True).text
    assert "was deleted" in shown and door(schedule, "schedule/restore") in shown and "Schedule it" in shown
    for path in ("/hunts/presets/", "/hunts/"):
        assert "Every day at 09:00" not in client_of_owner.get(path).text
    api = f"/api/presets/{schedule.preset_id}"
    assert client_of_owner.get(api).json()["schedule"] is None
    assert client_of_owner.delete(f"{api}/schedule").status_code == 404
    back = client_of_owner.post(door(schedule, "schedule/restore"), follow=True).text
    assert "Next run" in back and "was deleted" not in back
    assert "Somebody was faster" in client_of_owner.post(door(schedule, "schedule/restore"), follow=True).text


def test_strangers_and_viewers_bring_nothing_back(schedule, client_of_stranger, viewer):
    schedules.remove(schedule)
    for client, status in ((client_of_stranger, 404), (signed_in(viewer), 403)):
        assert client.post(door(schedule, "schedule/restore")).status_code == status
    assert not Schedule.objects.kept().exists()
    assert "Undo" not in signed_in(viewer).get(schedule.preset.get_absolute_url()).text


# ── presets ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_preset_can_be_undone_at_once_and_found_again_later(client_of_owner, schedule):
    told = client_of_owner.post(door(schedule, "delete"), follow=True).text
    assert "“Parts” is deleted" in told and "Undo" in told
    later = client_of_owner.get("/hunts/presets/").text
    assert "“Parts” is deleted" not in later and "1 deleted preset" in later and "Bring back" in later
    client_of_owner.post(door(schedule, "restore"))
    assert Preset.objects.kept().exists() and "deleted preset" not in client_of_owner.get("/hunts/presets/").text


def test_the_schedule_of_a_deleted_preset_does_not_fire_and_comes_back_with_it(client_of_owner, schedule):
    client_of_owner.post(door(schedule, "delete"))
    Schedule.objects.update(next_at=timezone.now())
    assert schedules.fire(schedule.pk) is None and not Run.objects.exists()
    client_of_owner.post(door(schedule, "restore"))
    assert "Next run" in client_of_owner.get(schedule.preset.get_absolute_url()).text


def test_others_do_not_see_which_private_presets_were_deleted(schedule, workspace, client_of_stranger):
    Preset.objects.update(is_shared=False)
    presets.delete(schedule.preset)
    colleague = signed_in(MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user)
    for client in (colleague, client_of_stranger):
        assert "Parts" not in client.get(f"/hunts/presets/?deleted={schedule.preset_id}").text
        assert client.post(door(schedule, "restore")).status_code == 404


def test_after_thirty_days_both_are_gone_for_good_but_not_the_hunt_and_its_runs(client_of_owner, schedule):
    run = schedules.fire(schedule.pk, schedule.next_at).run
    schedules.remove(schedule)
    assert deleting.purge() == 0
    aged(Schedule, LONG_AGO)
    assert deleting.purge() == 1
    assert Run.objects.get() == run and Run.objects.get().schedule is None
    presets.delete(schedule.preset)
    assert deleting.purge() == 0
    aged(Preset, LONG_AGO)
    assert client_of_owner.post(door(schedule, "restore")).status_code == 404
    assert deleting.purge() == 1
    assert not Preset.objects.exists() and Hunt.objects.exists() and Run.objects.exists()


# ── the console ──────────────────────────────────────────────────────────────────────────────────────────


def test_staff_look_at_presets_and_schedules_and_change_them_by_the_pages_functions(client, schedule):
    client.force_login(User.objects.create_superuser(email="staff@people.example", password="a-good-password"))
    proved(client)
    changelist = reverse("admin:hunts_schedule_changelist")

    def act(action: str) -> str:
        return client.post(changelist, {"action": action, "_selected_action": [schedule.pk]}, follow=True).text

    assert "1 of 1 were changed." in act("pause")
    assert Schedule.objects.get().is_paused
    assert "0 of 1 were changed." in act("pause")
    assert "1 of 1 were changed." in act("resume")
    assert not Schedule.objects.get().is_paused and Schedule.objects.get().made_by == schedule.made_by
    schedules.remove(schedule)
    assert "1 of 1 were changed." in act("restore")
    presets.delete(schedule.preset)
    restore = {"action": "restore", "_selected_action": [schedule.preset_id]}
    assert "1 of 1" in client.post(reverse("admin:hunts_preset_changelist"), restore, follow=True).text
    for model, pk in (("preset", schedule.preset_id), ("schedule", schedule.pk)):
        page = client.get(reverse(f"admin:hunts_{model}_change", args=[pk])).text
        assert '<input type="text"' not in page and "deletelink" not in page
        assert client.get(reverse(f"admin:hunts_{model}_add")).status_code == 403
    assert client.get(reverse("admin:hunts_firing_changelist")).status_code == 200


def test_staff_resume_nothing_that_no_member_answers_for(client, schedule):
    client.force_login(User.objects.create_superuser(email="staff@people.example", password="a-good-password"))
    proved(client)
    schedules.pause(schedule)
    Schedule.objects.update(made_by=None)
    chosen = {"action": "resume", "_selected_action": [schedule.pk]}
    assert "0 of 1" in client.post(reverse("admin:hunts_schedule_changelist"), chosen, follow=True).text
    assert Schedule.objects.get().is_paused
