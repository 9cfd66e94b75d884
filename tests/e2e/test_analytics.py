"""The page of trends in a real browser: drawn under the strict policy, in light and dark, and readable without."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from hunts.figure_models import RunFigures, RunSpend
from tests.e2e.test_languages import TELEPHONE
from tests.e2e.test_walk import log_in
from tests.factories import MembershipFactory
from tests.harness.looks import faults
from tests.hunts.test_analytics import ONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def person():
    """Somebody whose workspace had a run on each of the last twelve days."""
    member = MembershipFactory()
    for days in range(12):
        figures = RunFigures.objects.create(
            workspace=member.workspace,
            ended_at=timezone.now() - timedelta(days=days),
            **ONE,
        )
        RunSpend.objects.create(figures=figures, provider="kimi", spent_microusd=800_000)
    return member.user


def drawn(page: Page) -> None:
    expect(page.locator(".chart.is-drawn")).to_have_count(6)
    expect(page.locator(".chart svg.apexcharts-svg")).to_have_count(6)


def test_trends_are_drawn_in_light_and_dark_and_the_policy_has_no_complaint(open_page, person):
    page = open_page(color_scheme="light")
    log_in(page, person.email)
    page.get_by_role("link", name="Analytics").click()
    drawn(page)
    assert faults(page) == []
    bar = page.locator('.chart .apexcharts-bar-area[fill^="rgba"]').first
    in_light = bar.get_attribute("fill")
    page.get_by_role("button", name="Light or dark").click()
    expect(bar).not_to_have_attribute("fill", in_light)
    drawn(page)
    assert faults(page) == []

    page.set_viewport_size(TELEPHONE)
    page.get_by_role("link", name="12 months").click()
    page.wait_for_url("**range=12m*")
    drawn(page)
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("region", name="New companies and new qualified leads").get_by_role("row")).to_have_count(
        13
    )
    assert faults(page) == []
    page.get_by_label("Source").select_option("file")
    page.wait_for_url("**range=12m*source=file*")
    expect(page.get_by_role("heading", name="No run ended here in this time")).to_be_visible()
    assert faults(page) == []


def test_trends_can_be_read_without_javascript(open_page, person):
    page = open_page(java_script_enabled=False)
    log_in(page, person.email)
    page.goto("/analytics/?range=7d")
    page.get_by_text("As a table").nth(1).click()
    expect(page.get_by_role("cell", name="60 %").first).to_be_visible()
    page.get_by_label("Source").select_option("file")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="No run ended here in this time")).to_be_visible()
