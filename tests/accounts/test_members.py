"""Who may change whom, and that a workspace never loses its last owner."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import members, removals
from accounts.members import Refused
from accounts.models import Invitation, Membership
from accounts.roles import Right, may, rights_of
from tests.factories import InvitationFactory, MembershipFactory, UserFactory
from tests.harness.cast import Cast, cast_of

pytestmark = pytest.mark.django_db

Role = Membership.Role
PAGE = "/settings/members"


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


def post(cast: Cast, who: str, name: str, *args: object, **data: object):
    return cast.client(who).post(reverse(f"workspaces:{name}", args=args), data)


def without_tokens(page: str) -> str:
    """Return a page without what is different each time that it is asked for."""
    return re.sub(r'(X-CSRFToken": |csrfmiddlewaretoken" value=)"\w+"', "", page)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.VIEWER, ["read"]),
        (Role.MEMBER, ["read", "change"]),
        (Role.ADMIN, ["read", "change", "manage"]),
        (Role.OWNER, ["read", "change", "manage", "own"]),
    ],
)
def test_each_role_may_what_those_below_it_may_and_one_thing_more(role, rights):
    place = MembershipFactory(role=role)
    assert rights_of(place) == rights
    request = RequestFactory().get("/")
    request.workspace = place.workspace
    request.workspace.role = role
    assert rights_of(request) == rights


def test_in_a_deleted_workspace_everybody_may_only_read():
    place = MembershipFactory(workspace__deleted_at=timezone.now())
    assert rights_of(place) == [Right.READ]
    assert not may(place, Right.OWN)


def test_everybody_of_the_workspace_sees_who_belongs_to_it_and_nobody_else_does(cast):
    for who in ("owner", "admin", "member", "viewer"):
        page = cast.client(who).get(PAGE).text
        assert cast.admin.email in page
    for who in ("stranger", "removed"):
        assert cast.admin.email not in cast.client(who).get(PAGE).text


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_who_may_not_manage_is_offered_nothing_but_to_leave(cast, who):
    InvitationFactory(workspace=cast.workspace, invited_by=cast.owner, email="secret@people.example")
    page = cast.client(who).get(PAGE).text
    posts = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page))
    assert posts - {"/language", "/accounts/logout/"} == {"/settings/members/leave"}
    assert "secret@people.example" not in page


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_who_may_not_manage_is_refused(cast, who):
    target, waiting = cast.place("viewer"), InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    assert post(cast, who, "change-role", target.pk, role="admin").status_code == 403
    assert post(cast, who, "remove", target.pk).status_code == 403
    assert post(cast, who, "invite", email="new@people.example", role="viewer").status_code == 403
    assert post(cast, who, "change-invitation", waiting.pk, "revoke").status_code == 403
    assert post(cast, who, "hand-over", member=target.pk).status_code == 403
    assert cast.role("viewer") == Role.VIEWER
    assert Invitation.objects.live().count() == 1


@pytest.mark.parametrize("who", ["stranger", "removed"])
def test_to_outsiders_members_and_invitations_do_not_exist(cast, who):
    target, waiting = cast.place("viewer"), InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    for name, args in (
        ("change-role", [target.pk]),
        ("remove", [target.pk]),
        ("change-invitation", [waiting.pk, "send"]),
        ("change-invitation", [waiting.pk, "revoke"]),
    ):
        theirs = post(cast, who, name, *args, role="admin")
        unknown = post(cast, who, name, 999_999, *args[1:], role="admin")
        assert theirs.status_code == 404
        assert without_tokens(theirs.text) == without_tokens(unknown.text)
    assert post(cast, who, "hand-over", member=target.pk).status_code == 404
    assert cast.role("viewer") == Role.VIEWER


def test_an_admin_changes_roles_up_to_their_own(cast):
    post(cast, "admin", "change-role", cast.place("viewer").pk, role="admin")
    assert cast.role("viewer") == Role.ADMIN
    post(cast, "admin", "change-role", cast.place("member").pk, role="owner")
    assert cast.role("member") == Role.MEMBER
    post(cast, "admin", "change-role", cast.place("owner").pk, role="viewer")
    post(cast, "admin", "remove", cast.place("owner").pk)
    assert cast.role("owner") == Role.OWNER


def test_a_role_that_does_not_exist_is_not_found(cast):
    assert post(cast, "owner", "change-role", cast.place("member").pk, role="king").status_code == 404


def test_the_last_owner_is_neither_demoted_nor_gone(cast):
    answer = cast.client("owner").post(
        reverse("workspaces:change-role", args=[cast.place("owner").pk]), {"role": "admin"}, follow=True
    )
    assert "needs an owner" in answer.text
    assert "needs an owner" in cast.client("owner").post(reverse("workspaces:leave"), follow=True).text
    assert cast.role("owner") == Role.OWNER


def test_an_owner_whose_account_is_off_does_not_count(cast):
    cast.owner.memberships.update(role=Role.OWNER)
    other = MembershipFactory(workspace=cast.workspace, role=Role.OWNER, user__is_active=False)
    with pytest.raises(Refused):
        members.leave(cast.workspace, user=cast.owner)
    with pytest.raises(Refused):
        members.change_role(other, Role.ADMIN, by=other.user)


def test_ownership_is_handed_to_another_member(cast):
    post(cast, "owner", "hand-over", member=cast.place("member").pk)
    assert (cast.role("member"), cast.role("owner")) == (Role.OWNER, Role.ADMIN)
    assert post(cast, "owner", "hand-over", member=cast.place("viewer").pk).status_code == 403


def test_ownership_goes_to_nobody_outside(cast):
    foreign = Membership.objects.get(user=cast.stranger)
    assert post(cast, "owner", "hand-over", member=foreign.pk).status_code == 404
    assert post(cast, "owner", "hand-over", member="x").status_code == 404
    assert cast.role("owner") == Role.OWNER


def test_who_is_removed_is_out_with_the_next_request_and_can_be_put_back(cast):
    client = cast.client("member")
    assert client.get("/hunts/").status_code == 200
    page = cast.client("owner").post(reverse("workspaces:remove", args=[cast.place("member").pk]), follow=True)
    assert f"{cast.member.email} is not a member any more" in page.text
    assert cast.role("member") is None
    assert client.get("/hunts/", follow=True).redirect_chain == [("/workspaces/", 302)]
    assert "You belong to no workspace" in client.get("/workspaces/").text
    undo = re.search(r'name="undo" value="([^"]+)"', page.text)[1]
    post(cast, "owner", "put-back", undo=undo)
    assert cast.role("member") == Role.MEMBER
    assert client.get("/hunts/").status_code == 200


def test_who_is_put_back_is_a_member_since_they_first_came(cast):
    Membership.objects.filter(pk=cast.place("member").pk).update(created_at=timezone.now() - timedelta(days=90))
    since = cast.place("member").created_at
    removals.put_back(cast.workspace, members.remove(cast.place("member"), by=cast.owner), by=cast.owner)
    assert cast.place("member").created_at == since


def test_a_removal_is_undone_only_by_who_made_it_and_only_here(cast):
    undo = members.remove(cast.place("member"), by=cast.owner)
    for workspace, by in ((cast.workspace, cast.admin), (cast_of().workspace, cast.owner)):
        with pytest.raises(Refused):
            removals.put_back(workspace, undo, by=by)
    with pytest.raises(Refused):
        removals.put_back(cast.workspace, undo[:-1] + ("A" if undo[-1] != "A" else "B"), by=cast.owner)
    assert cast.role("member") is None


def test_nobody_removes_themselves_by_that_button(cast):
    post(cast, "admin", "remove", cast.place("admin").pk)
    assert cast.role("admin") == Role.ADMIN


def test_who_leaves_is_shown_their_other_workspaces(cast):
    page = cast.client("viewer").post(reverse("workspaces:leave"), follow=True)
    assert page.redirect_chain == [("/workspaces/", 302)]
    assert cast.role("viewer") is None


def test_the_invitations_of_who_leaves_or_is_demoted_are_taken_back(cast):
    mine = InvitationFactory(workspace=cast.workspace, invited_by=cast.admin, role=Role.VIEWER)
    others = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    members.change_role(cast.place("admin"), Role.MEMBER, by=cast.owner)
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.state, others.state) == ("revoked", "open")


def test_who_hands_over_the_workspace_may_not_have_invited_owners_any_more(cast):
    owners = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner, role=Role.OWNER)
    admins = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner, role=Role.ADMIN)
    members.hand_over(cast.place("member"), by=cast.owner)
    assert set(Invitation.objects.live()) == {admins}
    assert owners not in Invitation.objects.live()


def test_who_was_demoted_meanwhile_is_refused_whatever_their_page_showed(cast):
    stale = cast.place("viewer")
    members.change_role(cast.place("admin"), Role.VIEWER, by=cast.owner)
    with pytest.raises(Refused):
        members.change_role(stale, Role.MEMBER, by=cast.admin)
    assert cast.role("viewer") == Role.VIEWER


@pytest.mark.parametrize("who", ["owner", "admin", "member", "viewer"])
@pytest.mark.parametrize(("path", "least"), [("/settings/spending/limits", 2), ("/settings/models/kimi/off", 2)])
def test_settings_that_cost_or_connect_are_for_admins_and_owners(cast, who, path, least):
    is_enough = ["viewer", "member", "admin", "owner"].index(who) >= least
    assert (cast.client(who).post(path).status_code != 403) is is_enough


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_at_once_leave_one():
    cast = cast_of()
    other = MembershipFactory(workspace=cast.workspace, role=Role.OWNER)
    first = cast.place("owner")
    refused: list[str] = []
    ready = threading.Barrier(2)

    def demote(target: Membership, by) -> None:
        try:
            ready.wait(10)
            members.change_role(target, Role.VIEWER, by=by)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    pressed = [
        threading.Thread(target=demote, args=(other, first.user)),
        threading.Thread(target=demote, args=(first, other.user)),
    ]
    for thread in pressed:
        thread.start()
    for thread in pressed:
        thread.join(20)
    assert len(refused) == 1
    assert Membership.objects.filter(workspace=cast.workspace, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one():
    workspace = MembershipFactory(user=UserFactory()).workspace
    MembershipFactory(workspace=workspace)
    ready = threading.Barrier(2)
    refused: list[str] = []

    def go(user) -> None:
        try:
            ready.wait(10)
            members.leave(workspace, user=user)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    pressed = [threading.Thread(target=go, args=(user,)) for user in workspace.members.all()]
    for thread in pressed:
        thread.start()
    for thread in pressed:
        thread.join(20)
    assert len(refused) == 1
    assert workspace.memberships.count() == 1
