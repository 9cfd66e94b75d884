"""The API's workspace, members and invitations: the same rules as the pages."""

import json

import pytest

from accounts.models import Invitation, Membership
from tests.factories import InvitationFactory
from tests.harness.cast import Cast, cast_of

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


def send(cast: Cast, who: str, method: str, path: str, body: object = None):
    call = getattr(cast.client(who), method)
    return call(f"/api/{path}", json.dumps(body) if body is not None else "", content_type="application/json")


def test_it_says_what_one_may_do_here(cast):
    said = cast.client("admin").get("/api/workspace").json()
    assert (said["name"], said["role"], said["rights"]) == ("Acme", "admin", ["read", "change", "manage"])


def test_everybody_reads_who_belongs_to_it(cast):
    for who in ("owner", "viewer"):
        people = cast.client(who).get("/api/members").json()
        assert {one["email"]: one["role"] for one in people}[cast.admin.email] == "admin"
        assert [one["email"] for one in people if one["is_you"]] == [getattr(cast, who).email]
    for who in ("stranger", "removed"):
        assert cast.admin.email not in cast.client(who).get("/api/members").text


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_who_may_not_manage_is_refused(cast, who):
    target = cast.place("viewer" if who == "member" else "member").pk
    waiting = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    for method, path, body in (
        ("patch", "workspace", {"name": "Mine"}),
        ("patch", f"members/{target}", {"role": "viewer"}),
        ("delete", f"members/{target}", None),
        ("post", f"members/{target}/owner", None),
        ("get", "invitations", None),
        ("post", "invitations", {"email": "x@people.example"}),
        ("post", f"invitations/{waiting.pk}/send", None),
        ("delete", f"invitations/{waiting.pk}", None),
        ("post", "workspace/delete", None),
    ):
        assert send(cast, who, method, path, body).status_code == 403, path
    assert Membership.objects.filter(workspace=cast.workspace).count() == 4


@pytest.mark.parametrize("who", ["stranger", "removed"])
def test_rows_of_another_workspace_are_answered_like_unknown_ones(cast, who):
    target = cast.place("viewer").pk
    waiting = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    for method, path, unknown, body in (
        ("patch", f"members/{target}", "members/999999", {"role": "admin"}),
        ("delete", f"members/{target}", "members/999999", None),
        ("post", f"members/{target}/owner", "members/999999/owner", None),
        ("post", f"invitations/{waiting.pk}/send", "invitations/999999/send", None),
        ("delete", f"invitations/{waiting.pk}", "invitations/999999", None),
    ):
        theirs = send(cast, who, method, path, body)
        assert (theirs.status_code, theirs.content) == (404, send(cast, who, method, unknown, body).content)


def test_roles_are_changed_and_people_removed(cast):
    target = cast.place("member").pk
    assert send(cast, "admin", "patch", f"members/{target}", {"role": "viewer"}).json()["role"] == "viewer"
    assert send(cast, "admin", "patch", f"members/{target}", {"role": "owner"}).status_code == 409
    assert send(cast, "admin", "delete", f"members/{target}").status_code == 204
    assert send(cast, "admin", "delete", f"members/{target}").status_code == 404
    assert cast.role("member") is None


def test_the_last_owner_stays(cast):
    mine = cast.place("owner").pk
    assert send(cast, "owner", "patch", f"members/{mine}", {"role": "viewer"}).status_code == 409
    assert send(cast, "owner", "delete", f"members/{mine}").status_code == 409
    assert send(cast, "owner", "post", f"members/{cast.place('viewer').pk}/owner").json()["role"] == "owner"
    assert send(cast, "owner", "delete", f"members/{mine}").status_code == 204


def test_anybody_may_leave(cast):
    assert send(cast, "viewer", "delete", f"members/{cast.place('viewer').pk}").status_code == 204
    assert cast.role("viewer") is None


def test_people_are_invited_and_invitations_taken_back(cast):
    made = send(cast, "admin", "post", "invitations", {"email": "Ada@Invited.example", "role": "viewer"})
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["email"], said["role"], said["state"], said["problem"]) == (
        "ada@invited.example",
        "viewer",
        "open",
        "",
    )
    assert "token" not in made.text
    assert [one["id"] for one in cast.client("owner").get("/api/invitations").json()] == [said["id"]]
    assert send(cast, "owner", "delete", f"invitations/{said['id']}").status_code == 204
    assert Invitation.objects.get().state == "revoked"


@pytest.mark.parametrize(
    "body", [{}, {"email": "nobody"}, {"email": ""}, {"email": "a@b.example", "role": "king"}, {"email": "x" * 300}]
)
def test_values_that_make_no_sense_are_named(cast, body):
    assert send(cast, "owner", "post", "invitations", body).status_code == 422


def test_it_is_renamed(cast):
    assert send(cast, "admin", "patch", "workspace", {"name": "Acme & Sons"}).json()["name"] == "Acme & Sons"
    assert send(cast, "admin", "patch", "workspace", {"name": "https://x.example"}).status_code == 422
