"""A run in plain words, for each reader in their own language."""

from datetime import timedelta
from importlib import import_module

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.utils import translation

from billing import ledger
from hunts import figures, pipeline, summaries
from hunts.figure_models import RunFigures
from hunts.models import Candidate, Run, RunEvent, Stage
from integrations.models import ProviderCall
from tests.factories import CandidateFactory, JudgedLeadFactory, LeadFactory, RunFactory

WHOLE = {
    "status": "succeeded",
    "found": 312,
    "known": 48,
    "screened": 264,
    "prescreened": 80,
    "judged": 80,
    "qualified": 17,
    "with_contact": 14,
    "tier_a": 14,
    "spent_microusd": 1_200_000,
}


def said(**changes: object) -> str:
    return summaries.summary(RunFigures(**WHOLE | changes))


def test_a_whole_run_is_one_sentence_and_its_price():
    assert said() == (
        "Found 312 companies, 48 already known, 264 new; 80 passed prescreen, 17 qualified, 14 in tier A, "
        "3 without an e-mail. $1.20 in all, $0.07 per qualified lead."
    )


def test_what_is_no_news_is_not_said():
    text = said(known=0, with_contact=17, spent_microusd=0)
    assert text == "Found 312 companies; 80 passed prescreen, 17 qualified, 14 in tier A."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"is_sample": True}, "This was a sample. Found 312"),
        ({"found": 1, "known": 1, "qualified": 0, "with_contact": 0}, "Found 1 company, already known; "),
        ({"known": 312}, "Found 312 companies, all of them already known; "),
        ({"known": 312}, "For new ones try other words, a wider region or another source."),
        ({"status": "cancelled", "left": 1}, " 1 was not finished."),
        ({"status": "paused", "left": 210}, " 210 were not finished."),
        ({"failed": 1}, " 1 failed: retry it."),
        ({"failed": 2}, " 2 failed: retry them."),
        ({"cached": 48}, " 48 were judged before and cost nothing."),
        ({"qualified": 0, "with_contact": 0, "tier_a": 0}, "80 passed prescreen, 0 qualified. $1.20 in all."),
        ({"spent_microusd": 17 * 900}, " $0.02 in all, $0.0009 per qualified lead."),
        ({"found": 1234}, "Found 1,234 companies"),
    ],
)
def test_each_turn_that_a_run_can_take_is_told(changes, sentence):
    assert sentence in said(**changes)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("succeeded", "Try other words, a wider region or another source."),
        ("failed", "It failed before it found anything."),
        ("cancelled", "It was cancelled before it found anything."),
        ("paused", "It has found nothing yet."),
    ],
)
def test_a_run_that_found_nothing_says_why(status, sentence):
    assert sentence in summaries.summary(RunFigures(status=status))


def test_money_that_found_nothing_is_not_kept_quiet():
    assert summaries.summary(RunFigures(status="failed", spent_microusd=50_000)).endswith("$0.05 in all.")


@pytest.mark.parametrize(("language", "amount"), [("sr-latn", "$1,20"), ("zh-hans", "$1.20")])
def test_money_is_written_as_the_reader_writes_it(language, amount):
    with translation.override(language):
        assert amount in said()


def test_the_note_at_a_limit_says_how_far_the_run_came():
    note = summaries.cap_note(cap_microusd=5_000_000, judged=41, expected=60)
    assert note == "Stopped at your limit of $5.00: 41 of about 60 companies judged. Raise the limit to go on."


@pytest.fixture
def run(workspace) -> Run:
    """A run that is being worked on: a lead of an earlier run, one that is new, one turned away, one failed."""
    earlier = RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)
    run = RunFactory(hunt=earlier.hunt)
    lead = JudgedLeadFactory(workspace=workspace)
    done = {"stage": Stage.DELIVER, "status": "qualified", "tier": "A", "score": 88}
    CandidateFactory(run=earlier, lead=lead, assessment=lead.assessment, **done)
    CandidateFactory(run=run, lead=lead, assessment=lead.assessment, is_known=True, is_cached=True, **done)
    CandidateFactory(run=run, lead=LeadFactory(workspace=workspace), **done)
    CandidateFactory(run=run, stage=Stage.PRESCREEN, status="rejected")
    CandidateFactory(run=run, stage=Stage.CRAWL, status="failed")
    hold = ledger.reserve(run.budget_id, 900, provider="kimi", operation="complete")
    ledger.settle(hold, 900)
    ProviderCall.objects.create(
        workspace=run.workspace, run_ref=str(run.pk), key="k", provider="kimi", status="answered", cost_microusd=900
    )
    return run


def ended(run: Run) -> Run:
    assert pipeline.cancel(run)
    return Run.objects.get(pk=run.pk)


def test_the_figures_of_a_run_are_kept_when_it_ends(run):
    kept = ended(run).figures
    counts = ("found", "known", "new", "cached", "screened", "prescreened", "judged", "qualified", "qualified_new")
    assert [getattr(kept, name) for name in counts] == [4, 1, 3, 1, 3, 3, 2, 2, 1]
    assert (kept.with_contact, kept.failed, kept.left, kept.tier_a, kept.mean_score) == (1, 1, 0, 2, 88.0)
    assert (kept.judge, kept.status, kept.spent_microusd) == ("local/rules-1", "cancelled", 900)
    assert list(kept.spends.values_list("provider", "spent_microusd")) == [("kimi", 900)]


def test_figures_kept_again_take_the_place_of_the_first(run):
    first = ended(run).figures
    assert pipeline.retry(run)
    assert Run.objects.get(pk=run.pk).summary == ""  # it is at work again
    run.candidates.filter(status=Candidate.Status.QUEUED).update(status="rejected", stage=Stage.CRAWL)
    again = ended(run).figures
    assert (again.pk, first.failed, again.failed) == (first.pk, 1, 0)


def test_a_night_in_which_nothing_was_said_counts_as_a_short_silence(run):
    began = run.started_at - timedelta(days=1)
    Run.objects.filter(pk=run.pk).update(started_at=began)
    for seconds in (30, 60):
        line = RunEvent.objects.create(run=run, message="done")
        RunEvent.objects.filter(pk=line.pk).update(created_at=began + timedelta(seconds=seconds))
    assert ended(run).figures.seconds == 60 + figures.LONGEST_SILENCE.total_seconds()


def test_runs_that_ended_before_figures_were_kept_get_the_same(run):
    kept = ended(run).figures
    spends = list(kept.spends.values_list("provider", "spent_microusd"))
    RunFigures.objects.all().delete()
    import_module("hunts.migrations.0009_baselines").keep_figures_of_old_runs(apps, None)
    later = RunFigures.objects.get(run=run)
    names = {field.name for field in RunFigures._meta.concrete_fields} - {"id", "seconds"}
    assert {name: getattr(later, name) for name in names} == {name: getattr(kept, name) for name in names}
    assert (later.seconds, list(later.spends.values_list("provider", "spent_microusd"))) == (None, spends)


def test_figures_outlive_the_run_and_its_hunt(run):
    kept = ended(run).figures
    run.hunt.delete()
    kept.refresh_from_db()
    assert (kept.run, kept.hunt, kept.found) == (None, None, 4)


@pytest.mark.django_db(transaction=True)
def test_a_run_is_summed_up_in_its_log_by_the_language_of_its_brief_and_for_readers_in_theirs(sandbox, start_run):
    run = start_run("德国的机械加工企业", limit=3)
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    with translation.override("zh-hans"):
        in_chinese = run.summary
    assert run.summary.startswith("Found 3 companies; ")
    assert run.events.filter(message=in_chinese).exists()
