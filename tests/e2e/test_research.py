"""Deep research of a lead in a real browser, without a language model."""

import threading
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from playwright.sync_api import expect

from hunts import launch, research
from hunts.brief import read_brief
from hunts.models import Run
from hunts.research_models import Research, Statement
from leads.models import Lead
from tests.e2e.test_walk import audit, log_in
from tests.factories import MembershipFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def researcher(transactional_db) -> Iterator[None]:
    """Work on whatever research is due, until the test is over."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.1):
            for pk in Research.objects.due().values_list("pk", flat=True):
                async_to_sync(research.work_on)(pk)
        connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    is_over.set()
    thread.join(20)


def test_a_lead_is_researched_and_every_citation_leads_to_its_proof(open_page, worker, researcher):
    member = MembershipFactory()
    brief = read_brief("Contract manufacturers of precision machined parts in Germany")
    hunt = launch.save_hunt(member.workspace, brief, source="sandbox", limit=4, max_spend_microusd=0)
    launch.run(hunt)
    page = open_page()
    log_in(page, member.user.email)
    page.goto(Run.objects.get().get_absolute_url())
    expect(page.get_by_text("succeeded")).to_be_visible(timeout=90_000)
    lead = Lead.objects.exclude(assessment=None).order_by("-score").first()
    page.goto(lead.get_absolute_url())
    page.get_by_role("button", name="Research this company").click()
    expect(page.locator("#research .state-succeeded")).to_be_visible(timeout=90_000)
    cited = Statement.objects.filter(question__research__lead=lead)
    assert cited.exists()
    links = page.locator("#research a[href*='/research/']")
    addresses = {(link.get_attribute("href") or "").removesuffix("#quote") for link in links.all()}
    assert len(addresses) >= cited.count()
    assert audit(page, "") == {}
    for statement in cited[:5]:
        address = next(one for one in addresses if one.rstrip("/").endswith(f"/{statement.pk}"))
        page.goto(address)
        assert page.locator("mark").inner_text() == statement.quote
