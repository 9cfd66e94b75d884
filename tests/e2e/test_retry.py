"""A run that is done again from a stage, walked in a browser."""

import re

import pytest
from playwright.sync_api import expect

from hunts import launch
from hunts.models import Run
from tests.e2e.test_walk import log_in
from tests.factories import ICP, MembershipFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def test_a_run_is_retried_from_a_stage_after_its_price_was_read_and_one_company_from_its_row(open_page, worker):
    member = MembershipFactory()
    hunt = launch.save_hunt(member.workspace, ICP, source="sandbox", limit=3, max_spend_microusd=0, by=member.user)
    run = launch.run(hunt, by=member.user)
    page = open_page()
    log_in(page, member.user.email)
    page.goto(run.get_absolute_url())
    expect(page.locator(".state-succeeded")).to_be_visible(timeout=90_000)

    page.get_by_role("link", name="Retry from a stage").click()
    page.get_by_role("link", name="Qualify").click()
    expect(page.get_by_text("The judge is asked about each company again.").first).to_be_visible()
    count = Run.objects.get().candidates.filter(assessment__isnull=False).count()
    page.get_by_role("button", name=f"Retry {count} companies · free").click()
    expect(page.get_by_text(f"{count} companies begin again.")).to_be_visible()
    expect(page.locator(".state-succeeded")).to_be_visible(timeout=90_000)  # told by the stream

    page.get_by_role("link", name="All", exact=False).filter(has_text="3").click()
    page.get_by_role("row").nth(1).get_by_role("link").last.click()
    page.get_by_role("button", name="Retry 1 company · free").click()
    expect(page.get_by_text("1 company begins again.")).to_be_visible()
    expect(page.locator(".state-succeeded")).to_be_visible(timeout=90_000)

    page.get_by_role("link", name="Log", exact=True).click()
    page.get_by_label("Search the log").fill("retry of")
    page.get_by_label("Search the log").press("Enter")
    expect(page).to_have_url(re.compile("q=retry"))
    expect(page.get_by_text("Retry of 1 company from")).to_be_visible()
    expect(page.get_by_text("in the table and in exports")).to_have_count(0)
