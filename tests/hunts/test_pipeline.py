"""Whole runs over the sandbox, with everything real but the outside world."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from accounts.models import Workspace
from billing import ledger
from billing.models import Budget, Hold
from enrichment.pages import texts_of
from hunts import pipeline, results
from hunts.models import Candidate, Run
from integrations.models import ProviderCall
from integrations.sandbox.catalogue import COMPANIES
from leads.models import Assessment, Evidence, Lead
from tests.harness.language_model import LanguageModelServer, garbage, gullible, liar

pytestmark = pytest.mark.django_db(transaction=True)


def work(run: Run) -> Run:
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def language_model(settings):
    """Make a stand-in the first judge: `language_model(server)`."""

    def use(server: LanguageModelServer) -> None:
        settings.PROVIDERS["openai"] |= {"api_key": "sk-test-1", "base_url": server.base_url, "model": "gpt-4.1-mini"}

    return use


def test_a_run_finishes_and_every_quote_stands_in_its_snapshot(sandbox, start_run):
    run = work(start_run(limit=20))
    assert (run.status, run.note) == (Run.Status.SUCCEEDED, "")
    assert run.summary.startswith("Found 20 companies")
    assert not run.candidates.exclude(status__in=Candidate.OVER).exists()
    quoted = list(Evidence.objects.exclude(quote=""))
    texts = texts_of({row.snapshot_sha256 for row in quoted})
    assert quoted
    assert all(texts[row.snapshot_sha256][row.start : row.end] == row.quote for row in quoted)


@pytest.mark.parametrize(
    ("brief", "summary"),
    [("德国的机械加工企业", "找到 3 家公司"), ("Proizvođači metalnih delova u Nemačkoj", "Pronađene 3 firme")],
    ids=["zh", "sr"],
)
def test_a_run_is_summed_up_in_its_log_by_the_language_of_its_brief(sandbox, start_run, brief, summary):
    assert work(start_run(brief, limit=3)).events.latest("pk").message.startswith(summary)


def test_hostile_sites_gain_nothing(sandbox, start_run):
    work(start_run(limit=60))
    hostile = [company.domain for company in COMPANIES if company.is_hostile]
    found = Lead.objects.filter(handle__in=hostile)
    assert not found.filter(status=Lead.Status.QUALIFIED).exists()


def test_a_second_run_uses_the_verdicts_of_the_first_and_gives_the_same_scores(sandbox, start_run):
    first = work(start_run(limit=40))
    assessments = Assessment.objects.count()
    again = work(pipeline.start(first.hunt))
    assert Assessment.objects.count() == assessments
    judged = again.candidates.filter(score__isnull=False)
    assert judged.exists() and not judged.filter(is_cached=False).exists()
    columns = ("lead", "status", "score")
    # What the first run found to be another company's second name is not found again.
    as_one = first.candidates.filter(lead__merged_into__isnull=True).order_by("lead")
    assert list(as_one.values_list(*columns)) == list(again.candidates.order_by("lead").values_list(*columns))


def test_the_explanation_of_each_score_adds_up_and_is_the_same_again(sandbox, start_run):
    run = work(start_run())
    for candidate in run.candidates.filter(score__isnull=False):
        explained = candidate.assessment.explained()
        assert explained.total == candidate.score
        assert sum(line.points for line in explained.lines) == candidate.score


def test_a_run_that_finds_nothing_says_what_to_do(sandbox, start_run):
    run = work(start_run("Zyxwvut qwrtpsdf"))
    assert run.status == Run.Status.SUCCEEDED
    assert "Try other words" in run.summary


def test_a_paused_run_begins_no_site_and_goes_on_when_resumed(sandbox, start_run):
    run = start_run()

    async def pause_soon() -> None:
        worker = asyncio.create_task(pipeline.work_on(run.pk, concurrency=2))
        while not await sync_to_async(run.candidates.filter(status__in=Candidate.OVER).exists)():
            await asyncio.wait([worker], timeout=0.01)
        assert await sync_to_async(pipeline.pause)(run)
        await worker

    async_to_sync(pause_soon)()
    assert run.candidates.filter(status=Candidate.Status.QUEUED).exists()
    assert not run.candidates.filter(status=Candidate.Status.WORKING).exists()
    assert pipeline.resume(run)
    assert work(run).status == Run.Status.SUCCEEDED


def test_a_cancelled_run_keeps_what_was_done_and_cannot_be_resumed(sandbox, start_run):
    run = start_run()
    assert pipeline.cancel(run)
    assert not pipeline.resume(run)
    assert work(run).status == Run.Status.CANCELLED
    assert not run.candidates.exists()


def test_a_retry_takes_up_what_failed_and_only_when_the_run_is_over(sandbox, start_run):
    run = work(start_run(limit=3))
    assert not pipeline.retry(run)
    run.candidates.filter(position=0).update(status=Candidate.Status.FAILED, stage="crawl", score=None, tier="")
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    assert not pipeline.retry(run)
    assert run.candidates.filter(status=Candidate.Status.FAILED).count() == 1
    Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED)
    assert pipeline.retry(run)
    assert work(run).status == Run.Status.SUCCEEDED
    assert not run.candidates.filter(status=Candidate.Status.FAILED).exists()


def test_a_model_that_quotes_what_is_not_there_lifts_nobody(sandbox, start_run, language_model):
    with LanguageModelServer(liar) as server:
        language_model(server)
        run = work(start_run(limit=6, cap=1_000_000))
    assert server.questions
    assert not run.candidates.filter(tier__in="AB").exists()
    assert set(Evidence.objects.values_list("verdict", flat=True)) == {"unverified"}


def test_a_gullible_model_shows_only_words_of_the_page_and_changes_only_its_own_lead(
    sandbox, start_run, language_model
):
    with LanguageModelServer(gullible) as server:
        language_model(server)
        work(start_run(limit=20, cap=1_000_000))
    for question in server.questions:
        assert len({page["url"].split("/")[2] for page in question["pages"]}) <= 1
    quoted = Evidence.objects.exclude(quote="")
    texts = texts_of(quoted.values_list("snapshot_sha256", flat=True))
    assert all(row.quote in texts[row.snapshot_sha256] for row in quoted)


def test_a_model_that_answers_garbage_is_stood_in_for_and_the_lead_says_by_whom(sandbox, start_run, language_model):
    with LanguageModelServer(garbage) as server:
        language_model(server)
        run = work(start_run(limit=4, cap=1_000_000))
    assert run.status == Run.Status.SUCCEEDED
    assert all(name.startswith("local") for name in Assessment.objects.values_list("judged_by", flat=True))


def test_what_was_spent_is_the_sum_of_the_calls_and_of_the_candidates(sandbox, start_run, language_model):
    with LanguageModelServer(gullible) as server:
        language_model(server)
        run = work(start_run(limit=6, cap=1_000_000))
    shown = results.as_json(run)
    calls = sum(ProviderCall.objects.values_list("cost_microusd", flat=True))
    assert shown["run"]["spent_microusd"] == calls > 0
    assert sum(lead["cost_microusd"] for lead in shown["leads"]) == calls


def test_a_run_stops_clean_at_its_limit_and_goes_on_when_it_is_raised(sandbox, start_run, language_model):
    with LanguageModelServer(gullible) as server:
        language_model(server)
        run = work(start_run(limit=6, cap=1))
        assert run.status == Run.Status.PAUSED
        assert "Stopped at your limit of <$0.0001: 0 of" in run.note
        assert server.questions == []
        assert pipeline.raise_limit(run, 1_000_000)
        assert pipeline.resume(run)
        assert work(run).status == Run.Status.SUCCEEDED


def test_a_limit_that_is_only_held_by_calls_under_way_is_waited_for(sandbox, start_run, language_model):
    with LanguageModelServer(gullible) as server:
        language_model(server)
        whole = work(start_run(limit=6, cap=1_000_000, workspace=Workspace.start("Whole")))
        spent = Budget.objects.get(pk=whole.budget_id).spent_microusd
        holds = Hold.objects.filter(budget_id=whole.budget_id).values_list("amount_microusd", flat=True)
        assert sum(holds) > spent + max(holds), "else all of them fit at once"
        run = work(start_run(limit=6, cap=spent + max(holds)))
    assert run.status == Run.Status.SUCCEEDED, run.note
    assert run.candidates.filter(status="failed").count() == 0


def test_a_hold_that_nobody_will_close_is_not_waited_for(sandbox, start_run, language_model):
    with LanguageModelServer(gullible) as server:
        language_model(server)
        run = start_run(limit=3, cap=1_000_000)
        lost = ledger.reserve(run.budget_id, 1_000_000, provider="openai", operation="complete")
        Hold.objects.filter(pk=lost).update(created_at=timezone.now() - timedelta(hours=1))
        run = work(run)
    assert run.status == Run.Status.PAUSED
    assert server.questions == []
