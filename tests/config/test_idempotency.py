"""`Idempotency-Key`: one effect and byte-same answers, however often and however fast a request is sent again."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from accounts import idempotency
from accounts.api_models import KeptAnswer
from accounts.token_models import ApiToken, Scope
from hunts.models import Hunt, Run
from tests.accounts.test_tokens import BRIEF, bearer, is_problem, made_for, post
from tests.conftest import signed_in
from tests.factories import CompanyFactory, MembershipFactory, RunFactory

KEY = {"Idempotency-Key": "c0ffee-1"}
TWINS = 20
HUNT = {"brief": BRIEF}


@pytest.fixture
def member_client(owner) -> Client:
    return bearer(made_for(owner, *Scope.values)[1])


@pytest.mark.django_db
def test_a_request_whose_answer_was_lost_is_answered_again_byte_by_byte_and_not_done_again(member_client):
    CompanyFactory()
    lost = post(member_client, "/api/hunts", HUNT, **KEY)
    again = post(member_client, "/api/hunts", HUNT, **KEY)
    assert (lost.status_code, again.status_code) == (201, 201)
    assert again.content == lost.content and again["Content-Type"] == lost["Content-Type"]
    assert "Idempotency-Replayed" not in lost and again["Idempotency-Replayed"] == "true"
    assert Hunt.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_the_same_request_is_done_again(member_client):
    CompanyFactory()
    assert {post(member_client, "/api/hunts", HUNT).status_code for _ in range(2)} == {201}
    assert Hunt.objects.count() == 2
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
def test_the_same_key_with_another_body_or_for_another_row_is_refused(member_client, workspace):
    CompanyFactory()
    post(member_client, "/api/hunts", HUNT, **KEY)
    assert is_problem(post(member_client, "/api/hunts", {**HUNT, "limit": 7}, **KEY), 422)
    one, other = RunFactory(hunt__workspace=workspace), RunFactory(hunt__workspace=workspace)
    assert post(member_client, f"/api/runs/{one.pk}/cancel", **KEY).status_code == 200
    assert is_problem(post(member_client, f"/api/runs/{other.pk}/cancel", **KEY), 422)
    assert Hunt.objects.filter(runs__isnull=True).count() == 1
    assert Run.objects.get(pk=other.pk).status == Run.Status.RUNNING


@pytest.mark.django_db
def test_a_key_is_a_matter_of_one_token_one_person_one_workspace_and_one_operation(owner, workspace):
    CompanyFactory()
    MembershipFactory(user=owner)
    other_member = MembershipFactory(workspace=workspace).user
    clients = [bearer(made_for(owner, "write")[1]), bearer(made_for(owner, "write")[1])]
    clients += [signed_in(owner), signed_in(other_member), signed_in(MembershipFactory().user)]
    assert {post(client, "/api/hunts", HUNT, **KEY).status_code for client in clients} == {201}
    assert Hunt.objects.count() == len(clients)
    another = {"name": "x", "scopes": ["read"]}
    assert post(signed_in(owner), "/api/tokens", another, **KEY).status_code == 201


@pytest.mark.django_db
def test_a_refusal_is_kept_too_and_quotes_around_a_key_do_not_count(member_client):
    refused = post(member_client, "/api/hunts", {"brief": ""}, **KEY)
    again = post(member_client, "/api/hunts", {"brief": ""}, **{"Idempotency-Key": '"c0ffee-1"'})
    assert is_problem(refused, 422) and again.content == refused.content
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 256, "two words", "schlüssel"])
def test_a_key_that_is_none_is_refused(member_client, key):
    answer = post(member_client, "/api/hunts", HUNT, **{"Idempotency-Key": key})
    assert is_problem(answer, 400)
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
def test_who_was_not_let_in_may_come_back_with_the_same_key(owner):
    CompanyFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert is_problem(post(client, "/api/hunts", HUNT, **KEY), 403)
    assert not KeptAnswer.objects.exists()
    assert post(signed_in(owner), "/api/hunts", HUNT, **KEY).status_code == 201


@pytest.mark.django_db
def test_an_answer_of_500_is_not_kept(rf, workspace):
    request = rf.post("/api/hunts", b"{}", content_type="application/json")
    request.auth = workspace
    asker = idempotency.Asker(workspace, "person:1", "create_hunt")
    answers = iter([HttpResponse(status=503), HttpResponse("done", status=201), HttpResponse("twice", status=201)])
    told = [idempotency.once(request, asker, "key", lambda: next(answers)) for _ in range(3)]
    assert [(one.status_code, one.content) for one in told] == [(503, b""), (201, b"done"), (201, b"done")]


@pytest.mark.django_db
def test_an_answer_with_a_secret_is_not_kept_and_not_done_again(client_of_owner):
    body = {"name": "x", "scopes": ["read"]}
    made = post(client_of_owner, "/api/tokens", body, **KEY)
    assert is_problem(post(client_of_owner, "/api/tokens", body, **KEY), 409)
    assert ApiToken.objects.count() == 1
    kept = KeptAnswer.objects.get()
    assert kept.body is None and made.json()["token"] not in str(vars(kept))


@pytest.mark.django_db
def test_a_request_that_was_broken_off_is_never_done_again_under_its_key(member_client):
    CompanyFactory()
    post(member_client, "/api/hunts", HUNT, **KEY)
    KeptAnswer.objects.update(status=None, body=None)
    under_way = post(member_client, "/api/hunts", HUNT, **KEY)
    assert is_problem(under_way, 409) and under_way["Retry-After"] == "1"
    KeptAnswer.objects.update(created_at=timezone.now() - idempotency.LONGEST)
    broken_off = post(member_client, "/api/hunts", HUNT, **KEY)
    assert is_problem(broken_off, 409) and "Retry-After" not in broken_off
    assert Hunt.objects.count() == 1


@pytest.mark.django_db
def test_keys_are_free_again_after_24_hours_whether_they_were_purged_or_not(member_client):
    CompanyFactory()
    for purges in (False, True):
        post(member_client, "/api/hunts", HUNT, **KEY)
        assert idempotency.purge() == 0
        kept = KeptAnswer.objects.get()
        assert kept.expires_at - kept.created_at == timedelta(hours=24)
        KeptAnswer.objects.update(expires_at=timezone.now())
        assert not purges or idempotency.purge() == 1
    post(member_client, "/api/hunts", HUNT, **KEY)
    assert Hunt.objects.count() == 3


@pytest.mark.django_db
def test_the_purge_runs_every_hour(queue_schedules):
    assert queue_schedules["accounts.idempotency.purge"].schedule_type == Schedule.HOURLY


@pytest.mark.django_db(transaction=True)
def test_of_twenty_twins_one_works_and_the_others_get_its_bytes_or_wait(owner):
    CompanyFactory()
    token, start = made_for(owner, "write")[1], Barrier(TWINS)

    def twin(_number: int) -> tuple[int, bytes]:
        try:
            start.wait(30)
            answer = post(bearer(token), "/api/hunts", HUNT, **KEY)
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(TWINS) as pool:
        told = list(pool.map(twin, range(TWINS)))
    assert Hunt.objects.count() == 1
    assert {status for status, _body in told} <= {201, 409}
    bodies = {body for status, body in told if status == 201}
    assert len(bodies) == 1
    answer = post(bearer(token), "/api/hunts", HUNT, **KEY)
    assert {answer.content} == bodies
    assert json.loads(answer.content)["id"] == Hunt.objects.get().pk
