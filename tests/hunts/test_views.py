"""The doors of hunts and runs."""

import json
import os
from pathlib import Path

import pytest
from django.urls import reverse

from hunts.brief import read_brief
from hunts.icp import Icp
from hunts.models import Candidate, Hunt, Run
from integrations.capabilities import Range
from tests.factories import CandidateFactory, CompanyFactory, HuntFactory, JudgedLeadFactory, RunFactory

pytestmark = pytest.mark.django_db

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BRIEF = "Fintech companies in the United Kingdom with 11-200 employees"


def read(client, brief: str = BRIEF):
    return client.post("/hunts/new", {"action": "read", "brief": brief})


def fields_of(icp: Icp, **more) -> dict:
    """What a browser sends for a profile."""
    return {
        "brief": icp.brief,
        "language": icp.language,
        "countries": list(icp.countries),
        "industries": list(icp.industries),
        "keywords": list(icp.keywords),
        "employees_min": icp.employees.min or "",
        "employees_max": icp.employees.max or "",
        "employees_min_was": icp.employees.min or "",
        "employees_max_was": icp.employees.max or "",
        "criterion": [criterion.text for criterion in icp.criteria],
        "kind": [criterion.kind for criterion in icp.criteria],
        "weight": [criterion.weight for criterion in icp.criteria],
        "facet": [criterion.facet for criterion in icp.criteria],
        "source": "directory",
        "limit": "10",
        "max_spend": "1.50",
        **more,
    }


@pytest.mark.parametrize("path", ["/hunts/", "/hunts/new", "/hunts/1/", "/hunts/runs/1/", "/leads/", "/leads/1/"])
def test_strangers_are_asked_to_log_in(client, path):
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_another_workspaces_hunt_and_run_are_not_there(client_of_stranger, workspace):
    run = RunFactory(hunt__workspace=workspace)
    for path in (run.hunt.get_absolute_url(), run.get_absolute_url()):
        assert client_of_stranger.get(path).status_code == 404
    assert client_of_stranger.post(reverse("hunts:change-run", args=[run.pk, "cancel"])).status_code == 404
    assert client_of_stranger.post(reverse("hunts:run-again", args=[run.hunt_id])).status_code == 404
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_an_empty_list_offers_a_first_step(client_of_owner):
    assert "Whom do you sell to?" in client_of_owner.get("/hunts/").text


def test_a_list_of_many_hunts_takes_few_queries(client_of_owner, workspace, django_assert_max_num_queries):
    for _ in range(12):
        CandidateFactory(run__hunt__workspace=workspace)
    with django_assert_max_num_queries(8):
        assert client_of_owner.get("/hunts/").status_code == 200


def test_a_brief_becomes_a_profile_that_can_be_edited(client_of_owner):
    page = read(client_of_owner).text
    assert "United Kingdom" in page and "fintech" in page
    assert 'name="employees_min" value="11"' in page


def test_a_brief_that_cannot_be_read_is_kept_and_says_what_to_do(client_of_owner):
    answer = read(client_of_owner, "   ")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_adding_a_country_changes_the_criterion_that_followed_from_it(client_of_owner):
    icp = _read_icp()
    page = client_of_owner.post("/hunts/new", fields_of(icp, action="add:countries", new_countries="Ireland")).text
    assert "the United Kingdom or Ireland" in page


def test_a_deleted_criterion_stays_deleted_when_a_fact_changes(client_of_owner):
    icp = _read_icp()
    fields = fields_of(icp, action="add:keywords", new_keywords="open banking")
    gone = next(i for i, text in enumerate(fields["criterion"]) if "employees" in text)
    for name in ("criterion", "kind", "weight", "facet"):
        fields[name] = [value for i, value in enumerate(fields[name]) if i != gone]
    page = client_of_owner.post("/hunts/new", fields).text
    assert "open banking" in page
    assert "11 to 200 employees" not in page


def test_a_word_that_is_no_country_is_refused_in_plain_words(client_of_owner):
    page = client_of_owner.post("/hunts/new", fields_of(_read_icp(), action="add:countries", new_countries="Atlantis"))
    assert "not a country that we know" in page.text


def test_starting_makes_a_hunt_and_a_run_with_its_limits(client_of_owner, workspace):
    CompanyFactory()
    answer = client_of_owner.post("/hunts/new", fields_of(_read_icp(), action="start"))
    run = Run.objects.get(workspace=workspace)
    assert answer.headers["Location"] == run.get_absolute_url()
    assert (run.limit, run.budget.cap_microusd, run.status) == (10, 1_500_000, Run.Status.QUEUED)
    assert run.icp.countries == ("GB",)
    assert run.icp.employees == Range(11, 200)


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("max_spend", "-1"), ("max_spend", "NaN"), ("source", "moon")],
)
def test_nothing_starts_on_a_value_that_makes_no_sense(client_of_owner, field, value):
    CompanyFactory()
    answer = client_of_owner.post("/hunts/new", fields_of(_read_icp(), action="start", **{field: value}))
    assert 'role="alert"' in answer.text
    assert not Hunt.objects.exists()


