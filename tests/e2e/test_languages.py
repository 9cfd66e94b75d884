"""The product in its three languages, in a real browser: chosen without JavaScript, and nothing falls over its edge."""

import re
from urllib.parse import urljoin

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from hunts.chat_models import Conversation
from hunts.models import Run
from tests.e2e.test_walk import log_in
from tests.factories import CandidateFactory, JudgedLeadFactory, MembershipFactory, RunFactory
from tests.harness.looks import faults, is_too_wide

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

WIDE, TELEPHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# The languages by their own names, and by what browsers ask for.
NAMES = {"zh-hans": "简体中文", "sr-latn": "Srpski (latinica)"}
BROWSERS = {"zh-hans": "zh-CN", "sr-latn": "sr-Latn-RS"}
# Words of our templates that must not be seen in another language, wherever a page comes from.
ENGLISH = re.compile(
    r"\b(?:the|and|Hunts?|Leads?|Judged|judge|Score|Company|Cost|Search|Close|Sandbox|Germany|Serbia)\b"
)
BRIEFS = {"zh-hans": "德国的金融科技公司，员工超过50人", "sr-latn": "Proizvođači nameštaja u Srbiji"}


@pytest.fixture
def workspace():
    return MembershipFactory().workspace


@pytest.fixture
def run(workspace) -> Run:
    """A run that is over, with a lead that is judged and a candidate that failed."""
    lead = JudgedLeadFactory(workspace=workspace)
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED, is_sample=True)
    CandidateFactory(run=run, lead=lead, status="qualified", tier="A", score=90)
    CandidateFactory(run=run, status="failed")
    return run


def speak(page: Page, language: str) -> None:
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": urljoin(page.url, "/")}]
    )


def test_a_stranger_chooses_without_javascript(open_page):
    page = open_page(java_script_enabled=False)
    page.goto("/about/crawler?from=robots")
    page.get_by_role("button", name="Srpski (latinica)").click()
    expect(page.get_by_role("heading", name="O našem robotu")).to_be_visible()
    assert page.url.endswith("/about/crawler?from=robots")
    assert page.locator("html").get_attribute("lang") == "sr-latn"

    page.goto("/accounts/login/")
    expect(page.get_by_label("Lozinka")).to_be_visible()
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_label("密码")).to_be_visible()


def test_a_member_chooses_by_keyboard_and_stays_where_they_are(open_page, run):
    page = open_page()
    log_in(page, run.workspace.members.get().email)
    page.goto("/leads/")
    page.get_by_label("Status").select_option("all")  # htmx writes it into the address
    page.wait_for_url("**/leads/?*status=all*")
    page.locator("details.menu summary").focus()
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.value") != "zh-hans":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="线索")).to_be_visible()
    expect(page.get_by_label("状态")).to_have_value("all")
    page.goto("/hunts/")
    expect(page.get_by_role("heading", name="寻客任务")).to_be_visible()


@pytest.mark.parametrize("language", NAMES)
def test_pages_fit_and_can_be_read_by_everybody(open_page, run, language):
    page = open_page()
    log_in(page, run.workspace.members.get().email)
    speak(page, language)
    lead = run.candidates.get(status="qualified").lead
    troubles = {}
    for path in (
        "/hunts/", "/hunts/new", run.get_absolute_url(), run.hunt.get_absolute_url(), "/hunts/conversations",
        "/leads/", "/leads/?q=nobody", lead.get_absolute_url(), "/accounts/email/",
    ):  # fmt: skip
        page.set_viewport_size(WIDE)
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language, path
        if is_too_wide(page):
            troubles[path, "wide"] = ["it scrolls sideways"]
        page.set_viewport_size(TELEPHONE)
        if found := faults(page):
            troubles[path, "telephone"] = found
    page.goto("/hunts/")
    page.locator("details.menu summary").click()
    expect(page.get_by_role("button", name=NAMES[language])).to_be_in_viewport()
    if found := faults(page):
        troubles["menu", "telephone"] = found
    assert troubles == {}


@pytest.mark.parametrize("language", NAMES)
def test_strangers_pages_fit_a_telephone(open_page, language):
    page = open_page(viewport=TELEPHONE, locale=BROWSERS[language])
    troubles = {}
    for path in ("/", "/about/crawler", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language, path
        words, footer = page.locator("main > *").last.bounding_box(), page.locator("footer").bounding_box()
        assert words["y"] + words["height"] <= footer["y"], f"{path}: the languages lie on the text"
        if found := faults(page):
            troubles[path] = found
    assert troubles == {}


@pytest.mark.parametrize("language", NAMES)
def test_a_streamed_answer_is_in_the_language_of_the_page(open_page, workspace, language):
    """The browser's own language, without a cookie: the stream is asked for it as the page is."""
    page = open_page()
    log_in(page, workspace.members.get().email)
    page.set_extra_http_headers({"Accept-Language": BROWSERS[language]})
    page.goto("/hunts/new")
    page.locator("#brief").fill(BRIEFS[language])
    page.locator("#brief").press("Enter")
    expect(page.locator(".suggestions button").first).to_be_visible()  # the answer is whole, and the profile with it
    assert Conversation.objects.get().icp.employees or language == "sr-latn"
    own = page.locator("#profile, #start").all_inner_texts()
    assert own
    assert page.locator("#max_spend").input_value() == "5"
    assert [word for text in own for word in ENGLISH.findall(text)] == []
