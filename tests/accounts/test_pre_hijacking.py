"""Nobody prepares an account for somebody else and waits for them in it: the five ways of arXiv 2205.10174.

Mallory comes first, with Vera's address; then Vera comes, who can read her mail.
"""

import re

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts import post
from accounts.models import User
from accounts.taking_back import has_proved
from tests.accounts.conftest import (
    enter_code,
    is_in,
    last_mail,
    local,
    log_in,
    reset_password,
    sign_up,
    who,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

VERA, MALLORY = "vera@gmail.com", "mallory@people.example"
HERS, MALLORYS = "a-good-long-password-of-vera", "a-good-long-password-of-mallory"


# --- 1: the account is merged with what a provider says


@pytest.mark.usefixtures("confirming")
def test_google_does_not_lead_into_an_account_whose_address_nobody_proved(google):
    sign_up(VERA, MALLORYS)
    google.knows("vera", email=VERA, email_verified=True)
    cache.clear()  # an address gets one such mail in a while
    browser = Client()
    google.sign_in(browser, "vera")
    assert not is_in(browser)
    assert not SocialAccount.objects.exists()
    assert "already" in last_mail(VERA)


def test_nor_does_it_where_addresses_need_no_proof(google):
    mallory = sign_up(VERA, MALLORYS)
    assert is_in(mallory)
    google.knows("vera", email=VERA, email_verified=True)
    browser = Client()
    google.sign_in(browser, "vera")
    assert not is_in(browser)
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("confirming")
def test_google_leads_into_ones_own_account_once_both_know_that_the_address_is_ones(google):
    mine = sign_up(VERA, HERS)
    enter_code(mine, VERA)
    google.knows("vera", email=VERA, email_verified=True)
    browser = Client()
    google.sign_in(browser, "vera")
    assert who(browser) == VERA
    assert User.objects.count() == 1


@pytest.mark.usefixtures("confirming")
def test_the_owner_of_an_address_cannot_be_led_to_prove_a_strangers_account():
    sign_up(VERA, MALLORYS)
    assert "http" not in re.sub(r"https?://testserver/?\s", "", last_mail(VERA))
    elsewhere = Client()
    elsewhere.post("/accounts/confirm-email/", {"code": "AAA-AAA"})
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_link_in_a_mail_proves_nothing_unless_its_account_is_signed_in():
    mallory = sign_up(VERA, MALLORYS)
    link = re.search(r"https?://[^/\s]+(/accounts/confirm-email/\S+)", last_mail(VERA))[1]
    vera = Client()
    assert "Log in first" in vera.post(link, follow=True).text
    assert not EmailAddress.objects.filter(verified=True).exists()
    mallory.post(link)
    assert EmailAddress.objects.filter(verified=True).exists()


# --- 2: a session that does not end


@pytest.mark.parametrize("proof", ["mandatory", "optional"])
def test_who_resets_the_password_ends_every_session_there_is(settings, proof):
    settings.ACCOUNT_EMAIL_VERIFICATION = proof
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = proof == "mandatory"
    mallory = sign_up(VERA, MALLORYS)
    reset_password(VERA, HERS)
    assert not is_in(mallory)
    assert not is_in(log_in(VERA, MALLORYS))
    assert who(log_in(VERA, HERS)) == VERA
    assert not is_in(mallory)


@pytest.mark.usefixtures("confirming")
def test_a_sign_up_that_waits_for_its_code_does_not_become_a_session_when_another_proves_the_address():
    mallory = sign_up(VERA, MALLORYS)
    reset_password(VERA, HERS)
    assert is_in(log_in(VERA, HERS))
    for path in ("/accounts/login/", "/accounts/confirm-email/", "/accounts/signup/", "/hunts/"):
        mallory.get(path)
        mallory.post(path, {"code": "AAA-AAA"})
    assert not is_in(mallory)


# --- 3: a trojan: another key to the same door


@pytest.mark.usefixtures("confirming")
def test_a_wechat_that_was_tied_to_somebody_elses_address_opens_nothing_later(wechat):
    mallory = Client()
    wechat.sign_in(mallory, openid="o-mallory", unionid="u-mallory")
    mallory.post("/accounts/3rdparty/signup/", {"email": VERA})
    assert User.objects.get().email == VERA
    reset_password(VERA, HERS)
    assert who(log_in(VERA, HERS)) == VERA
    again = Client()
    wechat.sign_in(again, openid="o-mallory", unionid="u-mallory")
    assert not is_in(again)
    assert not SocialAccount.objects.exists()


def test_what_was_added_before_the_address_was_proved_goes(wechat):
    mallory = sign_up(VERA, MALLORYS)
    wechat.sign_in(mallory, process="connect", openid="o-mallory", unionid="u-mallory")
    mallory.post("/accounts/reauthenticate/", {"password": MALLORYS})
    user = User.objects.get()
    assert SocialAccount.objects.filter(user=user).exists()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "mallorys"})
    reset_password(VERA, HERS)
    assert not SocialAccount.objects.exists()
    assert not Authenticator.objects.exists()
    assert has_proved(user, VERA)


