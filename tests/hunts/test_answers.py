"""How often each criterion was met: the letters that candidates keep say what the verdicts say, whoever writes them."""

from collections import Counter
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync

from hunts import answers, pipeline, retrying
from hunts.brief import read_brief
from hunts.invariants import candidates_say_what_was_judged
from hunts.models import Candidate, Run
from hunts.privacy import rows
from hunts.retrying import Asked
from leads.models import Evidence, Lead
from tests.hunts.conftest import BRIEF

pytestmark = pytest.mark.django_db(transaction=True)


def counted(run: Run) -> list[tuple[str, int, int]]:
    """Return what the page shows, counted from the verdicts themselves."""
    shown = run.candidates.exclude(assessment=None).values("assessment")
    met, asked = Counter(), Counter()
    for row in Evidence.objects.filter(assessment__in=shown):
        met[row.text] += row.verdict == "yes"
        asked[row.text] += 1
    return [(one.text, met[one.text], asked[one.text]) for one in run.icp.criteria if asked[one.text]]


def shown(run: Run) -> list[tuple[str, int, int]]:
    return [(row["text"], row["met"], row["asked"]) for row in answers.criteria(run)]


def work(run: Run) -> Run:
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    return run


def proven(run: Run) -> Evidence:
    """Return a verdict that counts in a run."""
    judged = run.candidates.exclude(assessment=None).values("assessment")
    return Evidence.objects.filter(assessment__in=judged, verdict="yes").first()


@pytest.fixture
def run(sandbox, start_run) -> Run:
    run = work(start_run())
    assert sum(met for _text, met, _asked in counted(run)) > 0
    return run


def test_a_run_counts_what_its_verdicts_say(run):
    assert shown(run) == counted(run)
    judged = run.candidates.exclude(assessment=None)
    assert {len(one.answers) for one in judged} == {len(run.icp.criteria)}
    assert set(run.candidates.filter(assessment=None).values_list("answers", flat=True)) <= {""}
    assert not list(candidates_say_what_was_judged(None))
    Candidate.objects.filter(pk=judged[0].pk).update(answers="y" * 100)
    assert [str(judged[0].pk) in told for told in candidates_say_what_was_judged(run.workspace_id)] == [True]


def test_what_is_begun_again_counts_no_more_until_it_is_judged(run):
    retrying.retry(run, Asked("qualify"))
    assert shown(run) == counted(run) == []
    assert not list(candidates_say_what_was_judged(None))
    work(run)
    assert shown(run) == counted(run) != []


def test_a_verdict_counts_in_every_run_that_shows_it_until_it_is_withdrawn(run, start_run):
    again = work(start_run(workspace=run.workspace))
    assert again.candidates.filter(is_cached=True).exists()
    before = shown(run)
    assert shown(again) == counted(again) == before
    rows.withdraw(proven(run))
    for one in (run, again):
        assert shown(one) == counted(one) != before
    assert not list(candidates_say_what_was_judged(None))
    rows.empty_creator(Lead.objects.get(pk=proven(run).assessment.lead_id))
    for one in (run, again):
        assert shown(one) == counted(one)
    assert not list(candidates_say_what_was_judged(None))


def test_a_letter_stays_with_its_criterion_in_whatever_order_a_profile_has_them():
    icp = read_brief(BRIEF)
    verdicts = {(one.text, one.kind): "yes" if place else "no" for place, one in enumerate(icp.criteria)}
    told = answers.letters(icp, verdicts)
    assert told == "n" + "y" * (len(icp.criteria) - 1)
    assert answers.letters(replace(icp, criteria=icp.criteria[::-1]), verdicts) == told[::-1]
    assert answers.letters(icp, {}) == "-" * len(icp.criteria)
