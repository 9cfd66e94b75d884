"""A passkey, made and used in a real Chromium with an authenticator of its own."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "ada@people.example", "a-good-long-password"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(base_url, settings) -> str:
    """The app under a name: a passkey belongs to one, and an address is none."""
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    return base_url.replace("127.0.0.1", "localhost")


def test_a_passkey_is_added_and_logs_one_in_without_a_password(open_page: Callable[..., Page], site: str):
    page = open_page()
    user = MembershipFactory(user=UserFactory(email=EMAIL, password=PASSWORD)).user
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{site}/accounts/login/?next=/accounts/2fa/webauthn/add/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Password").fill(PASSWORD)  # once more, before something new opens the door
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("Laptop")
    page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/accounts/2fa/**recovery-codes**")
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/?next=/account/")
    page.locator("#passkey_login").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_role("main")).to_contain_text("1 passkey")
