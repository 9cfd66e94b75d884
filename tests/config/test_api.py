"""The API: who may, what it says, and how it says no."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from ninja import Schema
from ninja.responses import NinjaJSONEncoder

from accounts.models import Membership
from config.api import api
from config.api_description import DescribedAPI
from hunts.models import Hunt, Run
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import (
    QUOTE,
    CandidateFactory,
    CompanyFactory,
    HuntFactory,
    JudgedLeadFactory,
    LeadFactory,
    MembershipFactory,
    RunFactory,
)

pytestmark = pytest.mark.django_db

BRIEF = "Fintech companies in the United Kingdom with 11-200 employees"


def post(client: Client, path: str, body: object = None):
    return client.post(path, json.dumps(body), content_type="application/json")


def is_problem(answer, status: int) -> bool:
    return (
        answer.status_code == status
        and answer.headers["Content-Type"] == "application/problem+json"
        and {"type", "title", "detail"} <= answer.json().keys()
        and answer.json()["status"] == status
    )


def test_health_needs_no_login(client):
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "queue": "ok",
        "queued": 0,
        "version": settings.VERSION,
    }


def test_health_is_503_when_the_database_is_down():
    ask = (
        "import django; django.setup(); from django.test import Client; print(Client().get('/api/health').status_code)"
    )
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": ""}
    environment |= {"SECURE_SSL_REDIRECT": "False", "ALLOWED_HOSTS": "testserver"}
    ran = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, env=environment, check=False)
    assert ran.stdout.splitlines()[-1:] == ["503"], ran.stderr


@pytest.mark.parametrize("path", ["hunts", "hunts/1", "runs/1", "leads", "leads/1"])
def test_strangers_are_told_to_log_in(client, path):
    assert is_problem(client.get(f"/api/{path}"), 401)


def test_a_person_without_a_workspace_is_a_stranger():
    member = MembershipFactory()
    person = member.user
    member.delete()
    assert is_problem(signed_in(person).get("/api/hunts"), 401)


def test_another_workspaces_rows_are_answered_like_unknown_ones(client_of_stranger, workspace):
    run = RunFactory(hunt__workspace=workspace)
    lead = JudgedLeadFactory(workspace=workspace)
    for theirs, unknown in (
        (f"/api/hunts/{run.hunt_id}", "/api/hunts/999999"),
        (f"/api/hunts/{run.hunt_id}/runs", "/api/hunts/999999/runs"),
        (f"/api/runs/{run.pk}", "/api/runs/999999"),
        (f"/api/leads/{lead.pk}", "/api/leads/999999"),
    ):
        answer = client_of_stranger.get(theirs)
        assert is_problem(answer, 404)
        assert answer.content == client_of_stranger.get(unknown).content
    assert is_problem(post(client_of_stranger, f"/api/hunts/{run.hunt_id}/runs"), 404)
    assert is_problem(post(client_of_stranger, f"/api/runs/{run.pk}/cancel"), 404)
    assert client_of_stranger.get("/api/leads", {"status": "all"}).json()["items"] == []
    assert Run.objects.get().status == Run.Status.RUNNING


def test_an_address_that_is_no_operation_is_a_problem_too(client_of_owner):
    assert is_problem(client_of_owner.get("/api/nowhere/at/all"), 404)
    assert is_problem(client_of_owner.get(f"/api/leads/{10**30}"), 404)


def test_a_change_without_the_csrf_token_is_refused(owner, workspace):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    run = RunFactory(hunt__workspace=workspace)
    assert is_problem(post(client, f"/api/runs/{run.pk}/cancel"), 403)


def test_a_viewer_looks_and_does_not_touch(viewer, workspace):
    client = signed_in(viewer)
    run = RunFactory(hunt__workspace=workspace)
    assert client.get(f"/api/runs/{run.pk}").status_code == 200
    for path, body in ((f"runs/{run.pk}/cancel", None), (f"hunts/{run.hunt_id}/runs", None), ("hunts", {"brief": "x"})):
        assert is_problem(post(client, f"/api/{path}", body), 403)
    assert (Hunt.objects.count(), Run.objects.count()) == (1, 1)


def test_a_brief_becomes_a_hunt_and_a_run(client_of_owner, workspace):
    CompanyFactory()
    made = post(client_of_owner, "/api/hunts", {"brief": BRIEF, "limit": 7, "max_spend_microusd": 1_500_000})
    assert made.status_code == 201, made.content
    assert made.json()["profile"]["countries"] == ["GB"]
    assert made.json()["profile"]["employees"] == {"min": 11, "max": 200}
    assert not Run.objects.exists()
    started = post(client_of_owner, f"/api/hunts/{made.json()['id']}/runs")
    assert started.status_code == 201
    run = Run.objects.get(workspace=workspace)
    assert started.json()["id"] == run.pk
    assert started.json()["progress"]["cap_microusd"] == run.budget.cap_microusd == 1_500_000
    assert client_of_owner.get(f"/api/hunts/{made.json()['id']}/runs").json()["items"][0]["id"] == run.pk


@pytest.mark.parametrize(
    "body",
    [
        {"brief": ""},
        {"brief": "   "},
        {"brief": "x" * 20_001},
        {"brief": BRIEF, "limit": 0},
        {"brief": BRIEF, "limit": 1001},
        {"brief": BRIEF, "max_spend_microusd": -1},
        {"brief": BRIEF, "source": "moon"},
        {"brief": BRIEF, "source": "exa"},
        {"brief": BRIEF, "source": "directory"},
        {},
        [],
    ],
)
def test_a_hunt_that_makes_no_sense_is_refused(client_of_owner, body):
    assert is_problem(post(client_of_owner, "/api/hunts", body), 422)
    assert not Hunt.objects.exists()


def test_what_is_not_json_and_what_is_too_big_are_problems(client_of_owner):
    answer = client_of_owner.post("/api/hunts", "{", content_type="application/json")
    assert is_problem(answer, 400)
    assert is_problem(post(client_of_owner, "/api/hunts", {"brief": "x" * 10_000_000}), 413)


def test_a_run_tells_how_far_it_is_and_is_changed(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run, status="qualified", stage="deliver", tier="A", score=90)
    CandidateFactory(run=run)
    told = client_of_owner.get(f"/api/runs/{run.pk}").json()
    assert (told["progress"]["found"], told["progress"]["judged"], told["progress"]["tiers"]["A"]) == (2, 1, 1)
    assert told["progress"]["funnel"][0] == {"name": "found", "count": 2}
    for action, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert post(client_of_owner, f"/api/runs/{run.pk}/{action}").json()["status"] == status
    assert is_problem(post(client_of_owner, f"/api/runs/{run.pk}/pause"), 409)
    assert is_problem(post(client_of_owner, f"/api/runs/{run.pk}/explode"), 422)


def test_every_lead_is_on_one_page_of_the_list_and_none_on_two(client_of_owner, workspace):
    JudgedLeadFactory.create_batch(7, workspace=workspace)
    seen, cursor = [], ""
    for _page in range(9):
        answer = client_of_owner.get("/api/leads", {"limit": 3, "cursor": cursor}).json()
        seen += [row["id"] for row in answer["items"]]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert seen == [lead.pk for lead in Lead.objects.ranked()]


def test_leads_are_filtered_like_the_table(client_of_owner, workspace):
    wanted = JudgedLeadFactory(workspace=workspace, name="Acme Precision", tier="B")
    JudgedLeadFactory(workspace=workspace)
    LeadFactory(workspace=workspace)
    found = client_of_owner.get("/api/leads", {"q": "acme", "tier": "B"}).json()["items"]
    assert [row["id"] for row in found] == [wanted.pk]
    assert len(client_of_owner.get("/api/leads").json()["items"]) == 2
    assert len(client_of_owner.get("/api/leads", {"status": "all"}).json()["items"]) == 3
    assert is_problem(client_of_owner.get("/api/leads", {"tier": "Z"}), 422)
    assert is_problem(client_of_owner.get("/api/leads", {"cursor": "nonsense"}), 400)


def test_a_lead_is_told_with_its_proof_its_score_and_its_contacts(
    client_of_owner, workspace, django_assert_max_num_queries
):
    lead = JudgedLeadFactory(workspace=workspace)
    with django_assert_max_num_queries(12):  # one of them counts the request
        told = client_of_owner.get(f"/api/leads/{lead.pk}").json()
    verdict = told["verdicts"][0]
    assert (verdict["quote"], verdict["verdict"], verdict["end"] - verdict["start"]) == (QUOTE, "yes", len(QUOTE))
    assert told["contacts"][0]["email"] == lead.contact_email
    assert sum(float(line["points"]) for line in told["score_lines"]) == float(lead.assessment.explained().total)


def test_hunts_are_paged_newest_first(client_of_owner, workspace):
    made = [HuntFactory(workspace=workspace).pk for _ in range(3)]
    first = client_of_owner.get("/api/hunts", {"limit": 2}).json()
    rest = client_of_owner.get("/api/hunts", {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None


def test_the_description_and_its_page_are_served_without_other_servers(client):
    described = client.get("/api/openapi.json").json()
    names = {operation["operationId"] for path in described["paths"].values() for operation in path.values()}
    assert {"health", "list_hunts", "create_hunt", "start_run", "read_run", "change_run", "list_leads"} <= names
    page = client.get("/api/docs").text
    assert "https://" not in page
    assert "swagger-ui" in page


def test_the_description_is_made_once_and_is_the_same_in_every_language(client):
    told = client.get("/api/openapi.json").json()
    assert api.get_openapi_schema() is api.get_openapi_schema()
    with translation.override("zh-hans"):
        assert json.loads(json.dumps(DescribedAPI._whole(api, "/api/"), cls=NinjaJSONEncoder)) == told
    assert client.get("/api/openapi.json", headers={"Accept-Language": "zh-hans"}).json() == told


def test_membership_that_ended_ends_the_access(client_of_owner, workspace):
    lead = JudgedLeadFactory(workspace=workspace)
    Membership.objects.filter(workspace=workspace).delete()
    assert is_problem(client_of_owner.get(f"/api/leads/{lead.pk}"), 401)


@pytest.mark.parametrize("odd", ["\0", "\ud800", "\u202e", "￿"])
def test_odd_characters_in_a_brief_break_nothing(client_of_owner, odd):
    CompanyFactory()
    answer = post(client_of_owner, "/api/hunts", {"brief": f"{BRIEF} {odd} robotics{odd}"})
    assert answer.status_code in (201, 422)
    assert is_problem(answer, 422) or "\0" not in answer.json()["profile"]["brief"]


def described_classes(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        if one.__module__.split(".")[0] in ("accounts", "billing", "config", "hunts", "integrations", "leads"):
            yield one
        yield from described_classes(one)


def test_no_two_schemas_have_one_name():
    """The description knows them by their names alone: of two, one would be described as the other."""
    names = [one.__name__ for one in {*described_classes(Schema)}]
    assert [name for name, count in Counter(names).items() if count > 1] == []