def test_a_source_without_companies_or_key_cannot_be_chosen(client_of_owner):
    for source in ("directory", "exa", "file"):
        client_of_owner.post("/hunts/new", fields_of(_read_icp(), action="start", source=source))
    assert not Hunt.objects.exists()


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")
def test_no_naughty_string_breaks_the_profile_form(client_of_owner):
    naughty = json.loads((SHARED_DATA / "corpora" / "blns.json").read_text())
    for text in naughty[::9]:
        fields = fields_of(_read_icp(), action="add-criterion", new_criterion=text, keywords=[text], limit=text)
        assert client_of_owner.post("/hunts/new", fields).status_code in (200, 422)
        assert read(client_of_owner, text).status_code in (200, 422)


def test_hostile_text_is_shown_as_text(client_of_owner, workspace):
    evil = "<script>alert(1)</script>"
    run = RunFactory(hunt__workspace=workspace, hunt__name=evil, summary=evil, note=evil)
    lead = JudgedLeadFactory(workspace=workspace, name=evil, best_quote=evil)
    CandidateFactory(run=run, lead=lead, reason=evil, score=88, tier="A")
    for path in ("/hunts/", run.hunt.get_absolute_url(), run.get_absolute_url(), "/leads/", lead.get_absolute_url()):
        page = client_of_owner.get(path).text
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_a_run_is_paused_resumed_and_cancelled_by_its_buttons(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run)
    for action, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        client_of_owner.post(reverse("hunts:change-run", args=[run.pk, action]))
        run.refresh_from_db()
        assert run.status == status
    assert run.candidates.get().status == Candidate.Status.CANCELLED


def test_a_change_that_comes_too_late_says_so(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)
    page = client_of_owner.post(reverse("hunts:change-run", args=[run.pk, "pause"]), follow=True).text
    assert "moved on meanwhile" in page


def test_the_limit_of_a_paused_run_can_be_raised_and_not_lowered(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.PAUSED)
    change = reverse("hunts:change-run", args=[run.pk, "raise"])
    client_of_owner.post(change, {"max_spend": "1"})
    run.refresh_from_db()
    assert (run.status, run.budget.cap_microusd) == (Run.Status.PAUSED, 5_000_000)
    client_of_owner.post(change, {"max_spend": "7"})
    run.refresh_from_db()
    run.budget.refresh_from_db()
    assert (run.status, run.budget.cap_microusd) == (Run.Status.QUEUED, 7_000_000)


def test_the_page_of_a_big_run_takes_few_queries(client_of_owner, workspace, django_assert_max_num_queries):
    run = RunFactory(hunt__workspace=workspace)
    for _ in range(30):
        CandidateFactory(run=run)
    with django_assert_max_num_queries(12):
        assert client_of_owner.get(run.get_absolute_url()).status_code == 200


def _read_icp() -> Icp:
    return read_brief(BRIEF)


def test_editing_a_hunt_begins_with_its_own_profile_and_limits(client_of_owner, client_of_stranger, workspace):
    hunt = RunFactory(hunt__workspace=workspace, hunt__limit=37, hunt__max_spend_microusd=2_500_000).hunt
    page = client_of_owner.get(f"/hunts/new?from={hunt.pk}").text
    assert hunt.icp.criteria[0].text in page
    assert 'value="37"' in page and 'value="2.5"' in page
    assert client_of_stranger.get(f"/hunts/new?from={hunt.pk}").status_code == 404
    assert client_of_owner.get("/hunts/new?from=x").status_code == 200


def test_older_hunts_are_a_page_away(client_of_owner, workspace):
    hunts = HuntFactory.create_batch(52, workspace=workspace)
    first = client_of_owner.get("/hunts/").text
    assert f'href="{hunts[2].get_absolute_url()}"' in first and f'href="{hunts[1].get_absolute_url()}"' not in first
    older = client_of_owner.get(f"/hunts/?before={hunts[2].pk}").text
    assert f'href="{hunts[1].get_absolute_url()}"' in older and f'href="{hunts[2].get_absolute_url()}"' not in older


def test_odd_characters_in_a_profile_break_nothing(client_of_owner):
    CompanyFactory()
    fields = fields_of(_read_icp(), action="start", keywords=["ro\0bots"], brief="some \0 brief", roles=["C\0EO"])
    fields["criterion"][0] += "\0"
    assert client_of_owner.post("/hunts/new", fields).status_code == 302
    assert "\\u0000" not in json.dumps(Hunt.objects.get().icp_json)
