"""The page of a run: which companies it shows, what can be done with it, and going on after a limit."""

import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.urls import reverse
from django.utils import timezone

from hunts import limits, live, reports, runpage
from hunts.models import Run, RunEvent
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import CandidateFactory, MembershipFactory, RunFactory
from tests.hunts.test_live import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(workspace) -> Run:
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run, lead__name="At Work", status="working", stage="crawl")
    CandidateFactory(run=run, lead__name="Good Ltd", status="qualified", stage="deliver", tier="A", score=90)
    CandidateFactory(run=run, lead__name="Broken Ltd", status="failed", stage="qualify", reason="No model answers.")
    CandidateFactory(run=run, lead__name="Bad Ltd", status="rejected", stage="score", tier="D", score=3)
    CandidateFactory(run=run, lead__name="Twin Ltd", status="rejected", stage="crawl", reason="Same as Good Ltd.")
    return run


NAMES = ["At Work", "Good Ltd", "Broken Ltd", "Bad Ltd", "Twin Ltd"]


@pytest.mark.parametrize(
    ("show", "names"),
    [
        ("", ["At Work", "Good Ltd", "Broken Ltd"]),
        ("qualified", ["Good Ltd"]),
        ("failed", ["Broken Ltd"]),
        ("hidden", ["Bad Ltd", "Twin Ltd"]),
        ("all", NAMES),
        ("nonsense", ["At Work", "Good Ltd", "Broken Ltd"]),
    ],
)
def test_rejected_companies_are_a_press_away_and_every_choice_is_counted(client_of_owner, run, show, names):
    page = client_of_owner.get(run.get_absolute_url(), {"show": show}).text
    rows = re.findall(r'class="name" href="/leads/\d+/"[^>]*>([^<]+)<', page)
    assert sorted(rows) == sorted(names)
    counts = re.findall(r'class="chip" href="/hunts/runs/\d+/[^"]*"[^>]*>[^<]+<span class="num soft">(\d+)<', page)
    assert counts == ["3", "1", "1", "2", "5"]


def test_the_best_come_first_then_those_at_work_then_the_others_in_the_order_they_were_found(run, monkeypatch):
    CandidateFactory(run=run, lead__name="Better Ltd", status="qualified", stage="deliver", tier="A", score=95)
    CandidateFactory(run=run, lead__name="Waiting", status="queued")
    names = ["Better Ltd", "Good Ltd", "Bad Ltd", "At Work", "Waiting", "Broken Ltd", "Twin Ltd"]
    assert [one.lead.name for one in runpage.rows(run, "all")] == names
    monkeypatch.setattr(runpage, "ROWS", 3)
    assert [one.lead.name for one in runpage.rows(run, "all")] == names[:3]


def test_who_can_be_written_to_is_counted_of_the_qualified_alone(run):
    assert reports.progress(run).with_contact == 0
    Lead.objects.filter(name__in=["Good Ltd", "Bad Ltd", "At Work"]).update(contact_email="ada@good.example")
    CandidateFactory(run=run, lead__name="Unreachable", status="qualified", stage="deliver", tier="B", score=70)
    assert reports.progress(run).with_contact == 1


def test_the_log_on_the_page_says_how_many_lines_are_not_shown(client_of_owner, run):
    RunEvent.objects.bulk_create(RunEvent(run=run, message=f"line {number}") for number in range(20))
    RunEvent.objects.create(run=run, level="error", message="an error")
    page = client_of_owner.get(run.get_absolute_url()).text
    assert "an error" in page and "line 19" in page and "line 8" not in page
    assert "Show 9 more lines" in page


def test_a_company_that_failed_shows_where_and_why_and_can_be_retried(client_of_owner, run):
    page = client_of_owner.get(run.get_absolute_url()).text
    broken = run.candidates.get(lead__name="Broken Ltd")
    assert "failed at qualify" in page and "No model answers." in page
    assert f'href="/hunts/runs/{run.pk}/retry?candidate={broken.pk}"' in page
    assert f"retry?candidate={run.candidates.get(lead__name='At Work').pk}" not in page


def test_what_was_found_but_rejected_to_the_last_is_said_and_shown_by_a_link(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)
    CandidateFactory(run=run, status="rejected", stage="score")
    page = client_of_owner.get(run.get_absolute_url()).text
    assert "All companies were rejected or known." in page and "?show=hidden" in page


def test_the_rest_is_estimated_at_the_pace_since_work_began_last(run):
    day_ago = timezone.now() - timedelta(days=1)
    Run.objects.filter(pk=run.pk).update(started_at=day_ago, resumed_at=timezone.now() - timedelta(seconds=8))
    CandidateFactory.create_batch(4, run=run, status="qualified", stage="deliver", finished_at=timezone.now())
    run.refresh_from_db()
    now = reports.progress(run)
    assert (now.found, now.over, now.over_lately) == (9, 8, 4)
    assert now.eta_seconds == 2


