"""API tokens: what they look like, whom they let in, and when they end."""

import json
import re
import zlib
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import tokens
from accounts.models import Membership
from accounts.token_models import ApiToken, Scope
from hunts.models import Hunt
from tests.conftest import signed_in
from tests.factories import CompanyFactory, HuntFactory, MembershipFactory, RunFactory

pytestmark = pytest.mark.django_db

BASE62 = st.text(alphabet=tokens.DIGITS, min_size=30, max_size=30)
BRIEF = "Fintech companies in the United Kingdom with 11-200 employees"


def made_for(user, *scopes, days=30):
    """Make a token as the page does, and return its row and the token."""
    client = signed_in(user)
    body = {"name": "a program", "scopes": scopes or ["read"]}
    if days is not None:
        body["expires_at"] = (timezone.now() + timedelta(days=days)).isoformat()
    answer = client.post("/api/tokens", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return ApiToken.objects.get(pk=answer.json()["id"]), answer.json()["token"]


def bearer(token: str) -> Client:
    """Return a client that sends a token, and checks CSRF as the real thing does."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})


def post(client: Client, path: str, body: object = None, **headers):
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def is_problem(answer, status: int) -> bool:
    kind = answer.headers["Content-Type"]
    return (answer.status_code, kind, answer.json()["status"]) == (status, "application/problem+json", status)


# ── what they look like ──────────────────────────────────────────────────────────────────────────────────


def test_a_token_has_the_documented_shape_and_no_two_are_the_same():
    drawn = {tokens.drawn() for _ in range(500)}
    assert len(drawn) == 500
    assert all(re.fullmatch(r"mh_live_[0-9A-Za-z]{36}", token) and tokens.is_whole(token) for token in drawn)


@given(BASE62)
def test_the_check_is_the_crc_of_the_random_part_in_base62(random):
    places = enumerate(reversed(tokens.check_of(random)))
    assert sum(tokens.DIGITS.index(sign) * 62**place for place, sign in places) == zlib.crc32(random.encode())


def test_the_check_stays_what_it_is():
    assert tokens.check_of("0123456789ABCDEFGHIJabcdefghij") == "4Us3aw"


@given(BASE62)
def test_every_random_part_gets_a_check_of_six_that_fits(random):
    check = tokens.check_of(random)
    assert len(check) == 6
    assert tokens.is_whole(f"mh_live_{random}{check}")


@given(BASE62, st.integers(8, 43), st.sampled_from(tokens.DIGITS))
def test_one_wrong_character_is_noticed_without_the_database(random, place, sign):
    token = f"mh_live_{random}{tokens.check_of(random)}"
    typed = token[:place] + sign + token[place + 1 :]
    assert tokens.is_whole(typed) == (typed == token)


@given(BASE62, st.integers(8, 42))
def test_two_characters_that_changed_places_are_noticed(random, place):
    token = f"mh_live_{random}{tokens.check_of(random)}"
    typed = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
    assert tokens.is_whole(typed) == (typed == token)


@given(st.text(max_size=60))
def test_any_other_text_is_no_token(text):
    assert not tokens.is_whole(text)


# ── whom they let in ─────────────────────────────────────────────────────────────────────────────────────


def test_a_token_reads_what_its_person_reads_in_its_workspace_and_nothing_else(owner, workspace):
    hunt, other = HuntFactory(workspace=workspace), HuntFactory()
    _row, token = made_for(owner)
    assert [one["id"] for one in bearer(token).get("/api/hunts").json()["items"]] == [hunt.pk]
    assert is_problem(bearer(token).get(f"/api/hunts/{other.pk}"), 404)


def test_it_stays_in_its_workspace_wherever_its_person_works_now(owner, workspace):
    _row, token = made_for(owner)
    hunt = HuntFactory(workspace=workspace)
    client = bearer(token)
    client.force_login(MembershipFactory().user)  # the cookie of somebody else does not matter
    assert [one["id"] for one in client.get("/api/hunts").json()["items"]] == [hunt.pk]


def test_it_needs_no_csrf_token_and_a_session_does(owner):
    CompanyFactory()
    _row, token = made_for(owner, "write")
    assert post(bearer(token), "/api/hunts", {"brief": BRIEF}).status_code == 201
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert is_problem(post(client, "/api/hunts", {"brief": BRIEF}), 403)
    assert Hunt.objects.count() == 1


def test_a_bad_token_is_not_made_good_by_a_session(owner, client_of_owner):
    assert is_problem(client_of_owner.get("/api/hunts", headers={"Authorization": "Bearer nonsense"}), 401)


def test_without_a_token_or_a_session_the_answer_says_what_to_send(client):
    answer = client.get("/api/hunts")
    assert is_problem(answer, 401)
    assert answer["WWW-Authenticate"] == 'Bearer realm="Magnet Hunter"'


def _mistyped(_row, token):
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def _unknown(_row, _token):
    return tokens.drawn()


def _expired(row, token):
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return token


def _revoked(row, token):
    row.revoke(by=row.user)
    return token


def _left(row, token):
    Membership.objects.filter(user=row.user).delete()
    return token


def _disabled(row, token):
    get_user_model().objects.filter(pk=row.user_id).update(is_active=False)
    return token


def _came_back(row, token):
    Membership.objects.filter(user=row.user).delete()
    Membership.objects.create(user=row.user, workspace=row.workspace, role=Membership.Role.OWNER)
    return token


@pytest.mark.parametrize("spoil", [_mistyped, _unknown, _expired, _revoked, _left, _disabled, _came_back])
def test_a_token_that_is_none_is_refused_with_a_reason_and_the_header_of_the_standard(owner, spoil):
    row, token = made_for(owner)
    client = bearer(spoil(row, token))
    for answer in (client.get("/api/hunts"), client.get("/api/runs/1"), post(client, "/api/hunts", {"brief": BRIEF})):
        assert is_problem(answer, 401)
        assert answer["WWW-Authenticate"] == 'Bearer realm="Magnet Hunter", error="invalid_token"'
    assert not Hunt.objects.exists()


def test_a_token_without_the_scope_is_told_which_one_it_needs(owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    _row, token = made_for(owner, "read", "write")
    answer = post(bearer(token), f"/api/runs/{run.pk}/cancel")
    assert is_problem(answer, 403)
    assert "run" in answer.json()["detail"] and answer.json()["scope"] == "run"
    assert answer["WWW-Authenticate"] == 'Bearer realm="Magnet Hunter", error="insufficient_scope", scope="run"'
    assert is_problem(bearer(token).get("/api/tokens"), 403)
    run.refresh_from_db()
    assert run.status == "running"


def test_a_token_may_no_more_than_its_person_may_now(owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    _row, token = made_for(owner, *Scope.values)
    Membership.objects.filter(user=owner).update(role=Membership.Role.VIEWER)
    client = bearer(token)
    assert client.get("/api/hunts").status_code == 200
    for answer in (post(client, f"/api/runs/{run.pk}/cancel"), client.delete(f"/api/runs/{run.pk}")):
        assert is_problem(answer, 403)
    assert is_problem(client.get("/api/tokens"), 403)


def test_when_it_was_used_is_kept_to_the_minute(owner):
    row, token = made_for(owner)
    before = timezone.now()
    bearer(token).get("/api/hunts")
    row.refresh_from_db()
    assert row.last_used_at >= before
    first = row.last_used_at
    bearer(token).get("/api/hunts")
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    bearer(token).get("/api/hunts")
    row.refresh_from_db()
    assert row.last_used_at >= first


# ── how they are kept ────────────────────────────────────────────────────────────────────────────────────


def test_only_a_hash_by_a_key_of_ours_is_kept(owner, settings):
    row, token = made_for(owner)
    assert token not in str(vars(row)) and token[12:] not in str(vars(row))
    settings.API_TOKEN_KEYS = ["another key"]
    with pytest.raises(tokens.TokenRefused):
        tokens.known(token)


def test_keys_are_changed_without_ending_a_token_that_is_used_meanwhile(owner, settings):
    settings.API_TOKEN_KEYS = ["old"]
    (used, token), (_unused, lost) = made_for(owner), made_for(owner)
    settings.API_TOKEN_KEYS = ["new", "old"]
    assert tokens.known(token).pk == used.pk
    settings.API_TOKEN_KEYS = ["new"]
    assert tokens.known(token).pk == used.pk
    with pytest.raises(tokens.TokenRefused):
        tokens.known(lost)


# ── making and revoking them ─────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_a_new_token_once(client_of_owner, owner):
    form = {"name": "Nightly export", "scopes": ["read", "run"], "expires": "30"}
    answer = client_of_owner.post(reverse("tokens:create"), form)
    token = re.search(r"mh_live_[0-9A-Za-z]{36}", answer.text)[0]
    assert answer["Cache-Control"] == "no-store"
    assert tokens.known(token).user == owner
    again = client_of_owner.get(reverse("tokens:list")).text
    assert "Nightly export" in again and token[:12] in again and token not in again


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["read"], "expires": "30"},
        {"name": "x", "expires": "30"},
        {"name": "x", "scopes": ["everything"], "expires": "30"},
        {"name": "x", "scopes": ["read"], "expires": "a long time"},
    ],
)
def test_a_form_that_makes_no_sense_makes_no_token(client_of_owner, form):
    assert client_of_owner.post(reverse("tokens:create"), form).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_viewer_makes_tokens_that_read_and_no_others(viewer):
    client = signed_in(viewer)
    assert is_problem(post(client, "/api/tokens", {"name": "x", "scopes": ["read", "write"]}), 422)
    form = {"name": "x", "scopes": ["write"], "expires": "30"}
    assert client.post(reverse("tokens:create"), form).status_code == 422
    assert post(client, "/api/tokens", {"name": "x", "scopes": ["read"]}).status_code == 201


def test_people_see_and_revoke_their_own_and_admins_everybodys(owner, viewer, workspace, client_of_stranger):
    theirs, token = made_for(viewer)
    mine, _token = made_for(owner)
    seen = {who: {one["id"] for one in signed_in(who).get("/api/tokens").json()["items"]} for who in (owner, viewer)}
    assert seen == {owner: {mine.pk, theirs.pk}, viewer: {theirs.pk}}
    assert is_problem(signed_in(viewer).delete(f"/api/tokens/{mine.pk}"), 404)
    assert is_problem(client_of_stranger.delete(f"/api/tokens/{mine.pk}"), 404)
    assert client_of_stranger.post(reverse("tokens:revoke", args=[mine.pk])).status_code == 404
    assert bearer(token).get("/api/hunts").status_code == 200
    assert signed_in(owner).post(reverse("tokens:revoke", args=[theirs.pk])).status_code == 302
    assert is_problem(bearer(token).get("/api/hunts"), 401)
    theirs.refresh_from_db()
    assert theirs.revoked_by == owner


def test_a_token_makes_none_that_may_more_or_lives_longer_than_itself(owner):
    _row, token = made_for(owner, "read", "admin", days=10)
    client, soon = bearer(token), (timezone.now() + timedelta(days=5)).isoformat()
    late = (timezone.now() + timedelta(days=11)).isoformat()
    for body in (
        {"scopes": ["run"], "expires_at": soon},
        {"scopes": ["read"], "expires_at": late},
        {"scopes": ["read"], "expires_at": None},
    ):
        assert is_problem(post(client, "/api/tokens", {"name": "x", **body}), 403)
    made = post(client, "/api/tokens", {"name": "x", "scopes": ["read"], "expires_at": soon})
    assert made.status_code == 201 and made["Cache-Control"] == "no-store"
    assert bearer(made.json()["token"]).get("/api/hunts").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": " ", "scopes": ["read"]},
        {"name": "x" * 81, "scopes": ["read"]},
        {"name": "\0", "scopes": ["read"]},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "expires_at": "2099-01-01T00:00:00"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(client_of_owner, body):
    assert is_problem(post(client_of_owner, "/api/tokens", body), 422)
    assert not ApiToken.objects.exists()
