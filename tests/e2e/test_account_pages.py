"""Every page about accounts as people see it: wide and narrow, light and dark, with nothing in the console."""

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.letters import reset_url
from accounts.models import User
from hunts.models import Message
from tests.e2e.test_walk import BRIEF, audit
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "ada@people.example", "a-good-long-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FOR_STRANGERS = (
    "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/", "/accounts/password/reset/key/1-nonsense/", "/accounts/inactive/",
    "/accounts/3rdparty/login/cancelled/", "/accounts/3rdparty/login/error/", "/accounts/confirm-email/nonsense/",
)  # fmt: skip
WITHOUT_SECOND_STEP = (
    "/account/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/", "/accounts/sessions/", "/accounts/3rdparty/",
    "/accounts/logout/", "/accounts/reauthenticate/",
)  # fmt: skip
WITH_SECOND_STEP = (
    "/accounts/2fa/", "/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/reauthenticate/",
)  # fmt: skip


@pytest.fixture(autouse=True)
def unlimited() -> None:
    cache.clear()


@pytest.fixture
def ada(transactional_db) -> User:
    return MembershipFactory(user=UserFactory(email=EMAIL, password=PASSWORD)).user


def log_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/hunts/**")


def prove(page: Page) -> None:
    """Enter the password once more, as pages that open the account ask for."""
    page.goto("/accounts/2fa/totp/activate/")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("[name=code]").wait_for()


def problems(page: Page, paths: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    for path in paths:
        yield from audit(page, path).items()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_about_accounts_has_a_violation_or_scrolls_sideways(
    open_page: Callable[..., Page], ada, scheme: str, width: int
):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 844})
    found = dict(problems(page, FOR_STRANGERS))
    log_in(page)
    prove(page)
    found |= dict(problems(page, WITHOUT_SECOND_STEP))
    TOTP.activate(ada, SECRET)
    RecoveryCodes.activate(ada)
    found |= dict(problems(page, WITH_SECOND_STEP))
    assert found == {}


def test_recovery_codes_are_copied_stored_and_only_then_done(open_page: Callable[..., Page], ada):
    page = open_page()
    log_in(page)
    prove(page)
    TOTP.activate(ada, SECRET)
    RecoveryCodes.activate(ada)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    page.goto("/accounts/2fa/recovery-codes/")
    expect(page.get_by_label("Codes that were not used yet")).to_have_value("\n".join(codes))
    page.get_by_role("button", name="Done").click()
    assert page.url.endswith("/recovery-codes/"), "not before the box is ticked"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a text file").click()
    assert all(code in download.value.path().read_text() for code in codes)
    page.get_by_label("I have stored the codes").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passkeys and second step")


def test_the_second_step_is_asked_for_on_a_page_of_ours(open_page: Callable[..., Page], ada):
    TOTP.activate(ada, SECRET)
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/2fa/authenticate/")
    assert audit(page, "") == {}
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**/accounts/login/**")


def test_a_link_for_a_new_password_opens_a_page_of_ours(open_page: Callable[..., Page], ada, base_url, settings):
    settings.SITE_URL = base_url
    page = open_page()
    page.goto(reset_url(ada))
    expect(page.get_by_role("heading", level=1)).to_have_text("Set another password")
    assert audit(page, "") == {}


def test_what_is_sent_from_a_tab_of_another_workspace_is_stopped_and_led_back(open_page: Callable[..., Page], ada):
    first = ada.workspaces.get()
    second = MembershipFactory(user=ada).workspace
    page = open_page()
    log_in(page)
    page.goto("/settings/workspace")
    page.locator("[name=name]").fill("Typed for the first")
    other_tab = page.context.new_page()
    other_tab.goto(f"/workspaces/?workspace={second.pk}")
    page.locator("[name=name]").press("Enter")
    page.get_by_role("heading", name="This page belongs to another workspace").wait_for()
    assert audit(page, "") == {}
    page.get_by_role("button", name=f"Go back to “{first.name}”").click()
    page.wait_for_url("**/hunts/**")
    first.refresh_from_db()
    second.refresh_from_db()
    assert "Typed" not in first.name + second.name


def test_what_a_part_of_a_page_sends_is_stopped_too_and_what_was_typed_stays(open_page: Callable[..., Page], ada):
    second = MembershipFactory(user=ada).workspace
    page = open_page()
    log_in(page)
    page.goto("/hunts/new")
    page.get_by_label("Describe the companies").fill(BRIEF)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This is whom I look for")).to_be_visible()
    other_tab = page.context.new_page()
    other_tab.goto(f"/workspaces/?workspace={second.pk}")
    page.locator("#composer textarea").fill("Only those with a web shop")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="This page belongs to another workspace").wait_for()
    expect(page.locator("#composer textarea")).to_have_value("Only those with a web shop")
    assert Message.objects.filter(text__contains="web shop").count() == 0
