"""Deleting hunts and runs: gone at once, back by one press, and nothing that works on them breaks."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Budget
from hunts import chat, claims, deleting, launch, pipeline, recording, retrying
from hunts.chat_models import Conversation
from hunts.models import Candidate, Hunt, Run, RunEvent
from integrations.models import ProviderCall
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import CandidateFactory, JudgedLeadFactory, MembershipFactory, RunFactory
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.processes import PATIENCE, start_python

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(workspace) -> Run:
    """A live run with a qualified company and one that waits."""
    run = RunFactory(hunt__workspace=workspace, hunt__name="Makers of clocks")
    lead = JudgedLeadFactory(workspace=workspace)
    CandidateFactory(run=run, lead=lead, status="qualified", stage="deliver", tier="A", score=88)
    CandidateFactory(run=run)
    return run


def doors(run: Run) -> list[str]:
    return [
        run.get_absolute_url(),
        f"{run.get_absolute_url()}?tab=log",
        f"/hunts/runs/{run.pk}/retry",
        f"/hunts/runs/{run.pk}/log.csv",
        f"/api/runs/{run.pk}",
        f"/api/runs/{run.pk}/log",
    ]


def test_a_deleted_hunt_is_gone_everywhere_and_back_by_undo(client_of_owner, run):
    talk = chat.begin(run.workspace, by=None)
    Conversation.objects.filter(pk=talk.pk).update(hunt=run.hunt)
    hunt_doors = [run.hunt.get_absolute_url(), f"/api/hunts/{run.hunt_id}", f"/api/hunts/{run.hunt_id}/runs"]
    page = client_of_owner.post(reverse("hunts:delete", args=[run.hunt_id]), follow=True).text
    assert "“Makers of clocks” is deleted" in page and "Undo" in page
    for path in (*hunt_doors, *doors(run)):
        assert client_of_owner.get(path).status_code == 404, path
    lead = run.candidates.exclude(tier="").get().lead
    for path in ("/hunts/", "/hunts/conversations", f"/hunts/chat/{talk.pk}/", "/leads/", lead.get_absolute_url()):
        page = client_of_owner.get(path).text
        assert f'href="{run.hunt.get_absolute_url()}"' not in page and f'href="{run.get_absolute_url()}"' not in page
        assert "Makers of clocks" not in page
    assert client_of_owner.get("/api/hunts").json()["items"] == []
    client_of_owner.post(reverse("hunts:restore", args=[run.hunt_id]))
    for path in (*hunt_doors, *doors(run)):
        assert client_of_owner.get(path).status_code == 200, path


def test_what_was_going_on_is_cancelled_and_leads_stay(run):
    assert deleting.delete_hunt(run.hunt)
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
    assert not run.candidates.unfinished().exists()
    assert Lead.objects.qualified().count() == 1
    assert not deleting.delete_hunt(run.hunt)
    assert deleting.restore_hunt(run.hunt)
    assert not deleting.restore_hunt(run.hunt)


def test_a_deleted_hunt_is_not_run(run):
    deleting.delete_hunt(run.hunt)
    with pytest.raises(pipeline.NotStarted, match="deleted"):
        launch.run(run.hunt)
    run.refresh_from_db()
    with pytest.raises(pipeline.NotStarted, match="deleted"):
        launch.retry(run, retrying.Asked("deliver"))


def test_only_a_run_that_is_over_is_deleted_and_its_hunt_stays(client_of_owner, run):
    delete = reverse("hunts:delete-run", args=[run.pk])
    assert "Cancel it first" in client_of_owner.post(delete, follow=True).text
    assert client_of_owner.delete(f"/api/runs/{run.pk}").status_code == 409
    pipeline.cancel(run)
    assert "Undo" in client_of_owner.post(delete, follow=True).text
    for path in doors(run):
        assert client_of_owner.get(path).status_code == 404, path
    assert f'href="{run.get_absolute_url()}"' not in client_of_owner.get(run.hunt.get_absolute_url()).text
    assert client_of_owner.get(f"/api/hunts/{run.hunt_id}/runs").json()["items"] == []
    assert not launch.change(run, "retry")
    client_of_owner.post(reverse("hunts:restore-run", args=[run.pk]))
    assert client_of_owner.get(run.get_absolute_url()).status_code == 200


def test_the_api_deletes_and_restores(client_of_owner, run):
    assert client_of_owner.delete(f"/api/hunts/{run.hunt_id}").status_code == 204
    assert client_of_owner.delete(f"/api/hunts/{run.hunt_id}").status_code == 404
    assert client_of_owner.post(f"/api/hunts/{run.hunt_id}/restore").status_code == 200
    assert client_of_owner.post(f"/api/hunts/{run.hunt_id}/restore").status_code == 404
    assert client_of_owner.delete(f"/api/runs/{run.pk}").status_code == 204
    assert client_of_owner.post(f"/api/runs/{run.pk}/restore").json()["status"] == "cancelled"


def test_strangers_and_viewers_delete_nothing(run, client_of_stranger, viewer):
    for client, status in ((client_of_stranger, 404), (signed_in(viewer), 403)):
        assert client.post(reverse("hunts:delete", args=[run.hunt_id])).status_code == status
        assert client.post(reverse("hunts:delete-run", args=[run.pk])).status_code == status
        assert client.delete(f"/api/hunts/{run.hunt_id}").status_code == status
        assert client.delete(f"/api/runs/{run.pk}").status_code == status
    deleting.delete_hunt(run.hunt)
    assert "Makers of clocks" not in client_of_stranger.get("/hunts/deleted").text
    assert client_of_stranger.post(reverse("hunts:restore", args=[run.hunt_id])).status_code == 404
    assert signed_in(viewer).post(reverse("hunts:restore", args=[run.hunt_id])).status_code == 403


def test_after_thirty_days_it_is_gone_for_good_but_not_its_leads_and_its_money(run):
    ProviderCall.objects.create(
        workspace=run.workspace, run_ref=str(run.pk), key="k", provider="exa", operation="search", status="answered"
    )
    young = RunFactory(hunt__workspace=run.workspace, status=Run.Status.SUCCEEDED)
    deleting.delete_hunt(run.hunt)
    deleting.delete_run(young)
    assert deleting.purge() == 0
    Hunt.objects.filter(pk=run.hunt_id).update(deleted_at=timezone.now() - timedelta(days=31))
    assert deleting.purge() == 1
    assert not Run.objects.filter(pk=run.pk).exists() and not Candidate.objects.exists()
    assert Lead.objects.qualified().count() == 1
    assert Budget.objects.filter(pk=run.budget_id).exists() and ProviderCall.objects.count() == 1
    assert list(deleting.deleted_runs(run.workspace)) == [young]


WORKER = """
from asgiref.sync import async_to_sync
from hunts import pipeline
async_to_sync(pipeline.work_on)(int(sys.argv[1]), concurrency=4)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["deleted", "gone"])
def test_a_worker_whose_hunt_is_deleted_under_it_ends_cleanly_and_writes_nothing_more(sandbox, start_run, way):
    run = start_run(limit=6, cap=5_000_000, workspace=MembershipFactory().workspace)
    with LanguageModelServer(gullible) as server:
        server.may_answer.clear()
        worker = start_python(
            WORKER,
            str(run.pk),
            SANDBOX_BASE_URL=sandbox.base_url,
            OPENAI_API_KEY="sk-test-1",
            OPENAI_BASE_URL=server.base_url,
            OPENAI_MODEL="gpt-4.1-mini",
        )
        assert server.was_asked.wait(60), worker.communicate()
        deleting.delete_hunt(run.hunt)
        if way == "gone":
            run.hunt.delete()
        leads = list(Lead.objects.order_by("pk").values())
        server.may_answer.set()
        _out, errors = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, "Traceback" in errors) == (0, False), errors
    assert list(Lead.objects.order_by("pk").values()) == leads
    assert not Candidate.objects.exclude(status=Candidate.Status.CANCELLED).exclude(score__isnull=False).exists()
    budget = Budget.objects.get(pk=run.budget_id)
    paid = sum(ProviderCall.objects.values_list("cost_microusd", flat=True))
    assert (budget.spent_microusd, budget.is_open) == (paid, False)
    assert paid > 0
    assert RunEvent.objects.exists() == (way == "deleted")


def test_a_search_that_ends_after_the_run_was_cancelled_adds_nothing(workspace):
    run = RunFactory(hunt__workspace=workspace, discovered_at=None)
    fence = claims.claim_discovery(run.pk)
    assert pipeline.cancel(run)
    with pytest.raises(claims.LeaseLost):
        recording.record_discovery(run, fence, [], [])
    run.refresh_from_db()
    assert run.discovered_at is None
