"""Invitations: who gets in by one, and who does not."""

import re
import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, members, post
from accounts.members import Refused
from accounts.models import Invitation, Membership
from tests.conftest import signed_in
from tests.factories import InvitationFactory, UserFactory
from tests.harness.cast import Cast, cast_of

pytestmark = pytest.mark.django_db

Role = Membership.Role
ADDRESS = "ada@invited.example"


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


def invite(cast: Cast, email: str = ADDRESS, role: str = Role.MEMBER, by: str = "owner") -> Invitation:
    invitation = invitations.invite(cast.workspace, email, role, by=getattr(cast, by))
    post.send_due()
    invitation.refresh_from_db()
    return invitation


def link() -> str:
    """Return the path that the newest e-mail leads to, once what waits is sent."""
    post.send_due()
    return re.search(r"http://[^/\s]+(/invitation/\S+)", mail.outbox[-1].body)[1]


def joined(client: Client, path: str | None = None):
    """Open a link and press Join."""
    client.get(path or link())
    return client.post("/invitation", follow=True)


def role_of(cast: Cast, user) -> str | None:
    return Membership.objects.filter(workspace=cast.workspace, user=user).values_list("role", flat=True).first()


def test_an_invitation_is_sent_and_accepted_by_who_confirmed_the_address(cast):
    ada = UserFactory(email=ADDRESS)
    answer = cast.client("admin").post("/settings/members/invite", {"email": " Ada@Invited.example ", "role": "viewer"})
    assert answer.status_code == 302
    assert not mail.outbox, "no page waits for a mail server"
    post.send_due()
    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to) == ([ADDRESS], [cast.admin.email])
    assert "Acme" in sent.subject
    client = signed_in(ada)
    page = client.get(link(), follow=True)
    assert "Join “Acme”" in page.text
    assert link().rsplit("/", 1)[1] not in page.request["PATH_INFO"]
    assert role_of(cast, ada) is None
    assert "Welcome to “Acme”" in joined(client).text
    assert role_of(cast, ada) == Role.VIEWER
    assert client.session["workspace"] == cast.workspace.pk


def test_the_token_is_in_the_e_mail_alone(cast):
    invitation = invite(cast)
    token = link().rsplit("/", 1)[1]
    row = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert len(token) >= 43
    assert token not in str(row)
    assert len(row["token_hash"]) == 64


