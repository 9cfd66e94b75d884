"""E-mails about accounts: what waits for a mail server and what does not, and what happens when there is none."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from cryptography.fernet import Fernet
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import letters, post
from accounts.letter_models import Letter
from accounts.models import User
from accounts.personal_data import known_of
from tests.accounts.conftest import code_for, enter_code, is_in, last_mail, log_in, reset_password, sign_up
from tests.accounts.test_invitation_mail import everything
from tests.factories import UserFactory
from tests.hunts.test_secret_canary import queued

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
    Letter.objects.filter(pk=stale.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
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
def test_a_code_that_cannot_be_sent_now_comes_when_the_mail_server_is_back(settings):
    ada = sign_up(ADA, PASSWORD)
    assert "have sent a code" in ada.get("/accounts/confirm-email/").text
    post.send_due()
    assert "cannot be reached" in Letter.objects.get().problem
    back_again(settings)
    enter_code(ada, ADA)
    assert is_in(ada)


@pytest.mark.usefixtures("confirming", "no_mail_server")
def test_another_address_is_there_once_its_code_came_and_was_entered(settings):
    user = UserFactory(email=ADA, password=PASSWORD)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    ada.post("/accounts/email/", {"action_add": "", "email": "new@people.example"})
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    assert list(proved) == [ADA]
    back_again(settings)
    enter_code(ada, "new@people.example")
    assert list(proved.all()) == ["new@people.example"]


@pytest.mark.usefixtures("confirming")
def test_a_code_stands_in_no_row_and_no_message_in_clear_and_is_wiped_once_it_is_sent():
    ada = sign_up(ADA, PASSWORD)
    user, letter = User.objects.get(), Letter.objects.get()
    places = everything() + queued() + json.dumps(known_of(user))
    enter_code(ada, ADA)
    letter.refresh_from_db()
    assert letter.status == "sent"
    assert code_for(ADA) not in places
    assert (letter.text, letter.sealed) == ("", "")


@pytest.mark.usefixtures("confirming", "no_mail_server")
def test_a_code_that_nobody_waits_for_any_more_is_wiped_at_once_and_never_sent(settings):
    sign_up(ADA, PASSWORD)
    post.send_due()
    Letter.objects.update(expires_at=timezone.now() - timedelta(seconds=1))  # its next try would be in a minute
    post.send_due()
    assert Letter.objects.values_list("status", "sealed").get() == ("dropped", "")
    back_again(settings)
    post.send_due()
    assert not mail.outbox


@pytest.mark.usefixtures("confirming", "no_mail_server")
def test_of_several_codes_that_wait_the_newest_alone_is_sent(settings):
    ada = sign_up(ADA, PASSWORD)
    cache.clear()  # ten seconds later: codes are not sent more often
    ada.post("/accounts/confirm-email/", {"action": "resend"})
    assert list(Letter.objects.order_by("pk").values_list("status", flat=True)) == ["dropped", "waiting"]
    back_again(settings)
    enter_code(ada, ADA)
    assert len(mail.outbox) == 1
    assert is_in(ada)


def test_a_code_whose_key_was_lost_says_so_and_is_given_up(settings):
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    user = UserFactory(email=ADA)
    letter = letters.write_code(user, ADA, "Your code", "ABCD-EFGH", lasts=timedelta(minutes=15))
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    post.send_due()
    letter.refresh_from_db()
    assert (letter.status, letter.sealed, letter.problem) == ("failed", "", "The key that sealed this letter is gone.")


def test_who_signs_up_again_is_told_that_there_is_an_account_and_nobody_else_is(confirming):
    UserFactory(email=ADA)
    stranger = sign_up(ADA, PASSWORD)
    assert "have sent a code" in stranger.get("/accounts/confirm-email/").text
    assert "/accounts/password/reset/" in last_mail(ADA)


def test_a_letter_looks_like_ours_too_and_makes_links_of_our_own_addresses_alone(settings):
    settings.SITE_URL = "https://hunter.example"
    words = "<b>Hello</b>\n\nhttps://evil.example/\nhttps://hunter.example/accounts/2fa/\n\nABCD-EFGH"
    letters.write_notice(UserFactory(email=ADA), ADA, "Words & more", words)
    post.send_due()
    (page, kind), *_ = mail.outbox[-1].alternatives
    assert kind == "text/html"
    assert "Words &amp; more" in page
    assert "&lt;b&gt;Hello" in page
    assert re.findall(r'href="(.+?)"', page) == ["https://hunter.example/accounts/2fa/"]
    assert re.search(r"<strong[^>]*>ABCD-EFGH</strong>", page)


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
