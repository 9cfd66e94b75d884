"""E-mails about accounts: what waits for a mail server and what does not, and what happens when there is none."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import letters, post
from accounts.letter_models import Letter
from accounts.models import User
from tests.accounts.conftest import enter_code, is_in, log_in, reset_password, sign_up
from tests.accounts.test_invitation_mail import everything
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"


@pytest.fixture
def no_mail_server(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def back_again(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Letter.objects.update(not_before=timezone.now())


@pytest.mark.usefixtures("no_mail_server")
def test_asking_for_a_new_password_answers_the_same_with_and_without_an_account_and_a_mail_server(client, settings):
    UserFactory(email=ADA)
    answers = [client.post("/accounts/password/reset/", {"email": one}) for one in (ADA, "nobody@people.example")]
    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(302, "/accounts/password/reset/done/")}
    post.send_due()
    assert "cannot be reached" in Letter.objects.get().problem
    back_again(settings)
    post.send_due()
    assert [one.to for one in mail.outbox] == [[ADA]]


def test_the_link_for_a_new_password_stands_in_no_table_and_works_once(settings):
    settings.SITE_URL = "https://hunter.example"
    user = UserFactory(email=ADA, password=PASSWORD)
    Client().post("/accounts/password/reset/", {"email": ADA})
    post.send_due()
    link = re.search(r"https://hunter\.example/accounts/password/reset/key/(\S+)/", mail.outbox[-1].body)[1]
    assert link not in everything()
    assert link.partition("-")[2] not in everything()
    reset_password(ADA, "another-good-password")
    user.refresh_from_db()
    assert user.check_password("another-good-password")
    assert is_in(log_in(ADA, "another-good-password"))


def test_a_link_that_nobody_waits_for_any_more_is_not_sent():
    Letter.objects.all().delete()
    stale = letters.write_reset_link(UserFactory(email="a@people.example"), "a@people.example", "en")
    Letter.objects.filter(pk=stale.pk).update(created_at=timezone.now() - timedelta(hours=13))
    letters.write_reset_link(UserFactory(email="b@people.example", is_active=False), "b@people.example", "en")
    post.send_due()
    assert not mail.outbox
    assert set(Letter.objects.values_list("status", flat=True)) == {"dropped"}


def _takes_another_address(user: User) -> None:
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email="new@people.example", verified=True, primary=True)
    user.email = "new@people.example"
    user.save()


def _takes_another_password(user: User) -> None:
    user.set_password("another-good-password")
    user.save()


def _comes_in(user: User) -> None:
    log_in(ADA, PASSWORD)


@pytest.mark.parametrize("changes", [_takes_another_address, _takes_another_password, _comes_in])
def test_a_link_that_waits_is_not_sent_once_the_account_was_changed(changes):
    user = UserFactory(email=ADA, password=PASSWORD)
    letter = letters.write_reset_link(user, ADA, "en")
    changes(user)
    post.send_due()
    letter.refresh_from_db()
    assert (letter.status, letter.problem) == ("dropped", "the account was changed since")
    assert not mail.outbox


def test_what_stands_in_a_letter_that_waits_is_no_link():
    user = UserFactory(email=ADA, password=PASSWORD)
    stamp = letters.write_reset_link(user, ADA, "en").stamp
    path = urlsplit(letters.reset_url(user)).path
    client = Client()
    assert not client.get(path, follow=True).context.get("token_fail")
    forged = path.replace(path.split("-", 1)[1], f"{stamp}/")
    assert Client().get(forged, follow=True).context["token_fail"]


@pytest.mark.usefixtures("confirming", "no_mail_server")
def test_a_code_that_cannot_be_sent_is_told_on_a_page_and_asked_for_again_by_logging_in(settings):
    answer = Client().post("/accounts/signup/", {"email": ADA, "password1": PASSWORD})
    assert (answer.status_code, "could not be sent" in answer.text) == (503, True)
    assert User.objects.filter(email=ADA).exists()
    back_again(settings)
    cache.clear()  # three minutes later: codes are not sent more often
    ada = log_in(ADA, PASSWORD)
    assert not is_in(ada)
    enter_code(ada, ADA)
    assert is_in(ada)


@pytest.mark.usefixtures("confirming", "no_mail_server")
def test_another_address_that_cannot_be_written_to_changes_nothing(settings):
    user = UserFactory(email=ADA, password=PASSWORD)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = ada.post("/accounts/email/", {"action_add": "", "email": "new@people.example"})
    assert (answer.status_code, "no address was changed" in answer.text) == (503, True)
    assert list(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)) == [ADA]
    assert is_in(ada)


@pytest.mark.usefixtures("no_mail_server")
def test_a_changed_password_is_told_when_the_mail_server_is_back(settings):
    UserFactory(email=ADA, password=PASSWORD)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    change = {"oldpassword": PASSWORD, "password1": "another-good-password", "password2": "another-good-password"}
    assert ada.post("/accounts/password/change/", change).status_code == 302
    back_again(settings)
    post.send_due()
    (told,) = mail.outbox
    assert "assword" in told.subject
    assert "set another password at once" in told.body


def test_old_letters_are_forgotten():
    old = letters.write_notice(UserFactory(), "a@people.example", "Old", "Old")
    post.send_due()
    Letter.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    post.send_due()
    assert not Letter.objects.exists()


def test_the_sender_says_who_it_is_and_no_mail_is_answered_by_a_robot():
    sign_up(ADA, PASSWORD)
    letters.write_notice(User.objects.get(), ADA, "Hello\nthere", "Words")
    post.send_due()
    sent = mail.outbox[-1]
    assert sent.subject == "Hello there"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
