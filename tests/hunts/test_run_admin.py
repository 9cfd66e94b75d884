"""What staff can do with runs in the console."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from hunts import presets, schedules
from hunts.models import Candidate, Run
from hunts.preset_models import Preset, Schedule
from tests.conftest import signed_in
from tests.factories import CandidateFactory, HuntFactory, RunFactory, UserFactory
from tests.harness.proof import proved
from tests.hunts.test_schedules import scheduled

pytestmark = pytest.mark.django_db


def test_staff_pause_resume_cancel_and_retry_by_the_functions_of_the_page(client):
    client.force_login(User.objects.create_superuser(email="staff@people.example", password="a-good-password"))
    proved(client)
    run = RunFactory()
    CandidateFactory(run=run, stage="crawl", status="failed")
    steps = (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued"))
    for action, status in steps:
        data = {"action": action, "_selected_action": [run.pk]}
        page = client.post(reverse("admin:hunts_run_changelist"), data, follow=True).text
        assert "1 of 1 runs were changed." in page
        run.refresh_from_db()
        assert run.status == status
    assert run.candidates.get().status == Candidate.Status.QUEUED
    paused = RunFactory(hunt=run.hunt, status=Run.Status.PAUSED)
    data = {"action": "resume", "_selected_action": [paused.pk]}
    assert "running already" in client.post(reverse("admin:hunts_run_changelist"), data, follow=True).text


def staff(*rights: str) -> User:
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def press(client: Client, kind: str, action: str, row: object):
    data = {"action": action, "_selected_action": [row.pk]}
    return client.post(reverse(f"admin:hunts_{kind}_changelist"), data)


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "retry"])
def test_who_may_only_look_at_runs_changes_none(action):
    run = RunFactory(status=Run.Status.RUNNING if action == "pause" else Run.Status.PAUSED)
    CandidateFactory(run=run, stage="crawl", status="failed")
    before = run.status
    press(proved(signed_in(staff("view_run"))), "run", action, run)
    run.refresh_from_db()
    assert run.status == before
    press(proved(signed_in(staff("view_run", "change_run"))), "run", action, run)
    run.refresh_from_db()
    assert run.status != before or action == "retry"  # that one is for runs that are over


@pytest.mark.parametrize("action", ["resume", "retry"])
def test_what_spends_is_done_only_by_who_has_just_proved_who_they_are(action):
    run = RunFactory(status=Run.Status.PAUSED if action == "resume" else Run.Status.FAILED)
    CandidateFactory(run=run, stage="crawl", status="failed")
    before, client = run.status, signed_in(staff("view_run", "change_run"))
    assert press(client, "run", action, run).headers["Location"].startswith("/accounts/reauthenticate/")
    run.refresh_from_db()
    assert run.status == before
    press(proved(client), "run", action, run)
    run.refresh_from_db()
    assert run.status == Run.Status.QUEUED


def test_schedules_and_presets_are_changed_neither_by_who_only_looks_nor_brought_back_without_a_proof(owner, workspace):
    schedule = scheduled(HuntFactory(workspace=workspace), owner)
    preset = schedule.preset
    looks = proved(signed_in(staff("view_schedule", "view_preset")))
    press(looks, "schedule", "pause", schedule)
    assert not Schedule.objects.filter(paused_at__isnull=False).exists()
    schedules.pause(schedule)
    works = signed_in(staff("view_schedule", "change_schedule", "view_preset", "change_preset"))
    for client in (looks, works):
        press(client, "schedule", "resume", schedule)
    assert Schedule.objects.filter(paused_at__isnull=False).exists()
    press(proved(works), "schedule", "resume", schedule)
    assert not Schedule.objects.filter(paused_at__isnull=False).exists()
    presets.delete(preset)
    unproved = signed_in(staff("view_preset", "change_preset"))
    for client in (looks, unproved):
        press(client, "preset", "restore", preset)
    assert not Preset.objects.kept().filter(pk=preset.pk).exists()
    press(proved(unproved), "preset", "restore", preset)
    assert Preset.objects.kept().filter(pk=preset.pk).exists()