@pytest.mark.django_db(transaction=True)
def test_the_stream_keeps_to_the_companies_that_its_page_shows(monkeypatch):
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    member = MembershipFactory()
    run = RunFactory(hunt__workspace=member.workspace)

    async def walk() -> None:
        async with opened(run.pk, client, "show=hidden") as stream, opened(run.pk, client, "show=%ff") as other:
            for one in (stream, other):
                await one.next()
                await one.next()
            await sync_to_async(CandidateFactory)(run=run, lead__name="Bad Ltd", status="rejected", stage="score")
            assert "Bad Ltd</a>" in await stream.text()
            assert "Bad Ltd</a>" not in await other.text()

    client = signed_in(member.user)
    async_to_sync(walk)()


# ── going on after a limit ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stopped(workspace) -> Run:
    """A run that stopped at its own limit of $5."""
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.PAUSED, ceiling="run", note="Stopped at your limit.")
    CandidateFactory.create_batch(3, run=run, stage="qualify", facts={"pages": []})
    return run


def raised(client, run: Run, amount: str, **headers: str):
    return client.post(reverse("hunts:raise-limit", args=[run.pk]), {"max_spend": amount}, headers=headers)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "The limit is an amount from 0 to 10,000 dollars."),
        ("0", "That is not more than the $5.00"),
        ("5", "That is not more than the $5.00"),
        ("-1", "The limit is an amount"),
        ("1e30", "The limit is an amount"),
        ("NaN", "The limit is an amount"),
        ("Infinity", "The limit is an amount"),
        ("ten", "The limit is an amount"),
        ("10000.01", "The limit is an amount"),
        ("7.001", "Cents are the smallest part"),
        ("0,500", "Cents are the smallest part"),
        ("<b>", "The limit is an amount"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_in_its_place_and_nothing_typed_is_lost(
    client_of_owner, stopped, typed, told
):
    page = raised(client_of_owner, stopped, typed)
    assert page.status_code == 422
    assert told in page.text
    assert f'value="{typed.replace("<", "&lt;").replace(">", "&gt;")}"' in page.text
    assert raised(client_of_owner, stopped, typed, hx_request="true").status_code == 200
    stopped.refresh_from_db()
    assert (stopped.status, stopped.budget.cap_microusd) == (Run.Status.PAUSED, 5_000_000)


def test_a_higher_limit_lets_the_run_go_on_and_a_second_press_raises_nothing(client_of_owner, stopped):
    raised(client_of_owner, stopped, "7.50")
    answer = client_of_owner.post(reverse("hunts:raise-limit", args=[stopped.pk]), {"max_spend": "9"}, follow=True)
    assert "moved on meanwhile: it is queued now" in answer.text
    stopped.refresh_from_db()
    stopped.budget.refresh_from_db()
    assert (stopped.status, stopped.ceiling, stopped.note) == (Run.Status.QUEUED, "", "")
    assert stopped.budget.cap_microusd == 7_500_000


def test_the_form_suggests_an_amount_that_is_enough_for_the_rest(client_of_owner, stopped, settings):
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test-1", "model": "gpt-4.1-mini"}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": openai}
    stopped.budget.spent_microusd = 4_990_000
    stopped.budget.save()
    enough = limits.enough_microusd(stopped)
    rest = enough - 4_990_000
    assert enough % 10_000 == 0 and rest > 0
    page = client_of_owner.get(stopped.get_absolute_url()).text
    assert f'value="{enough / 1_000_000:.2f}"' in page
    CandidateFactory.create_batch(30, run=stopped, stage="qualify", facts={"pages": []})
    assert limits.enough_microusd(stopped) - 4_990_000 > 5 * rest


@pytest.mark.parametrize("ceiling", ["workspace", "provider", "global"])
def test_at_a_ceiling_that_is_not_the_runs_own_the_page_leads_to_the_spending_limits(client_of_owner, stopped, ceiling):
    Run.objects.filter(pk=stopped.pk).update(ceiling=ceiling)
    page = client_of_owner.get(stopped.get_absolute_url()).text
    assert 'href="/settings/spending"' in page
    assert 'name="max_spend"' not in page


def test_the_api_raises_the_limit_and_says_when_it_cannot(client_of_owner, stopped):
    path = f"/api/runs/{stopped.pk}/limit"
    assert client_of_owner.post(path, {"max_spend_microusd": 5_000_000}, "application/json").status_code == 409
    assert client_of_owner.post(path, {"max_spend_microusd": 10**30}, "application/json").status_code == 422
    assert client_of_owner.post(path, {"max_spend_microusd": -1}, "application/json").status_code == 422
    answer = client_of_owner.post(path, {"max_spend_microusd": 6_000_000}, "application/json")
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert client_of_owner.post(path, {"max_spend_microusd": 8_000_000}, "application/json").status_code == 409
    stopped.budget.refresh_from_db()
    assert stopped.budget.cap_microusd == 6_000_000


def test_the_api_lists_the_companies_of_a_run(client_of_owner, run):
    path = f"/api/runs/{run.pk}/candidates"
    first = client_of_owner.get(path, {"show": "all", "limit": 3}).json()
    rest = client_of_owner.get(path, {"show": "all", "limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["name"] for one in first["items"] + rest["items"]] == NAMES[::-1]
    assert [one["reason"] for one in client_of_owner.get(path, {"show": "failed"}).json()["items"]] == [
        "No model answers."
    ]
