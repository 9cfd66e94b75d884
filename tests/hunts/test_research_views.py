"""The doors to deep research, and what a lead's page shows of it."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from hunts import research
from hunts.brief import read_brief
from hunts.research_models import Research, ResearchQuestion, Statement
from integrations.lexicon.text import sha256_of
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import PAGE, QUOTE, CandidateFactory, JudgedLeadFactory

pytestmark = pytest.mark.django_db

BRIEF = "We sell cutting tools to contract manufacturers of precision machined parts in Austria"


@pytest.fixture
def lead(workspace) -> Lead:
    found = JudgedLeadFactory(workspace=workspace)
    CandidateFactory(lead=found, run__hunt__workspace=workspace, run__hunt__icp_json=read_brief(BRIEF).to_json())
    return found


@pytest.fixture
def answered(lead) -> Research:
    """A research that is over, with one answer of a model and one of passages."""
    row = research.start(lead)
    first, second = row.questions.all()[:2]
    for question, text in ((first, "It **mills** <b>parts</b>."), (second, "")):
        Statement.objects.create(
            question=question,
            position=0,
            text=text,
            quote=QUOTE,
            url=lead.website,
            snapshot_id=sha256_of(PAGE),
            start=PAGE.index(QUOTE),
            end=PAGE.index(QUOTE) + len(QUOTE),
        )
    row.questions.filter(pk=first.pk).update(status="answered", answered_by="openai/gpt", left_out=2)
    row.questions.filter(pk=second.pk).update(status="answered", answered_by="passages", note="It was busy.")
    row.questions.filter(status="open").update(status=ResearchQuestion.Status.NOTHING)
    Research.objects.filter(pk=row.pk).update(status=Research.Status.SUCCEEDED, pages=[])
    return row


def page_of(client, lead: Lead) -> str:
    """Return the page, and the part of it that comes after it."""
    part = client.get(reverse("research:panel", args=[lead.pk]), headers={"HX-Request": "true"})
    return client.get(lead.get_absolute_url()).text + part.text


def start(client, lead: Lead):
    return client.post(reverse("research:start", args=[lead.pk]))


def test_before_there_is_one_the_page_says_what_it_does_and_costs(client_of_owner, lead):
    page = page_of(client_of_owner, lead)
    assert "Research this company" in page
    assert "It costs nothing" in page


def test_with_a_model_the_price_stands_before_the_button(client_of_owner, lead, settings):
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test-1", "model": "gpt-4.1-mini"}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": openai}
    assert re.search(r"It costs at most \$0\.\d+ \(openai/gpt-4\.1-mini\)", page_of(client_of_owner, lead))


def test_an_editor_starts_it_and_sees_it_under_way(client_of_owner, lead):
    answer = start(client_of_owner, lead)
    assert answer.headers["Location"] == f"{lead.get_absolute_url()}#research"
    assert start(client_of_owner, lead).status_code == 302
    row = Research.objects.get(lead=lead)
    assert row.hunt is not None and row.started_by is not None
    page = page_of(client_of_owner, lead)
    assert f'hx-get="{reverse("research:panel", args=[lead.pk])}"' in page
    assert "Reading" in page and "Research this company" not in page


def test_a_viewer_may_look_and_not_start(viewer, lead, answered):
    client = signed_in(viewer)
    assert start(client, lead).status_code == 403
    page = page_of(client, lead)
    assert "Deep research" in page and "Research it again" not in page
    change = reverse("research:change", args=[lead.pk, answered.pk, "retry"])
    assert client.post(change).status_code == 403
    research.start(lead)
    assert "/cancel" not in page_of(client, lead)


@pytest.mark.parametrize("who", ["stranger", "anonymous"])
def test_others_see_and_change_nothing(client, client_of_stranger, lead, answered, who):
    visitor = client_of_stranger if who == "stranger" else client
    statement = Statement.objects.first()
    addresses = [
        reverse("research:panel", args=[lead.pk]),
        reverse("research:citation", args=[lead.pk, statement.pk]),
    ]
    changes = [
        reverse("research:start", args=[lead.pk]),
        reverse("research:change", args=[lead.pk, answered.pk, "retry"]),
        reverse("research:change", args=[lead.pk, answered.pk, "cancel"]),
    ]
    for answer in (*map(visitor.get, addresses), *map(visitor.post, changes)):
        if who == "stranger":
            assert answer.status_code == 404
        else:
            assert answer.headers["Location"].startswith("/accounts/login/")
    assert Research.objects.count() == 1


def test_nothing_starts_by_following_a_link(client_of_owner, lead):
    assert client_of_owner.get(reverse("research:start", args=[lead.pk])).status_code == 405


def test_every_citation_leads_to_its_quote_on_the_stored_page(client_of_owner, lead, answered):
    page = page_of(client_of_owner, lead)
    cited = set(re.findall(r'href="(/leads/\d+/research/statements/\d+/)#quote"', page))
    assert len(cited) == 2
    for address in cited:
        assert f'<mark id="quote">{QUOTE}</mark>' in client_of_owner.get(address).text


def test_two_statements_of_one_place_have_one_number(client_of_owner, lead, answered):
    page = page_of(client_of_owner, lead)
    assert page.count('aria-label="Source 1"') == 2
    assert 'aria-label="Source 2"' not in page
    assert "One source" in page


def test_what_a_model_wrote_goes_through_the_one_markdown_function(client_of_owner, lead, answered):
    page = page_of(client_of_owner, lead)
    assert "<p>It <strong>mills</strong> &lt;b&gt;parts&lt;/b&gt;.</p>" in page
    assert "2 sentences were left out" in page
    assert "It was busy." in page
    assert "Written by openai/gpt" in page
    assert "say nothing of it" in page


def test_a_failure_is_told_with_its_reason_and_a_way_on(client_of_owner, lead):
    row = research.start(lead)
    Research.objects.filter(pk=row.pk).update(status=Research.Status.FAILED, problem="The site is gone.")
    page = page_of(client_of_owner, lead)
    assert "The site is gone." in page and "Try again" in page
    client_of_owner.post(reverse("research:change", args=[lead.pk, row.pk, "retry"]))
    row.refresh_from_db()
    assert row.status == Research.Status.QUEUED


def test_it_is_stopped_by_its_button(client_of_owner, lead):
    row = research.start(lead)
    client_of_owner.post(reverse("research:change", args=[lead.pk, row.pk, "cancel"]))
    row.refresh_from_db()
    assert row.status == Research.Status.CANCELLED
    again = client_of_owner.post(reverse("research:change", args=[lead.pk, row.pk, "cancel"]), follow=True)
    assert "moved on meanwhile" in again.text


def test_an_unknown_change_is_not_there(client_of_owner, lead, answered):
    change = reverse("research:change", args=[lead.pk, answered.pk, "explode"])
    assert client_of_owner.post(change).status_code == 404


def test_the_part_that_asks_for_itself_is_the_pages_own(client_of_owner, lead, answered):
    address = reverse("research:panel", args=[lead.pk])
    part = client_of_owner.get(address, headers={"HX-Request": "true"}).text
    assert part.count("<section") == 1 and "hx-get" not in part
    whole = client_of_owner.get(address).text
    assert 'id="research-title"' in part and 'id="research-title"' in whole and "<html" in whole


def test_the_page_of_a_researched_lead_takes_few_queries(
    client_of_owner, lead, answered, django_assert_max_num_queries
):
    for address in (lead.get_absolute_url(), reverse("research:panel", args=[lead.pk])):
        with django_assert_max_num_queries(12):
            assert client_of_owner.get(address, headers={"HX-Request": "true"}).status_code == 200


def test_a_task_does_it(sandbox, client_of_owner, lead):
    Lead.objects.filter(pk=lead.pk).update(website="https://drehwerk-albtal.example/")
    start(client_of_owner, lead)
    row = Research.objects.get(lead=lead)
    async_to_sync(research.work_on)(row.pk)
    page = page_of(client_of_owner, lead)
    assert "succeeded" in page and "No language model is set up" in page
