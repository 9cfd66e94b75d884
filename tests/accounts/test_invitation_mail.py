"""The e-mails of invitations: sent by the queue, tried again, told of, and with a link that stands in no table."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker

from accounts import invitations, outbox, post
from accounts.invitation_mail import token_of
from accounts.models import Invitation, Membership
from accounts.outbox import TryLater
from tests.conftest import signed_in
from tests.factories import UserFactory
from tests.harness.cast import Cast, cast_of

pytestmark = pytest.mark.django_db

ADDRESS = "ada@invited.example"
Status = Invitation.Status


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


@pytest.fixture
def no_mail_server(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def invite(cast: Cast) -> Invitation:
    return invitations.invite(cast.workspace, ADDRESS, "member", by=cast.owner)


def token() -> str:
    return re.search(r"/invitation/(\S+)", mail.outbox[-1].body)[1]


def everything() -> str:
    """Return every row of every table."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (our own)
            rows += map(str, cursor.fetchall())
    return "\n".join(rows)


@pytest.mark.django_db(transaction=True)
def test_inviting_wakes_a_worker_and_the_message_names_nothing():
    cast = cast_of()
    invitation = invite(cast)
    assert get_broker().queue_size() == 1
    assert token_of(invitation.pk, invitation.nonce) not in everything()


@pytest.mark.usefixtures("no_mail_server")
def test_a_page_does_not_wait_for_a_mail_server_that_is_away_and_tells_of_it_later(cast, settings):
    page = cast.client("owner").post("/settings/members/invite", {"email": ADDRESS, "role": "member"}, follow=True)
    assert "is on its way" in page.text
    post.send_due()
    page = cast.client("owner").get("/settings/members").text
    assert "The mail server cannot be reached (ConnectionRefusedError)." in page
    assert "It is tried again" in page
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Invitation.objects.update(not_before=timezone.now())
    post.send_due()
    ada = signed_in(UserFactory(email=ADDRESS))
    ada.get(f"/invitation/{token()}")
    ada.post("/invitation")
    assert Membership.objects.filter(workspace=cast.workspace, user__email=ADDRESS).exists()


@pytest.mark.usefixtures("no_mail_server")
def test_one_that_was_given_up_can_be_sent_again_at_once_with_another_link(cast, settings):
    invitation = invite(cast)
    first = invitation.nonce
    for _ in range(outbox.MOST_TRIES):
        Invitation.objects.update(not_before=timezone.now())
        post.send_due()
    invitation.refresh_from_db()
    assert (invitation.status, invitation.nonce) == (Status.FAILED, "")
    assert "cannot be reached" in cast.client("admin").get("/settings/members").text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    invitations.send_again(invitation, by=cast.admin)
    post.send_due()
    assert token() != token_of(invitation.pk, first)
    assert Invitation.objects.get().status == Status.SENT


def test_once_sent_the_link_can_be_made_by_nobody(cast):
    invitation = invite(cast)
    assert invitation.nonce
    post.send_due()
    invitation.refresh_from_db()
    assert (invitation.nonce, invitation.status) == ("", Status.SENT)
    assert token() not in everything()


def test_without_the_key_of_the_installation_a_row_makes_no_link(cast, settings):
    invitation = invite(cast)
    post.send_due()
    nonce, sent = Invitation.objects.get().nonce, token()
    assert nonce == ""
    settings.SECRET_KEY = "another-installation"
    assert token_of(invitation.pk, invitation.nonce) != sent


def test_a_key_that_was_changed_before_sending_is_told_of_and_no_dead_link_is_sent(cast, settings):
    invite(cast)
    settings.SECRET_KEY = "changed-meanwhile"
    post.send_due()
    assert not mail.outbox
    assert "does not work any more" in Invitation.objects.get().problem


def test_taken_back_before_it_was_sent_nothing_is_sent_and_put_back_it_is(cast):
    invitation = invite(cast)
    invitations.revoke(invitation, by=cast.owner)
    post.send_due()
    assert not mail.outbox
    invitations.put_back(invitation, by=cast.owner)
    post.send_due()
    assert invitations.by_token(token()) == invitation


def test_a_sender_that_was_overtaken_by_send_again_writes_nothing(cast):
    invite(cast)
    (claimed,) = outbox.take(Invitation.objects.all(), 1)
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    invitations.send_again(Invitation.objects.get(), by=cast.owner)
    outbox.settle(claimed, TryLater("too late"))
    assert Invitation.objects.get().status == Status.WAITING
    post.send_due()
    assert invitations.by_token(token()) is not None


def test_what_a_dead_sender_left_is_sent_by_the_next_with_the_same_link(cast):
    invitation = invite(cast)
    (claimed,) = outbox.take(Invitation.objects.all(), 1)
    Invitation.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert outbox.sweep() == 1
    post.send_due()
    assert token() == token_of(claimed.pk, invitation.nonce)


def test_invitations_that_wait_count_for_the_limit_of_a_day(cast, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_A_DAY", 1)
    invite(cast)
    page = cast.client("owner").post("/settings/members/invite", {"email": "b@invited.example", "role": "member"})
    assert "within a day" in page.text
