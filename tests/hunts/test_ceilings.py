"""Runs at their ceilings, with a language model that costs money: they stop clean, say why, and go on from there."""

import pytest
from asgiref.sync import async_to_sync

from billing import ceilings
from billing.invariants import violations
from billing.models import Budget, Hold
from hunts import pipeline, retrying
from hunts.models import Candidate, Run, RunEvent
from integrations import connections
from integrations.models import ProviderCall
from tests.harness.language_model import LanguageModelServer, Reply, gullible

pytestmark = pytest.mark.django_db(transaction=True)

Scope = Budget.Scope


def work(run: Run, *, concurrency: int | None = None) -> Run:
    async_to_sync(pipeline.work_on)(run.pk, concurrency=concurrency)
    run.refresh_from_db()
    return run


def silent(question: dict) -> Reply:
    """A model that does not say what it used."""
    return Reply(gullible(question), has_usage=False)


@pytest.fixture
def language_model(settings):
    """Make a stand-in the first judge, by default a model whose price is known."""

    def use(server: LanguageModelServer, model: str = "gpt-4.1-mini") -> None:
        settings.PROVIDERS["openai"] |= {"api_key": "sk-test-1", "base_url": server.base_url, "model": model}
        # What it says it used is much, and nobody waits here for the next minute's tokens.
        no_pace = {"requests": 0, "tokens": 0, "at_once": 0}
        settings.LANGUAGE_MODEL_LIMITS = settings.LANGUAGE_MODEL_LIMITS | {"openai": no_pace}

    return use


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        pytest.param(Scope.WORKSPACE, "Your workspace's limit of $0.10 for ", id="workspace"),
        pytest.param(Scope.PROVIDER, "Your limit of $0.10 with OpenAI for ", id="provider"),
    ],
)
def test_a_run_stops_at_a_ceiling_beyond_its_own_says_which_and_goes_on(
    sandbox, start_run, language_model, scope, says
):
    run = start_run(limit=5, cap=50_000_000)
    subject = "openai" if scope == Scope.PROVIDER else ""
    ceilings.set_limit(run.workspace, scope, 100_000, subject=subject)
    with LanguageModelServer(gullible, tokens=(100_000, 1_000)) as server:
        language_model(server)
        work(run, concurrency=2)
        assert (run.status, run.ceiling) == (
            Run.Status.PAUSED,
            scope.value if scope != Scope.INSTALLATION else "global",
        )
        assert run.note.startswith(says) and "of about 5 companies were judged; resume the run to go on." in run.note
        assert Budget.objects.get(scope=scope, subject=subject).spent_microusd
        assert list(violations()) == []
        asked = len(server.asked)
        ceilings.set_limit(run.workspace, scope, None, subject=subject)
        pipeline.resume(run)
        assert work(run).status == Run.Status.SUCCEEDED
        assert len(server.asked) > asked
    assert not run.candidates.exclude(status__in=Candidate.OVER).exists()
    assert list(violations()) == []


def test_at_a_leads_limit_only_that_lead_stops(sandbox, start_run, language_model):
    run = start_run(limit=4, cap=50_000_000)
    ceilings.set_limit(run.workspace, Scope.LEAD, 1)
    with LanguageModelServer(gullible) as server:
        language_model(server)
        assert work(run).status == Run.Status.SUCCEEDED
        assert server.asked == []
        failed = run.candidates.filter(status=Candidate.Status.FAILED)
        assert failed and all("for a single lead in" in one.reason for one in failed)
        ceilings.set_limit(run.workspace, Scope.LEAD, None)
        assert pipeline.retry(run)
        assert work(run).status == Run.Status.SUCCEEDED
    assert not run.candidates.filter(status=Candidate.Status.FAILED).exists()


def test_a_bill_of_ten_times_the_hold_exceeds_the_cap_by_one_call_at_most(sandbox, start_run, language_model):
    run = start_run(limit=6, cap=100_000)
    with LanguageModelServer(gullible, tokens=(1_000_000, 1_000)) as server:
        language_model(server)
        work(run, concurrency=1)
        assert run.status == Run.Status.PAUSED
    billed = ProviderCall.objects.filter(run_ref=str(run.pk)).values_list("cost_microusd", flat=True)
    run.budget.refresh_from_db()
    assert run.budget.spent_microusd == run.budget.cap_microusd < sum(billed)
    last = Hold.objects.filter(budget=run.budget).latest("pk")
    assert sum(billed) - run.budget.cap_microusd <= last.settled_microusd - last.amount_microusd
    assert last.overdraw_microusd == sum(billed) - run.budget.cap_microusd
    assert list(violations()) == []


def test_a_model_that_does_not_say_what_it_used_is_charged_at_what_was_set_aside(sandbox, start_run, language_model):
    run = start_run(limit=3, cap=50_000_000)
    with LanguageModelServer(silent) as server:
        language_model(server)
        work(run)
    holds = Hold.objects.filter(budget=run.budget)
    assert holds and all(hold.settled_microusd == hold.amount_microusd > 0 for hold in holds)


def test_a_run_whose_only_model_has_no_price_ends_before_it_begins_and_says_what_to_do(
    sandbox, start_run, language_model
):
    run = start_run(limit=3, cap=50_000_000)
    with LanguageModelServer(gullible) as server:
        language_model(server, "gpt-of-tomorrow")
        assert work(run).status == Run.Status.FAILED
        assert server.asked == []
        assert run.note.startswith("No price is known for OpenAI (gpt-of-tomorrow)")
        assert "Settings → Language models" in run.note
        assert not Hold.objects.exists() and not run.candidates.exists()
        language_model(server)
        assert pipeline.retry(run)
        assert work(run).status == Run.Status.SUCCEEDED
        assert server.asked


def test_switched_off_a_model_without_a_price_leaves_the_judging_to_rules(sandbox, start_run, language_model):
    run = start_run(limit=3, cap=50_000_000)
    with LanguageModelServer(gullible) as server:
        language_model(server, "gpt-of-tomorrow")
        connections.switch(run.workspace_id, "openai", on=False)
        assert work(run).status == Run.Status.SUCCEEDED
        assert server.asked == []


def test_a_model_without_a_price_before_another_is_passed_over_with_one_warning_a_run(
    sandbox, start_run, language_model, settings
):
    run = start_run(limit=3, cap=50_000_000)
    with LanguageModelServer(gullible) as server:
        language_model(server)
        settings.PROVIDERS["kimi"] |= {"api_key": "sk-test-2", "base_url": server.base_url, "model": "kimi-of-tomorrow"}
        assert work(run).status == Run.Status.SUCCEEDED
        (warning,) = RunEvent.objects.filter(run=run, level=RunEvent.Level.WARNING).values_list("message", flat=True)
        assert warning.startswith("No price is known for Kimi (kimi-of-tomorrow), so it is not asked: OpenAI (gpt-4.1")
        assert {asked["model"] for asked in server.asked} == {"gpt-4.1-mini"}
        retrying.retry(run, retrying.Asked("qualify"))
        assert work(run).status == Run.Status.SUCCEEDED
        calls = len(server.asked)
        assert RunEvent.objects.filter(run=run, message=warning).count() == 1
        # What the model that is asked said of the same pages stands: nobody pays for it twice.
        assert work(pipeline.start(run.hunt)).status == Run.Status.SUCCEEDED
        assert len(server.asked) == calls
