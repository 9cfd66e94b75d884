"""Getting in: by password, Google, WeChat, with a second step; and how many tries there are."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from accounts import post
from accounts.models import Membership, User
from config.checks import addresses_are_proved
from tests.accounts.conftest import enter_code, is_in, log_in, reset_password, sign_up, who
from tests.accounts.test_pages import INLINE
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"


def code_now(secret: str) -> str:
    """Return what an authenticator app shows at this moment."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.mark.usefixtures("confirming")
def test_nobody_gets_in_before_they_confirmed_their_address():
    ada = sign_up(ADA, PASSWORD)
    assert not is_in(ada)
    assert not is_in(log_in(ADA, PASSWORD))
    enter_code(ada, ADA)
    assert who(ada) == ADA
    assert Membership.objects.get(user__email=ADA).role == Membership.Role.OWNER


@pytest.mark.usefixtures("confirming")
def test_a_code_is_not_guessed_in_more_than_three_tries():
    ada = sign_up(ADA, PASSWORD)
    for _ in range(3):
        ada.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"})
    enter_code(ada, ADA)
    assert not is_in(ada)


def test_where_no_mail_goes_out_one_can_try_everything_and_the_pages_say_what_is_missing(client, settings):
    settings.MAIL_IS_CONFIGURED = False
    for path in ("/accounts/signup/", "/accounts/password/reset/"):
        assert "sends no e-mails yet" in client.get(path).text
    ada = sign_up(ADA, PASSWORD)
    assert is_in(ada)
    assert "sends no e-mails yet" in ada.get("/account/").text
    settings.MAIL_IS_CONFIGURED = True
    assert "sends no e-mails yet" not in client.get("/accounts/signup/").text


def test_providers_without_keys_are_not_shown(client):
    page = client.get("/accounts/login/").text
    assert "Google" not in page
    assert "WeChat" not in page
    for path in ("google/login/", "google/login/callback/", "google/login/token/", "weixin/login/"):
        assert client.get(f"/accounts/{path}").status_code == 404
        assert client.post(f"/accounts/{path}").status_code == 404


def test_who_came_by_a_provider_that_is_gone_can_still_look_at_their_account():
    user = UserFactory(email=ADA, password=PASSWORD)
    SocialAccount.objects.create(user=user, provider="weixin", uid="u-1")
    assert log_in(ADA, PASSWORD).get("/accounts/3rdparty/").status_code == 200


@pytest.mark.usefixtures("google", "wechat")
def test_providers_with_keys_are_shown_to_strangers_and_in_the_account(client):
    for page in (client.get("/accounts/login/").text, client.get("/accounts/signup/").text):
        assert "Continue with Google" in page
        assert "Continue with WeChat" in page
    ada = sign_up(ADA, PASSWORD)
    assert "Google, WeChat" in ada.get("/account/").text
    assert "Continue with WeChat" in ada.get("/accounts/3rdparty/").text


@pytest.mark.usefixtures("confirming")
def test_google_brings_a_new_person_straight_into_a_workspace_of_their_own(client, google):
    google.knows("ada", email="ada@gmail.com", email_verified=True, given_name="Ada")
    google.sign_in(client, "ada")
    assert who(client) == "ada@gmail.com"
    assert Membership.objects.get(user__email="ada@gmail.com").role == Membership.Role.OWNER
    again = Client()
    google.sign_in(again, "ada")
    assert who(again) == "ada@gmail.com"
    assert User.objects.count() == 1


@pytest.mark.usefixtures("confirming")
def test_wechat_asks_a_new_person_for_an_address_and_lets_them_in_when_it_is_confirmed(client, wechat):
    page = wechat.sign_in(client, openid="o-1", unionid="u-1", nickname="张三").text
    assert "WeChat tells us no e-mail address" in page
    client.post("/accounts/3rdparty/signup/", {"email": ADA})
    assert not is_in(client)
    enter_code(client, ADA)
    assert who(client) == ADA
    account = SocialAccount.objects.get()
    assert (account.uid, account.extra_data["nickname"]) == ("u-1", "张三")
    assert Membership.objects.filter(user__email=ADA).count() == 1


def test_the_same_person_is_known_by_another_app_of_ours_and_before_there_was_one(wechat):
    first = Client()
    wechat.sign_in(first, openid="o-1")
    first.post("/accounts/3rdparty/signup/", {"email": ADA})
    for told in ({"openid": "o-1", "unionid": "u-1"}, {"openid": "o-of-another-app", "unionid": "u-1"}):
        again = Client()
        wechat.sign_in(again, **told)
        assert who(again) == ADA
    assert SocialAccount.objects.get().uid == "u-1"


def test_a_wechat_that_does_not_say_who_it_is_is_an_error_on_a_page(client, wechat):
    wechat.server.is_ill = True
    answer = wechat.sign_in(client, openid="o-1")
    assert answer.status_code == 401
    assert not User.objects.exists()