def test_who_signs_up_with_the_address_gets_in_once_it_is_confirmed(cast, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    invite(cast)
    client, path = Client(), link()
    page = client.get(path, follow=True).text
    assert "/accounts/signup/?next=/invitation" in page
    client.post(
        "/accounts/signup/?next=/invitation",
        {"email": ADDRESS, "password1": "a-good-long-password", "next": "/invitation"},
    )
    address = EmailAddress.objects.get(email=ADDRESS)
    assert "First confirm that" in joined(client, path).text
    assert role_of(cast, address.user) is None
    EmailAddress.objects.filter(pk=address.pk).update(verified=True)
    joined(client, path)
    assert role_of(cast, address.user) == Role.MEMBER


def test_with_another_address_the_link_is_worth_nothing(cast):
    invite(cast)
    page = joined(cast.client("stranger"))
    assert f"It is for {ADDRESS}, and you are logged in as {cast.stranger.email}" in page.text
    assert role_of(cast, cast.stranger) is None
    EmailAddress.objects.create(user=cast.stranger, email=ADDRESS, verified=False)
    joined(cast.client("stranger"))
    assert role_of(cast, cast.stranger) is None
    EmailAddress.objects.filter(email=ADDRESS).update(verified=True)
    joined(cast.client("stranger"))
    assert role_of(cast, cast.stranger) == Role.MEMBER


def test_pressed_twice_it_is_one_membership(cast):
    ada = UserFactory(email=ADDRESS)
    invite(cast)
    path = link()
    joined(signed_in(ada), path)
    assert "Welcome to" in joined(signed_in(ada), path).text
    assert Membership.objects.filter(workspace=cast.workspace, user=ada).count() == 1


def test_once_used_it_lets_nobody_in_again(cast):
    ada = UserFactory(email=ADDRESS)
    invite(cast)
    path, client = link(), signed_in(ada)
    joined(client, path)
    members.remove(Membership.objects.get(workspace=cast.workspace, user=ada), by=cast.owner)
    assert "was accepted already" in joined(client, path).text
    assert role_of(cast, ada) is None


@pytest.mark.parametrize(("column", "says"), [("expires_at", "has expired"), ("revoked_at", "was taken back")])
def test_an_old_or_revoked_one_says_so(cast, column, says):
    ada = UserFactory(email=ADDRESS)
    invitation = invite(cast)
    Invitation.objects.filter(pk=invitation.pk).update(**{column: timezone.now() - timedelta(seconds=1)})
    client = signed_in(ada)
    answer = client.get(link(), follow=True)
    assert (answer.status_code, says in answer.text) == (410, True)
    joined(client)
    assert role_of(cast, ada) is None


def test_it_is_good_for_seven_days(cast):
    left = invite(cast).expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_link_that_nobody_sent_is_not_found(client):
    answer = client.get("/invitation/whatever", follow=True)
    assert answer.status_code == 404
    assert "does not exist" in answer.text


@pytest.mark.parametrize(
    ("who", "role", "is_given"),
    [("admin", "owner", False), ("admin", "admin", True), ("owner", "owner", True)],
)
def test_nobody_invites_to_more_than_they_are(cast, who, role, is_given):
    cast.client(who).post("/settings/members/invite", {"email": ADDRESS, "role": role})
    assert Invitation.objects.filter(role=role).exists() is is_given
    if not is_given:
        with pytest.raises(Refused):
            invite(cast, role=role, by=who)


def test_an_invitation_is_worth_no_more_than_who_sent_it(cast):
    """Also where a row was written by a door that forgot to take it back."""
    ada = UserFactory(email=ADDRESS)
    invitation = invite(cast, role=Role.ADMIN, by="admin")
    Membership.objects.filter(user=cast.admin, workspace=cast.workspace).update(role=Role.MEMBER)
    assert "may not invite people any more" in joined(signed_in(ada)).text
    Membership.objects.filter(user=cast.admin, workspace=cast.workspace).delete()
    with pytest.raises(Refused):
        invitations.accept(invitation, user=ada)
    assert role_of(cast, ada) is None


def test_sent_again_the_old_link_is_dead(cast):
    ada = UserFactory(email=ADDRESS)
    invitation = invite(cast)
    old = link()
    with pytest.raises(Refused):
        invitations.send_again(invitation, by=cast.owner)
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2), expires_at=timezone.now())
    cast.client("admin").post(reverse("workspaces:change-invitation", args=[invitation.pk, "send"]))
    assert link() != old
    client = signed_in(ada)
    assert client.get(old, follow=True).status_code == 404
    joined(client)
    assert role_of(cast, ada) == Role.MEMBER


def test_invited_again_there_is_one_invitation_with_the_new_role(cast):
    invite(cast, role=Role.VIEWER)
    invite(cast, role=Role.ADMIN)
    assert list(Invitation.objects.values_list("email", "role")) == [(ADDRESS, Role.ADMIN)]


def test_nobody_changes_an_invitation_to_more_than_they_are_by_inviting_again(cast):
    invitation = invite(cast, role=Role.OWNER)
    with pytest.raises(Refused, match="is invited to a role that is higher than your own"):
        invite(cast, role=Role.VIEWER, by="admin")
    now = Invitation.objects.get()
    assert (now.role, now.token_hash) == (Role.OWNER, invitation.token_hash)
    assert invite(cast, role=Role.VIEWER).role == Role.VIEWER


