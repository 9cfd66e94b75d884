"""Somebody whose account is switched off: everything that they had open or had begun ends at once, and comes back."""

import json

import pytest
from django.conf import settings as configured
from django.core import mail
from django.test import Client

from accounts import invitations, members, post
from accounts.members import Refused
from accounts.models import Invitation, Membership, User
from accounts.visitors import visitor_of
from tests.accounts.conftest import is_in, log_in
from tests.factories import UserFactory
from tests.harness.cast import Cast, cast_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

INVITED, PASSWORD = "ada@invited.example", "a-good-password"


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


def switch(user: User, *, on: bool = False) -> None:
    User.objects.filter(pk=user.pk).update(is_active=on)


def scope_of(client: Client) -> dict:
    """Return what a stream gets to know of a browser that asks for it."""
    cookie = f"{configured.SESSION_COOKIE_NAME}={client.session.session_key}"
    return {"type": "http", "headers": [(b"cookie", cookie.encode())]}


def test_pages_and_the_api_are_closed_at_once_and_open_again_afterwards(cast):
    client = cast.client("admin")
    assert is_in(client)
    switch(cast.admin)
    assert not is_in(client)
    assert client.get("/hunts/").headers["Location"].startswith("/accounts/login/")
    assert client.get("/api/hunts").status_code == 401
    switch(cast.admin, on=True)
    assert is_in(client)


def test_open_streams_hear_nothing_more_and_none_begins(cast):
    client = cast.client("admin")
    visitor = visitor_of(scope_of(client))
    assert visitor.still_reads(cast.workspace.pk)
    switch(cast.admin)
    assert not visitor.still_reads(cast.workspace.pk)
    assert visitor_of(scope_of(client)) is None


def test_api_tokens_open_nothing(cast):
    body = {"name": "CI", "scopes": ["read"]}
    made = cast.client("admin").post("/api/tokens", json.dumps(body), content_type="application/json")
    secret = made.json()["token"]
    ask = {"headers": {"Authorization": f"Bearer {secret}"}}
    assert Client().get("/api/hunts", **ask).status_code == 200
    switch(cast.admin)
    assert Client().get("/api/hunts", **ask).status_code == 401


def test_logging_in_says_why_not_and_no_link_for_a_new_password_is_sent(cast):
    switch(cast.admin)
    client = Client()
    answer = client.post("/accounts/login/", {"login": cast.admin.email, "password": PASSWORD}, follow=True)
    assert "This account is switched off" in answer.text
    assert not is_in(log_in(cast.admin.email, PASSWORD))
    client.post("/accounts/password/reset/", {"email": cast.admin.email})
    post.send_due()
    assert not mail.outbox


def test_their_invitations_are_not_sent_and_let_nobody_in(cast):
    invitation = invitations.invite(cast.workspace, INVITED, "member", by=cast.admin)
    switch(cast.admin)
    post.send_due()
    assert not mail.outbox
    ada = UserFactory(email=INVITED)
    with pytest.raises(Refused, match="may not invite people any more"):
        invitations.accept(invitation, user=ada)
    switch(cast.admin, on=True)
    assert Invitation.objects.get().status == Invitation.Status.DROPPED, "sent again it is by hand"
    invitations.accept(invitation, user=ada)
    assert Membership.objects.filter(workspace=cast.workspace, user=ada).exists()


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_they_change_nothing_by_any_function(cast, who):
    user = getattr(cast, who)
    switch(user)
    with pytest.raises(Refused):
        members.remove(cast.place("viewer"), by=user)
    with pytest.raises(Refused):
        invitations.invite(cast.workspace, INVITED, "member", by=user)
