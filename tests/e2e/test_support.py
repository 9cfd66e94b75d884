"""Support and refunds by two in a real browser, under the strict policy, on a desk and on a telephone."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Page, expect

from billing import ledger, refunds
from billing.models import Budget
from hunts import chat
from hunts.models import Run
from tests.e2e.test_languages import TELEPHONE
from tests.factories import HuntFactory, JudgedLeadFactory, MembershipFactory, RunFactory, UserFactory
from tests.harness.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

PASSWORD = "a-good-password"


def look(page: Page, name: str) -> None:
    """Keep a picture of the page, where somebody wants pictures."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def person():
    member = MembershipFactory()
    run = RunFactory(hunt=HuntFactory(workspace=member.workspace))
    JudgedLeadFactory.create_batch(3, workspace=member.workspace)
    ledger.settle(ledger.reserve(run.budget_id, 4_000_000, provider="openai", operation="complete"), 4_000_000)
    return member.user


@pytest.fixture
def operator(transactional_db):
    return UserFactory(is_staff=True, is_superuser=True, first_name="Mira", last_name="Example")


def log_in(page: Page, operator, path: str) -> None:
    """Open a page of the console, which asks who it is."""
    page.goto(path)
    page.get_by_label("E-mail address").fill(operator.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"**{path}")


def begin(page: Page, person, operator) -> None:
    log_in(page, operator, f"/admin/accounts/user/{person.pk}/change/")
    look(page, "user")
    page.get_by_role("link", name="Look as this person").click()
    page.get_by_label("What for").fill("Ticket 4711: the run stands still")
    look(page, "reason")
    page.get_by_role("button", name="Begin to look").click()
    page.get_by_label("Password").fill(PASSWORD)
    look(page, "proof")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("region", name="Support")).to_contain_text(f"You look as {person.email}")


def test_support_looks_and_ends_on_a_desk_and_on_a_telephone(open_page, person, operator):
    page = open_page(color_scheme="light")
    begin(page, person, operator)
    banner = page.get_by_role("region", name="Support")
    expect(banner).to_contain_text("60 minutes left")
    assert faults(page) == []
    look(page, "hunts-light")
    page.goto("/leads/")
    page.mouse.wheel(0, 2_000)
    expect(banner).to_be_in_viewport()
    look(page, "leads-light")
    page.get_by_role("button", name="Light or dark").click()
    look(page, "leads-dark")
    assert faults(page) == []
    assert "Support only looks" in page.request.get("/account/").text()  # a page that is refused, the console tells
    page.set_viewport_size(TELEPHONE)
    page.goto("/hunts/")
    expect(banner).to_be_in_viewport()
    assert faults(page) == []
    look(page, "hunts-390-dark")
    page.goto("/settings/audit")
    look(page, "audit-390-dark")
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="End").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/accounts/user/**")
    expect(page.get_by_text("The look as support has ended.")).to_be_visible()
    look(page, "ended-390")
    page.goto("/hunts/")
    expect(banner).to_have_count(0)


def test_what_would_change_something_stands_still(open_page, person, operator):
    page = open_page(color_scheme="light")
    begin(page, person, operator)
    run = Run.objects.get()
    sent = []
    page.on("request", lambda request: request.method == "GET" or sent.append(request.url))
    page.goto(f"/hunts/runs/{run.pk}/")
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_have_attribute("aria-disabled", "true")
    cancel.focus()
    page.keyboard.press("Enter")
    said = page.get_by_role("status").filter(has_text="Support only looks")
    expect(said).to_be_visible()
    look(page, "still-light")
    assert faults(page) == []
    page.get_by_role("button", name="Light or dark").click()
    page.set_viewport_size(TELEPHONE)
    look(page, "still-390-dark")
    assert faults(page) == []
    conversation = chat.begin(run.workspace, by=person)
    page.goto(f"/hunts/chat/{conversation.pk}/")
    page.get_by_label("Your message").fill("Breweries in Austria")
    page.keyboard.press("Enter")
    expect(said).to_be_visible()
    assert sent == []


def test_a_live_page_ends_with_the_look(open_page, person, operator):
    page = open_page()
    begin(page, person, operator)
    run = Run.objects.get()
    with page.expect_response("**/stream*"):
        page.goto(f"/hunts/runs/{run.pk}/")
    look(page, "run")
    other = page.context.new_page()
    other.goto("/hunts/")
    other.get_by_role("button", name="End").click()
    other.wait_for_url("**/admin/**")
    page.reload()
    expect(page.get_by_role("region", name="Support")).to_have_count(0)


def test_the_console_leaves_the_product_dark_where_the_system_is(open_page, operator):
    page = open_page(color_scheme="dark")
    log_in(page, operator, "/admin/")
    page.goto("/account/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_refund_beyond_the_limit_is_approved_by_another_operator(open_page, person, operator, settings):
    settings.REFUND_ALONE_MICROUSD = 1_000_000
    asker = UserFactory(is_staff=True)
    asker.user_permissions.set(Permission.objects.filter(codename__in=("view_hold", "change_hold")))
    page = open_page()
    log_in(page, operator, "/admin/billing/refundrequest/")
    expect(page.get_by_text("No refund is here.")).to_be_visible()
    look(page, "refunds-empty")
    budget = Budget.objects.filter(scope="activity").latest("pk")
    refunds.refund(budget.holds.get().pk, None, key="k", by=asker, reason="never worked")
    page.reload()
    look(page, "refunds")
    page.get_by_role("row", name="never worked").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("approve")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("done.")).to_be_visible()
    budget.refresh_from_db()
    assert budget.spent_microusd == 0
    page.set_viewport_size(TELEPHONE)
    look(page, "refunds-390")
