"""A person's workspaces: making, naming, switching, and links that lead into another one."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import links, notification_mail, workspaces
from accounts.members import Refused
from accounts.models import Membership, Workspace
from accounts.notification_models import Kind
from accounts.notifications import notify
from tests.conftest import signed_in
from tests.factories import HuntFactory, MembershipFactory, WorkspaceFactory
from tests.harness.cast import Cast, cast_of

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


@pytest.fixture
def other(cast) -> Workspace:
    """Another workspace of the owner's."""
    return MembershipFactory(user=cast.owner, workspace__name="Beta").workspace


def here(client: Client) -> int:
    return client.get("/api/workspace").json()["id"]


def test_one_switches_between_ones_own_workspaces(cast, other):
    client = cast.client("owner")
    assert "Beta" in client.get("/workspaces/menu").text
    client.post(reverse("workspaces:switch", args=[other.pk]))
    assert here(client) == other.pk
    assert "Acme" in client.get("/workspaces/menu").text


def test_nobody_switches_into_a_workspace_that_is_not_theirs(cast):
    client = cast.client("stranger")
    before = here(client)
    assert client.post(reverse("workspaces:switch", args=[cast.workspace.pk])).status_code == 404
    assert client.post(reverse("workspaces:switch", args=[999_999])).status_code == 404
    assert here(client) == before != cast.workspace.pk


def test_looking_at_an_address_switches_nothing(cast, other):
    client = cast.client("owner")
    assert client.get(reverse("workspaces:switch", args=[other.pk])).status_code == 405
    assert here(client) == cast.workspace.pk


def test_a_link_into_another_workspace_of_ones_own_goes_there_and_says_so(cast, other):
    hunt = HuntFactory(workspace=other)
    client = cast.client("owner")
    path = f"{hunt.get_absolute_url()}?tab=x&workspace={other.pk}"
    assert client.get(hunt.get_absolute_url()).status_code == 404
    answer = client.get(path, follow=True)
    assert answer.redirect_chain == [(f"{hunt.get_absolute_url()}?tab=x", 302)]
    assert "You are in the workspace “Beta” now." in answer.text
    assert here(client) == other.pk


def test_a_link_into_a_workspace_that_is_not_ones_own_changes_nothing(cast, other):
    hunt = HuntFactory(workspace=other)
    client = cast.client("member")
    assert client.get(f"{hunt.get_absolute_url()}?workspace={other.pk}").status_code == 404
    assert here(client) == cast.workspace.pk


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "١"])
def test_a_number_that_is_none_is_passed_by(cast, number):
    assert cast.client("owner").get("/hunts/", {"workspace": number}).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "///evil.example/"])
def test_such_a_link_leads_nowhere_but_here(cast, other, path):
    client = cast.client("owner")
    answer = client.get("/", PATH_INFO=path, QUERY_STRING=f"workspace={other.pk}")
    location = answer.headers.get("Location", "/")
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")


def test_e_mails_lead_into_the_workspace_that_they_are_about(cast, other):
    about = {"url": "/hunts/runs/1/", "label": "Machine shops"}
    notify(other, Kind.RUN_COMPLETED, "run:1", users=[cast.owner], parameters={"qualified": 1, "judged": 2}, **about)
    notification_mail.send_due()
    assert f"/hunts/runs/1/?workspace={other.pk}" in mail.outbox[0].body


def test_such_an_address_keeps_its_other_parts():
    assert links.into(7, "/leads/?tier=A#top").endswith("/leads/?tier=A&workspace=7#top")


def test_another_workspace_is_made_and_entered(cast):
    client = cast.client("viewer")
    client.post("/workspaces/", {"name": "  My   own "})
    made = Workspace.objects.get(name="My own")
    assert here(client) == made.pk
    assert made.memberships.get().role == Role.OWNER


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "see https://evil.example", "WWW.evil.example", "a\x00b"])
def test_a_name_that_is_none_is_refused_with_what_to_do(cast, name):
    page = cast.client("owner").post("/workspaces/", {"name": name})
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_nobody_owns_workspaces_without_end(cast, monkeypatch):
    monkeypatch.setattr(workspaces, "MOST_OWNED", 1)
    with pytest.raises(Refused):
        workspaces.make("One more", by=cast.owner)
    assert cast.client("owner").post("/workspaces/", {"name": "One more"}).status_code == 422


@pytest.mark.parametrize(
    ("who", "is_renamed"), [("owner", True), ("admin", True), ("member", False), ("viewer", False)]
)
def test_owners_and_admins_rename_it(cast, who, is_renamed):
    answer = cast.client(who).post("/settings/workspace", {"name": "Acme & Sons"})
    assert (answer.status_code == 302) is is_renamed
    assert Workspace.objects.filter(name="Acme & Sons").exists() is is_renamed


@pytest.mark.parametrize("who", ["owner", "admin", "member", "viewer"])
def test_everybody_sees_the_page_and_owners_alone_the_way_to_delete(cast, who):
    page = cast.client(who).get("/settings/workspace")
    assert page.status_code == 200
    assert ("/settings/workspace/delete" in page.text) is (who == "owner")


def test_strangers_are_asked_to_sign_in(client):
    for path in ("/workspaces/", "/workspaces/menu", "/settings/workspace", "/settings/members"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/")


def test_the_session_of_who_was_removed_goes_on_in_their_own_workspace(cast):
    client = cast.client("removed")
    assert here(client) != cast.workspace.pk
    assert WorkspaceFactory().pk != here(client)


def test_without_any_workspace_one_can_make_one(cast):
    cast.member.memberships.all().delete()
    client = signed_in(cast.member)
    assert client.get("/leads/").headers["Location"] == "/workspaces/"
    client.post("/workspaces/", {"name": "Mine"})
    assert client.get("/leads/").status_code == 200
