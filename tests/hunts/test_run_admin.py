"""What staff can do with runs in the console."""

import pytest
from django.urls import reverse

from accounts.models import User
from hunts.models import Candidate, Run
from tests.factories import CandidateFactory, RunFactory

pytestmark = pytest.mark.django_db


def test_staff_pause_resume_cancel_and_retry_by_the_functions_of_the_page(client):
    client.force_login(User.objects.create_superuser(email="staff@people.example", password="a-good-password"))
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
