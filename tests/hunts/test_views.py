"""The doors of hunts and runs."""

import pytest
from django.urls import reverse

from hunts.models import Candidate, Run
from tests.factories import CandidateFactory, HuntFactory, JudgedLeadFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/hunts/", "/hunts/new", "/hunts/1/", "/hunts/runs/1/", "/leads/", "/leads/1/"])
def test_strangers_are_asked_to_log_in(client, path):
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_another_workspaces_hunt_and_run_are_not_there(client_of_stranger, workspace):
    run = RunFactory(hunt__workspace=workspace)
    for path in (run.hunt.get_absolute_url(), run.get_absolute_url()):
        assert client_of_stranger.get(path).status_code == 404
    assert client_of_stranger.post(reverse("hunts:change-run", args=[run.pk, "cancel"])).status_code == 404
    assert client_of_stranger.post(reverse("hunts:run-again", args=[run.hunt_id])).status_code == 404
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_an_empty_list_offers_a_first_step(client_of_owner):
    assert "Whom do you sell to?" in client_of_owner.get("/hunts/").text


def test_a_list_of_many_hunts_takes_few_queries(client_of_owner, workspace, django_assert_max_num_queries):
    for _ in range(12):
        CandidateFactory(run__hunt__workspace=workspace)
    with django_assert_max_num_queries(8):
        assert client_of_owner.get("/hunts/").status_code == 200


def test_hostile_text_is_shown_as_text(client_of_owner, workspace):
    evil = "<script>alert(1)</script>"
    run = RunFactory(hunt__workspace=workspace, hunt__name=evil, note=evil)
    lead = JudgedLeadFactory(workspace=workspace, name=evil, best_quote=evil)
    CandidateFactory(run=run, lead=lead, reason=evil, score=88, tier="A")
    for path in ("/hunts/", run.hunt.get_absolute_url(), run.get_absolute_url(), "/leads/", lead.get_absolute_url()):
        page = client_of_owner.get(path).text
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_a_run_is_paused_resumed_and_cancelled_by_its_buttons(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run)
    for action, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        client_of_owner.post(reverse("hunts:change-run", args=[run.pk, action]))
        run.refresh_from_db()
        assert run.status == status
    assert run.candidates.get().status == Candidate.Status.CANCELLED


def test_a_change_that_comes_too_late_says_so(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)
    page = client_of_owner.post(reverse("hunts:change-run", args=[run.pk, "pause"]), follow=True).text
    assert "moved on meanwhile" in page


def test_the_limit_of_a_paused_run_can_be_raised_and_not_lowered(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.PAUSED)
    change = reverse("hunts:change-run", args=[run.pk, "raise"])
    client_of_owner.post(change, {"max_spend": "1"})
    run.refresh_from_db()
    assert (run.status, run.budget.cap_microusd) == (Run.Status.PAUSED, 5_000_000)
    client_of_owner.post(change, {"max_spend": "7"})
    run.refresh_from_db()
    run.budget.refresh_from_db()
    assert (run.status, run.budget.cap_microusd) == (Run.Status.QUEUED, 7_000_000)


def test_the_page_of_a_big_run_takes_few_queries(client_of_owner, workspace, django_assert_max_num_queries):
    run = RunFactory(hunt__workspace=workspace)
    for _ in range(30):
        CandidateFactory(run=run)
    with django_assert_max_num_queries(16):
        assert client_of_owner.get(run.get_absolute_url()).status_code == 200


def test_older_hunts_are_a_page_away(client_of_owner, workspace):
    hunts = HuntFactory.create_batch(52, workspace=workspace)
    first = client_of_owner.get("/hunts/").text
    assert f'href="{hunts[2].get_absolute_url()}"' in first and f'href="{hunts[1].get_absolute_url()}"' not in first
    older = client_of_owner.get(f"/hunts/?before={hunts[2].pk}").text
    assert f'href="{hunts[1].get_absolute_url()}"' in older and f'href="{hunts[2].get_absolute_url()}"' not in older