@pytest.mark.usefixtures("confirming")
def test_who_proved_the_address_long_ago_keeps_their_second_step_when_they_forget_the_password():
    enter_code(sign_up(VERA, HERS), VERA)
    user = User.objects.get()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "hers"})
    reset_password(VERA, "another-good-password-of-vera")
    assert Authenticator.objects.filter(user=user).exists()


def test_an_address_that_somebody_merely_wants_does_not_send_its_owner_into_their_account():
    mallory = sign_up(MALLORY, MALLORYS)
    wants(mallory, VERA)
    assert EmailAddress.objects.filter(email=VERA, verified=False).exists()
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": VERA})
    assert not [message for message in mail.outbox if "password/reset/key" in message.body]


# --- 4: a change of address that is half done


def test_a_change_of_address_that_is_half_done_ends_with_the_password():
    mallory = sign_up(VERA, MALLORYS)
    user = User.objects.get()
    address = EmailAddress.objects.create(user=user, email=MALLORY, verified=False)
    link = f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/"
    reset_password(VERA, HERS)
    for browser in (mallory, Client(), log_in(VERA, HERS)):
        browser.get(link)
        browser.post(link)
    user.refresh_from_db()
    assert user.email == VERA
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(VERA, True)]


def test_nobody_takes_the_address_of_another_account_as_their_second_one():
    sign_up(VERA, HERS)
    mallory = sign_up(MALLORY, MALLORYS)
    wants(mallory, VERA)
    assert not EmailAddress.objects.filter(user__email=MALLORY, email=VERA).exists()


@pytest.mark.usefixtures("confirming")
def test_an_address_that_another_account_claims_is_told_of_when_its_owner_proves_it():
    sign_up(VERA, MALLORYS)
    cache.clear()  # an address gets one such mail in a while
    vera = sign_up("vera@people.example", HERS)
    enter_code(vera, "vera@people.example")
    wants(vera, VERA, HERS)
    assert "already registered" in enter_code(vera, VERA).text
    assert who(vera) == "vera@people.example"


@pytest.mark.usefixtures("confirming")
def test_a_code_for_a_change_of_address_counts_in_no_other_session():
    vera = sign_up(VERA, HERS)
    enter_code(vera, VERA)
    wants(vera, "new@people.example", HERS)
    assert User.objects.get().email == VERA
    other = log_in(VERA, HERS)
    other.post("/accounts/confirm-email/", {"code": "AAA-AAA"})
    assert User.objects.get().email == VERA
    enter_code(vera, "new@people.example")
    assert User.objects.get().email == "new@people.example"
    post.send_due()
    assert "new@people.example" in last_mail(VERA)


# --- 5: a provider that does not look at addresses


@pytest.mark.usefixtures("confirming")
@pytest.mark.parametrize(
    "claims",
    [
        {"email": VERA, "email_verified": False},
        {"email": VERA},
        # Google saw once that somebody reads this mail, and does not run the mailbox.
        {"email": "vera@her-own.example", "email_verified": True},
    ],
)
def test_an_address_that_the_provider_does_not_answer_for_opens_nobodys_account(google, claims):
    enter_code(sign_up(claims["email"], HERS), claims["email"])
    google.knows("mallory", **claims)
    browser = Client()
    google.sign_in(browser, "mallory")
    assert not is_in(browser)
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("confirming")
def test_a_new_account_with_such_an_address_is_asked_to_prove_it(google):
    google.knows("mallory", email=VERA, email_verified=False)
    browser = Client()
    google.sign_in(browser, "mallory")
    assert not is_in(browser)
    assert not EmailAddress.objects.filter(verified=True).exists()


def wants(client: Client, email: str, password: str = MALLORYS) -> None:
    """Ask for another address, with the password once more where it is asked for."""
    answer = client.post("/accounts/email/", {"action_add": "", "email": email})
    if "/reauthenticate/" in answer.headers.get("Location", ""):
        client.post(local(answer.headers["Location"]), {"password": password})
