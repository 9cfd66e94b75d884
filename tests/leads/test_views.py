"""The doors of leads and stored pages."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

from accounts.models import Membership
from billing import ledger
from hunts.models import Candidate
from integrations.models import ProviderCall
from leads import paging
from leads.models import Evidence, Lead
from tests.factories import QUOTE, CandidateFactory, JudgedLeadFactory, LeadFactory, RunFactory

pytestmark = pytest.mark.django_db

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def names_on(page: str) -> list[str]:
    return [lead.name for lead in Lead.objects.all() if f">{lead.name}</a>" in page]


def paid(candidate: Candidate, microusd: int) -> int:
    """Spend so much for a candidate; the hold's number."""
    hold = ledger.reserve(
        candidate.run.budget_id, microusd, provider="kimi", operation="chat", lead_ref=candidate.lead_id
    )
    ledger.settle(hold, microusd)
    return hold


def proof_page(lead: Lead) -> str:
    return f"{lead.get_absolute_url()}evidence/{lead.assessment.evidence.get().pk}/"


def test_another_workspaces_lead_and_its_proof_are_not_there(client_of_stranger, workspace):
    lead = JudgedLeadFactory(workspace=workspace)
    assert client_of_stranger.get(lead.get_absolute_url()).status_code == 404
    assert client_of_stranger.get(proof_page(lead)).status_code == 404
    assert names_on(client_of_stranger.get("/leads/?status=all").text) == []
    assert lead.handle not in client_of_stranger.get("/leads/export.csv?status=all").text


def test_a_member_who_left_sees_nothing_any_more(client_of_owner, workspace):
    lead = JudgedLeadFactory(workspace=workspace)
    Membership.objects.all().delete()
    answer = client_of_owner.get(lead.get_absolute_url())
    assert (answer.status_code, answer.url) == (302, "/workspaces/")  # where one can be made


def test_a_proof_is_marked_where_it_stands(client_of_owner, workspace):
    page = client_of_owner.get(proof_page(JudgedLeadFactory(workspace=workspace))).text
    assert f">{QUOTE}</mark>" in page


def test_a_proof_of_another_lead_is_not_found_under_this_one(client_of_owner, workspace):
    one, other = JudgedLeadFactory.create_batch(2, workspace=workspace)
    foreign = other.assessment.evidence.get().pk
    assert client_of_owner.get(f"{one.get_absolute_url()}evidence/{foreign}/").status_code == 404


def test_hostile_pages_are_shown_as_text(client_of_owner, workspace):
    evil = "<img src=x onerror=alert(1)>"
    lead = JudgedLeadFactory(workspace=workspace, name=evil, best_quote=evil, website="javascript:alert(1)")
    Evidence.objects.update(text=evil, reason=evil, url="javascript:alert(1)")
    lead.contacts.update(name=evil, title=evil, source_url="data:text/html,x", linkedin_url="javascript:alert(1)")
    for path in ("/leads/", lead.get_absolute_url(), proof_page(lead)):
        page = client_of_owner.get(path).text
        assert evil not in page
        assert 'href="javascript:' not in page
        assert 'href="data:' not in page


def test_a_score_is_explained_to_its_sum_and_a_cost_to_the_micro_dollar(client_of_owner, workspace):
    lead = JudgedLeadFactory(workspace=workspace)
    candidate = CandidateFactory(run__hunt__workspace=workspace, lead=lead)
    ProviderCall.objects.create(
        workspace=workspace, candidate_ref=str(candidate.pk), key="k", provider="kimi", operation="chat",
        status="answered", cost_microusd=4_217, run_ref=str(candidate.run_id), hold_id=paid(candidate, 4_217),
    )  # fmt: skip
    page = client_of_owner.get(lead.get_absolute_url()).text
    assert str(lead.assessment.explained().total) in page
    assert "$0.004217" in client_of_owner.get(f"{lead.get_absolute_url()}costs").text


def test_leads_are_narrowed_down_by_the_address(client_of_owner, workspace):
    best = JudgedLeadFactory(workspace=workspace, name="Acme Precision")
    JudgedLeadFactory(workspace=workspace, name="Beta Works", tier="B", score=60)
    LeadFactory(workspace=workspace, name="Gamma New")
    candidate = CandidateFactory(run=RunFactory(hunt__workspace=workspace), lead=best)
    hunt = candidate.run.hunt_id
    for query, expected in {
        "": {"Acme Precision", "Beta Works"},
        "?tier=B": {"Beta Works"},
        "?q=acme": {"Acme Precision"},
        "?status=new": {"Gamma New"},
        "?status=all": {"Acme Precision", "Beta Works", "Gamma New"},
        f"?hunt={hunt}": {"Acme Precision"},
        "?q=nothing+like+it": set(),
        "?tier=Z&sort=sideways&hunt=x": {"Acme Precision", "Beta Works"},
    }.items():
        assert set(names_on(client_of_owner.get(f"/leads/{query}").text)) == expected, query


def test_pages_go_forth_and_back_without_losing_a_lead(workspace):
    JudgedLeadFactory.create_batch(3, workspace=workspace, score=50)
    JudgedLeadFactory.create_batch(4, workspace=workspace)
    for sort in paging.SORTS:
        leads = Lead.objects.visible_to(workspace)
        first = paging.page(leads, sort=sort, size=3)
        second = paging.page(leads, sort=sort, size=3, cursor=first.next_cursor)
        third = paging.page(leads, sort=sort, size=3, cursor=second.next_cursor)
        assert len({lead.pk for page in (first, second, third) for lead in page.rows}) == 7
        assert third.next_cursor == ""
        back = paging.page(leads, sort=sort, size=3, cursor=third.previous_cursor)
        assert back.rows == second.rows
        assert paging.page(leads, sort=sort, size=3, cursor=back.previous_cursor).rows == first.rows


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "bnVsbA", "WzAsICJzY29yZSIsICJOYU4iLCAxXQ", "%F0%9F%92%A9", "A" * 9_000]
)
def test_a_cursor_that_is_not_ours_leads_to_the_first_page(client_of_owner, cursor):
    answer = client_of_owner.get(f"/leads/?tier=A&cursor={cursor}")
    assert answer.headers["Location"] == "/leads/?tier=A"


def test_a_full_table_takes_few_queries(client_of_owner, workspace, django_assert_max_num_queries):
    JudgedLeadFactory.create_batch(60, workspace=workspace)
    with django_assert_max_num_queries(9):
        page = client_of_owner.get("/leads/").text
    assert len(names_on(page)) == 50


def test_an_export_holds_what_the_table_shows(client_of_owner, workspace):
    JudgedLeadFactory(workspace=workspace, name="Acme Precision")
    JudgedLeadFactory(workspace=workspace, name="=1+1", tier="B", score=60)
    answer = client_of_owner.get("/leads/export.csv?tier=A")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["company"] for row in rows] == ["Acme Precision"]
    book = load_workbook(io.BytesIO(client_of_owner.get("/leads/export.xlsx").getvalue()))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {"Acme Precision"} <= {cell.value for cell in cells}
    assert all(cell.data_type != "f" for cell in cells)
    assert client_of_owner.get("/leads/export.exe").status_code == 404


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")
def test_no_naughty_string_breaks_the_table(client_of_owner, workspace):
    JudgedLeadFactory(workspace=workspace)
    for text in json.loads((SHARED_DATA / "corpora" / "blns.json").read_text())[::5]:
        asked = dict.fromkeys(("q", "tier", "status", "hunt", "sort", "cursor"), text)
        assert client_of_owner.get("/leads/", asked).status_code in (200, 302)
