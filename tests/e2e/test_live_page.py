"""The live page of a run in a browser: what is replaced every second leaves whoever reads it where they are."""

import pytest
from playwright.sync_api import Page, expect

from billing import ledger
from hunts import pipeline
from hunts.models import Run, RunEvent
from tests.e2e.test_walk import log_in
from tests.factories import CandidateFactory, MembershipFactory, RunFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

FRAME = "document.querySelector('.table-frame[aria-label=Companies]')"


@pytest.fixture
def run() -> Run:
    member = MembershipFactory()
    run = RunFactory(hunt__workspace=member.workspace, started_by=member.user)
    CandidateFactory.create_batch(3, run=run, status="qualified", stage="deliver", tier="A", score=90)
    return run


@pytest.fixture
def page(open_page, run) -> Page:
    """The run's page on a phone, with its stream open."""
    page = open_page(viewport={"width": 390, "height": 844})
    log_in(page, run.started_by.email)
    page.goto(run.get_absolute_url())
    told(page, run, "the first news")
    return page


def told(page: Page, run: Run, message: str) -> None:
    """Have the run say something, and wait until the page shows it."""
    RunEvent.objects.create(run=run, message=message)
    expect(page.get_by_text(message)).to_be_visible()


def test_the_table_stays_where_it_was_scrolled_to_and_the_keyboard_where_it_was(page, run):
    page.evaluate(f"{FRAME}.scrollLeft = 90")
    scrolled = page.evaluate(f"{FRAME}.scrollLeft")
    assert scrolled > 0, "the table is wider than the phone"
    lead = run.candidates.first().lead
    for name in ("run-pause", "tab-log", "companies", f"lead-{lead.pk}", "show-all"):
        page.evaluate(f"document.getElementById('{name}').focus({{preventScroll: true}})")
        told(page, run, f"news while {name} has the keyboard")
        assert page.evaluate("document.activeElement.id") == name
        assert page.evaluate(f"{FRAME}.scrollLeft") == scrolled


def test_what_a_run_cost_is_shown_when_it_ends_and_not_only_after_a_reload(page, run):
    costs = page.locator("#costs")
    expect(costs).to_contain_text("Nothing until now.")
    hold = ledger.reserve(run.budget_id, 1_250_000, provider="exa", operation="search")
    assert hold is not None
    ledger.settle(hold, 1_250_000)
    pipeline.cancel(run)
    expect(page.locator(".state-cancelled")).to_be_visible()
    expect(costs).to_contain_text("$1.25")
    expect(costs).to_contain_text("Total")
    expect(costs).to_have_count(1)