def test_taken_back_it_can_be_put_back_for_a_while(cast):
    ada = UserFactory(email=ADDRESS)
    invitation = invite(cast)
    page = cast.client("owner").post(
        reverse("workspaces:change-invitation", args=[invitation.pk, "revoke"]), follow=True
    )
    assert "is taken back" in page.text
    invitations.put_back(invitation, by=cast.owner)
    joined(signed_in(ada))
    assert role_of(cast, ada) == Role.MEMBER
    again = invite(cast, "other@invited.example")
    Invitation.objects.filter(pk=again.pk).update(revoked_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(Refused):
        invitations.put_back(again, by=cast.owner)


def test_one_that_was_invited_anew_is_not_put_back_beside_it(cast):
    invitation = invite(cast)
    invitations.revoke(invitation, by=cast.owner)
    invite(cast)
    with pytest.raises(Refused):
        invitations.put_back(invitation, by=cast.owner)
    assert Invitation.objects.live().count() == 1


def test_a_member_is_not_invited(cast):
    EmailAddress.objects.create(user=cast.viewer, email="second@people.example", verified=True)
    for email in (cast.viewer.email.upper(), "second@people.example"):
        page = cast.client("owner").post("/settings/members/invite", {"email": email, "role": "admin"})
        assert (page.status_code, "is a member already" in page.text) == (422, True)
    assert not mail.outbox


def test_who_has_not_confirmed_their_own_address_writes_to_nobody(cast):
    EmailAddress.objects.filter(user=cast.owner).update(verified=False)
    with pytest.raises(Refused, match="Confirm your own"):
        invite(cast)
    assert not mail.outbox
    assert "Confirm your own" in cast.client("owner").get("/settings/members").text


def test_one_workspace_does_not_send_without_end(cast, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    invite(cast, "one@invited.example")
    invite(cast, "two@invited.example")
    with pytest.raises(Refused):
        invite(cast, "three@invited.example")


def test_what_waits_for_a_confirmed_address_stands_among_ones_workspaces(cast):
    ada = UserFactory(email=ADDRESS)
    invitation = InvitationFactory(workspace=cast.workspace, email=ADDRESS, role=Role.VIEWER)
    client = signed_in(ada)
    assert "You are invited" in client.get("/workspaces/").text
    assert cast.client("stranger").post(reverse("workspaces:accept", args=[invitation.pk])).status_code == 404
    client.post(reverse("workspaces:accept", args=[invitation.pk]))
    assert role_of(cast, ada) == Role.VIEWER


def test_what_waits_for_an_address_that_is_not_confirmed_is_not_told(cast):
    ada = UserFactory(email=ADDRESS, confirmed=False)
    invitation = InvitationFactory(workspace=cast.workspace, email=ADDRESS)
    client = signed_in(ada)
    assert "You are invited" not in client.get("/workspaces/").text
    assert client.post(reverse("workspaces:accept", args=[invitation.pk])).status_code == 404


def test_the_role_of_a_member_is_not_changed_by_an_invitation(cast):
    invitation = InvitationFactory(workspace=cast.workspace, email=cast.viewer.email, role=Role.ADMIN)
    invitations.accept(invitation, user=cast.viewer)
    assert role_of(cast, cast.viewer) == Role.VIEWER


def test_a_deleted_workspace_takes_nobody_in(cast):
    ada = UserFactory(email=ADDRESS)
    invitation = invite(cast)
    cast.workspace.deleted_at = timezone.now()
    cast.workspace.save()
    with pytest.raises(Refused):
        invitations.accept(invitation, user=ada)


@pytest.mark.django_db(transaction=True)
def test_accepted_in_two_browsers_at_once_it_is_one_membership():
    cast = cast_of()
    ada = UserFactory(email=ADDRESS)
    invitation = InvitationFactory(workspace=cast.workspace, invited_by=cast.owner, email=ADDRESS)
    ready, places = threading.Barrier(2), []

    def press() -> None:
        try:
            ready.wait(10)
            places.append(invitations.accept(invitation, user=ada).pk)
        finally:
            connection.close()

    pressed = [threading.Thread(target=press) for _ in range(2)]
    for thread in pressed:
        thread.start()
    for thread in pressed:
        thread.join(20)
    assert len(places) == 2
    assert set(places) == {Membership.objects.get(workspace=cast.workspace, user=ada).pk}