def test_a_second_step_is_asked_for_after_password_and_after_google(google, confirming):
    google.knows("ada", email="ada@gmail.com", email_verified=True)
    google.sign_in(Client(), "ada")
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    by_password, by_google = log_in(user.email, PASSWORD), Client()
    google.sign_in(by_google, "ada")
    assert not is_in(by_password)
    assert not is_in(by_google)
    by_password.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_in(by_password)
    by_google.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert is_in(by_google)


def test_an_authenticator_app_is_set_up_with_recovery_codes_that_count_once():
    user = UserFactory(email=ADA, password=PASSWORD)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = ada.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert "data:image/svg+xml" in page.text
    ada.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert "totp" in {str(one.type) for one in Authenticator.objects.filter(user=user)}
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    first, second = log_in(ADA, PASSWORD), log_in(ADA, PASSWORD)
    for browser in (first, second):
        browser.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert is_in(first)
    assert not is_in(second)


def test_logging_out_elsewhere_ends_all_other_sessions():
    UserFactory(email=ADA, password=PASSWORD)
    here, there = log_in(ADA, PASSWORD), log_in(ADA, PASSWORD)
    page = here.get("/accounts/sessions/").text
    assert page.count("logged in now") == 2
    assert page.count("this browser") == 1
    here.post("/accounts/sessions/")
    assert is_in(here)
    assert not is_in(there)


def test_a_new_password_ends_all_other_sessions_and_their_rows_at_once(settings):
    UserFactory(email=ADA, password=PASSWORD)
    here, there = log_in(ADA, PASSWORD), log_in(ADA, PASSWORD)
    assert UserSession.objects.count() == 2
    change = {"oldpassword": PASSWORD, "password1": "another-good-password", "password2": "another-good-password"}
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    here.post("/accounts/password/change/", change)
    assert is_in(here)
    assert not is_in(there)
    assert UserSession.objects.filter(session_key=there.cookies[settings.SESSION_COOKIE_NAME].value).count() == 0
    post.send_due()
    assert "password" in mail.outbox[-1].subject.lower()


def test_five_wrong_passwords_close_an_account_for_a_while_whoever_tries():
    UserFactory(email=ADA, password=PASSWORD)
    for n in range(5):
        Client(REMOTE_ADDR=f"10.0.0.{n}").post("/accounts/login/", {"login": ADA, "password": "wrong"})
    stranger = Client(REMOTE_ADDR="10.0.1.1")
    assert "Too many" in stranger.post("/accounts/login/", {"login": ADA, "password": PASSWORD}).text
    assert not is_in(stranger)


@pytest.mark.parametrize(("proxies", "is_stopped"), [(0, True), (1, False)])
def test_tries_are_counted_by_address_and_a_forged_header_changes_nothing(settings, proxies, is_stopped):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for n in range(31):
        headers = {"HTTP_X_FORWARDED_FOR": f"10.9.9.9, 10.0.0.{n}"}
        answer = Client(**headers).post("/accounts/login/", {"login": f"p{n}@people.example", "password": "wrong"})
    assert (answer.status_code == 429 or "Too many" in answer.text) is is_stopped


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/accounts/login/", "login", "email"),
        ("/accounts/login/", "password", "current-password"),
        ("/accounts/signup/", "email", "email"),
        ("/accounts/signup/", "password1", "new-password"),
        ("/accounts/password/reset/", "email", "email"),
    ],
)
def test_browsers_are_told_what_belongs_into_a_field(client, path, name, expected):
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', client.get(path).text)[0]
    assert f'autocomplete="{expected}"' in field


PAGES = (
    "/account/", "/account/delete", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/",
    "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/", "/accounts/sessions/",
    "/accounts/2fa/recovery-codes/generate/", "/accounts/reauthenticate/", "/accounts/3rdparty/", "/accounts/logout/",
)  # fmt: skip


def test_no_page_about_accounts_has_an_inline_script_or_style(google, wechat):
    UserFactory(email=ADA, password=PASSWORD)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for path in PAGES:
        answer = ada.get(path, follow=True)
        assert answer.status_code == 200, path
        assert not INLINE.search(answer.text), path
        assert 'class="brand"' in answer.text, path


def test_an_address_that_was_reset_by_mail_counts_as_confirmed():
    UserFactory(email=ADA, password=PASSWORD, confirmed=False)
    reset_password(ADA, "another-good-password")
    assert EmailAddress.objects.get(email=ADA).verified


@pytest.mark.parametrize(("proof", "warnings"), [("mandatory", 0), ("optional", 1)])
def test_an_installation_that_asks_for_no_proof_is_warned_of_before_it_goes_live(settings, proof, warnings):
    settings.ACCOUNT_EMAIL_VERIFICATION = proof
    assert len(addresses_are_proved(None)) == warnings
