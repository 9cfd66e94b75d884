"""A person's first half hour, in a real browser."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from hunts.models import Run
from leads.models import Lead
from tests.factories import CandidateFactory, JudgedLeadFactory, MembershipFactory, RunFactory
from tests.harness.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

BRIEF = "Cybersecurity software companies in the United States"
PASSWORD = "a-good-long-password"


def sign_up(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start a hunt").click()
    page.get_by_label("E-mail address").fill("new@people.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    expect(page.get_by_role("heading", name="Whom do you sell to?")).to_be_visible()


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("a-good-password")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Hunts")).to_be_visible()


def test_from_signing_up_to_an_exported_lead_with_its_proof(open_page, worker):
    page = open_page()
    sign_up(page)
    page.get_by_role("link", name="New hunt").click()
    page.get_by_label("Describe the companies").fill(BRIEF)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This is whom I look for")).to_be_visible()
    page.get_by_label("New criterion").fill("The company sells software.")
    page.get_by_label("New criterion").press("Enter")
    expect(page.locator('input[value="The company sells software."]')).to_be_visible()
    page.get_by_label("Companies to look at").fill("8")
    page.get_by_role("button", name="Start the hunt").click()
    expect(page.get_by_text("succeeded")).to_be_visible(timeout=90_000)  # told by the stream, without a reload
    expect(page.get_by_text("Found 8 companies").first).to_be_visible()

    lead = Lead.objects.filter(assessment__evidence__start__isnull=False).order_by("-score").first()
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Show it on the stored page").first.click()
    marked = page.locator("mark").inner_text()
    assert lead.assessment.evidence.filter(quote=marked).exists()

    page.goto("/leads/?status=all")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(rows) == 8
    assert lead.name in {row["company"] for row in rows}


def test_a_reload_and_a_second_window_show_the_same_run(open_page, worker):
    member = MembershipFactory()
    run = RunFactory(hunt__workspace=member.workspace, status=Run.Status.PAUSED)
    CandidateFactory.create_batch(3, run=run)
    first, second = open_page(), open_page()
    for page in (first, second):
        log_in(page, member.user.email)
        page.goto(run.get_absolute_url())
        expect(page.get_by_text("paused")).to_be_visible()
    first.get_by_role("button", name="Cancel").click()
    expect(first.locator(".state-cancelled")).to_be_visible()
    expect(second.locator(".state-cancelled")).to_be_visible()
    first.reload()
    expect(first.locator(".state-cancelled")).to_be_visible()


def test_the_profile_works_without_javascript(open_page):
    member = MembershipFactory()
    page = open_page(java_script_enabled=False)
    log_in(page, member.user.email)
    page.goto("/hunts/new")
    page.get_by_label("Describe the companies").fill(BRIEF)
    page.get_by_role("button", name="Send").click()
    page.locator('input[name="new_countries"]').fill("Canada")
    page.locator('button[value="add:countries"]').click()
    expect(page.locator('input[value="The company is based in the United States or Canada."]')).to_be_visible()


def test_the_table_is_walked_by_keyboard(open_page):
    member = MembershipFactory()
    JudgedLeadFactory.create_batch(3, workspace=member.workspace)
    page = open_page()
    log_in(page, member.user.email)
    page.goto("/leads/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = Lead.objects.ranked()[1]
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(f"{second.get_absolute_url()}$"))
    page.goto("/leads/")
    page.keyboard.press("/")
    page.keyboard.type(second.handle)
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    assert "q=" in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


def test_a_filter_takes_effect_at_once_and_the_export_follows_it(open_page):
    member = MembershipFactory()
    JudgedLeadFactory(workspace=member.workspace, name="Acme Precision")
    JudgedLeadFactory(workspace=member.workspace, name="Beta Works", tier="B", score=60)
    page = open_page()
    log_in(page, member.user.email)
    page.goto("/leads/")
    page.get_by_label("Tier", exact=True).select_option("B")
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [row["company"] for row in rows] == ["Beta Works"]


def test_a_lost_server_is_told_and_found_again(open_page):
    member = MembershipFactory()
    run = RunFactory(hunt__workspace=member.workspace)
    page = open_page()
    log_in(page, member.user.email)
    streams = 0

    def refuse_first(route):
        nonlocal streams
        streams += 1
        if streams == 1:
            route.fulfill(status=200, content_type="text/event-stream", body=": the line breaks here\n\n")
        else:
            route.continue_()

    page.route(f"**{run.get_absolute_url()}stream", refuse_first)
    page.goto(run.get_absolute_url())
    expect(page.locator('[data-live="lost"]')).to_be_visible()
    expect(page.get_by_text("Connection lost, reconnecting")).to_be_visible()
    CandidateFactory(run=run, lead__name="Wonder Works")
    expect(page.get_by_text("Wonder Works").first).to_be_visible()
    expect(page.get_by_text("Connection lost, reconnecting")).to_be_hidden()


def test_the_description_of_the_api_is_shown(open_page):
    page = open_page()
    page.goto("/api/docs")
    expect(page.get_by_text("/api/hunts/{hunt_id}/runs").first).to_be_visible()
    page.get_by_role("link", name="Magnet Hunter").click()
    expect(page.get_by_role("link", name="Start a hunt")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_has_an_accessibility_violation_or_scrolls_sideways(open_page, scheme, width):
    member = MembershipFactory()
    lead = JudgedLeadFactory(workspace=member.workspace)
    run = RunFactory(hunt__workspace=member.workspace)
    CandidateFactory(run=run, lead=lead, tier="A", score=88, status="qualified", stage="deliver")
    CandidateFactory(run=run)
    proof = lead.assessment.evidence.get()
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 844})
    found = {}
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/about/crawler"):
        found |= audit(page, path)
    log_in(page, member.user.email)
    lead_page = lead.get_absolute_url()
    for path in (
        "/hunts/", "/hunts/new", run.hunt.get_absolute_url(), run.get_absolute_url(), "/leads/", "/leads/?q=nothing",
        lead_page, f"{lead_page}evidence/{proof.pk}/", "/accounts/email/", "/nowhere",
    ):  # fmt: skip
        found |= audit(page, path)
    page.goto("/hunts/new")
    found |= audit(page, "/hunts/conversations")
    page.goto("/hunts/new")
    page.get_by_label("Describe the companies").fill(BRIEF)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This is whom I look for")).to_be_visible()
    found |= audit(page, "")
    assert found == {}


def audit(page: Page, path: str) -> dict[str, list[str]]:
    """Return what axe finds on a page, and whether the page is wider than its window."""
    if path:
        page.goto(path)
    problems = faults(page)
    return {path or "conversation": problems} if problems else {}
