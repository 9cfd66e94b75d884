"""Warnings: silent on noise, told on real shifts, and only against runs that can be compared."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from hunts import baselines
from hunts.figure_models import RunFigures
from hunts.measures import MEASURES
from hunts.models import Run
from tests.factories import RunFactory

USUAL = {
    "hunt_id": 1,
    "source": "exa",
    "judge": "kimi/k2",
    "status": "succeeded",
    "found": 300,
    "screened": 300,
    "prescreened": 66,
    "judged": 66,
    "scored": 66,
    "qualified": 30,
    "with_contact": 27,
    "tier_a": 14,
    "mean_score": 55.0,
    "failed": 3,
    "seconds": 900.0,
    "spent_microusd": 1_500_000,
}


def figures(**changes: object) -> RunFigures:
    return RunFigures(**USUAL | changes)


USUALLY = [figures() for _ in range(6)]


def warned(earlier=USUALLY, **changes: object) -> list[str]:
    return [one.measure.name for one in baselines.deviations(figures(**changes), earlier)]


def chances(rng: random.Random, **rates: float) -> RunFigures:
    """Return a run as chance makes it where nothing has changed but the drift of every day."""

    def hits(size: int, rate: float) -> int:
        drifted = rate * rng.uniform(0.9, 1.1)
        return sum(rng.random() < drifted for _ in range(size))

    found = rng.randint(20, 400)
    prescreened = hits(found, 0.4)
    qualified = hits(prescreened, 0.45)
    return figures(
        found=found,
        screened=found,
        prescreened=prescreened,
        judged=prescreened,
        scored=prescreened,
        qualified=qualified,
        with_contact=qualified - hits(qualified, 0.1),
        tier_a=hits(prescreened, 0.2),
        mean_score=55 + rng.gauss(0, 15) / max(prescreened, 1) ** 0.5,
        failed=hits(found, 0.02),
        seconds=found * rng.uniform(2.5, 3.5),
        spent_microusd=prescreened * rng.randint(18_000, 26_000),
    )


def test_the_words_of_the_issue():
    (only,) = baselines.deviations(figures(prescreened=24), USUALLY)
    assert only.text == "Prescreen yield 8 %, your 30-day average is 22 %."
    assert only.advice.startswith("Look in the log")
    assert (only.off, only.runs) == ("low", 6)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prescreened": 20}, ["prescreen_yield"]),
        ({"qualified": 6, "with_contact": 6, "spent_microusd": 300_000}, ["qualified_yield"]),
        ({"mean_score": 35.0}, ["mean_score"]),
        ({"mean_score": 75.0}, ["mean_score"]),
        ({"tier_a": 0}, ["tier_a"]),
        ({"tier_a": 45}, ["tier_a"]),
        ({"spent_microusd": 6_000_000}, ["cost_per_lead"]),
        ({"seconds": 3_600.0}, ["pace"]),
        ({"failed": 60}, ["failed"]),
        ({"with_contact": 5}, ["without_contact"]),
        ({"tier_a": 45, "failed": 60}, ["tier_a", "failed"]),
    ],
)
def test_a_real_shift_is_told(changes, expected):
    assert warned(**changes) == expected


def test_what_is_better_than_usual_is_no_warning():
    better = {"prescreened": 200, "qualified": 55, "with_contact": 55, "spent_microusd": 100, "seconds": 9.0}
    assert warned(**better, failed=0) == []


@pytest.mark.parametrize(
    "changes", [{"is_sample": True}, {"status": "cancelled"}, {"status": "paused"}, {"found": 9, "screened": 9}]
)
def test_a_part_of_a_run_is_not_compared(changes):
    small = {"prescreened": 0, "judged": 0, "scored": 0, "qualified": 0, "with_contact": 0, "tier_a": 0}
    assert warned(**small, **changes, failed=9) == []


@pytest.mark.parametrize("count", range(baselines.LEAST_RUNS))
def test_a_few_runs_are_no_baseline(count):
    assert warned(USUALLY[:count], prescreened=0) == []


def test_one_odd_run_before_changes_nothing():
    odd = figures(prescreened=0, judged=0, scored=0, mean_score=None, qualified=0, with_contact=0, tier_a=0)
    assert warned([*USUALLY, odd], prescreened=20) == ["prescreen_yield"]
    assert warned([*USUALLY, odd]) == []


def test_the_runs_of_the_same_hunt_are_the_measure_where_there_are_enough():
    others = [figures(hunt_id=2, prescreened=20) for _ in range(20)]
    assert warned([*others, *USUALLY[:3]], prescreened=20) == ["prescreen_yield"]
    assert warned([*others, *USUALLY[:2]], prescreened=20) == []


@pytest.mark.parametrize("other", [{"source": "directory"}, {"judge": "local/rules-1"}])
def test_another_source_or_judge_is_another_track(other):
    assert warned([figures(hunt_id=2) for _ in range(6)], prescreened=20) == ["prescreen_yield"]
    assert warned([figures(hunt_id=2, **other) for _ in range(6)], prescreened=20) == []


def test_runs_whose_hunts_were_deleted_are_not_one_hunt():
    others = [figures(hunt_id=None, source="file") for _ in range(6)]
    assert warned(others, hunt_id=None, prescreened=20) == []


def test_chance_alone_warns_of_one_run_in_a_hundred_at_most():
    rng = random.Random(5)
    warnings = [
        baselines.deviations(chances(rng), [chances(rng) for _ in range(rng.randint(3, 12))]) for _ in range(500)
    ]
    assert sum(map(bool, warnings)) <= 5


@given(st.integers(0, 300), st.integers(3, 12))
def test_a_run_just_like_those_before_is_never_warned_of(prescreened, count):
    same = {"prescreened": prescreened, "judged": prescreened, "scored": prescreened, "qualified": 0, "tier_a": 0}
    earlier = [figures(**same) for _ in range(count)]
    assert baselines.deviations(figures(**same), earlier) == []


@given(st.lists(st.integers(60, 200), min_size=3, max_size=12), st.integers(0, 200), st.integers(0, 200))
def test_whoever_is_worse_off_than_a_warned_run_is_warned_too(before, one, other):
    earlier = [figures(prescreened=prescreened) for prescreened in before]
    better, worse = max(one, other), min(one, other)
    if "prescreen_yield" in warned(earlier, prescreened=better):
        assert "prescreen_yield" in warned(earlier, prescreened=worse)


@given(st.integers(1, 9), st.sampled_from([3, 5, 12]))
def test_a_yield_that_fell_to_a_quarter_is_always_told_in_runs_of_a_thousand(tenths, count):
    size = {"found": 1_000, "screened": 1_000}
    earlier = [figures(**size, prescreened=100 * tenths) for _ in range(count)]
    assert "prescreen_yield" in warned(earlier, **size, prescreened=25 * tenths)


def test_every_warning_can_be_said_in_each_language():
    for measure in MEASURES:
        for off in measure.advice:
            value = 2.0 if off == "high" else 0.01
            one = baselines.Deviation(measure, value, 1.0, 3)
            for language in ("en", "zh-hans", "sr-latn"):
                with translation.override(language):
                    assert "%(" not in one.text + one.advice


@pytest.fixture
def history(workspace):
    """Six whole runs of a hunt in the last six days, and a seventh that has just ended with little."""
    now = timezone.now()
    runs = [RunFactory(hunt__workspace=workspace, status=Run.Status.SUCCEEDED)]
    hunt = runs[0].hunt
    runs += [RunFactory(hunt=hunt, status=Run.Status.SUCCEEDED) for _ in range(6)]
    for days, run in enumerate(reversed(runs)):
        changes = {"prescreened": 20} if run is runs[-1] else {}
        row = USUAL | changes | {"hunt_id": hunt.pk, "workspace_id": workspace.pk}
        RunFigures.objects.create(run=run, ended_at=now - timedelta(days=days), **row)
    return runs


def test_a_run_is_compared_with_the_thirty_days_before_it(history, django_assert_num_queries):
    last, first = Run.objects.get(pk=history[-1].pk), Run.objects.get(pk=history[0].pk)
    with django_assert_num_queries(2):
        assert [one.measure.name for one in baselines.warnings_of(last)] == ["prescreen_yield"]
    assert baselines.warnings_of(first) == []  # what came later is no baseline
    RunFigures.objects.exclude(run=last).update(ended_at=timezone.now() - timedelta(days=31))
    assert baselines.warnings_of(last) == []


def test_another_workspaces_runs_are_no_baseline(history, stranger):
    RunFigures.objects.exclude(run=history[-1]).update(workspace=stranger.workspaces.get())
    assert baselines.warnings_of(Run.objects.get(pk=history[-1].pk)) == []


def test_a_run_at_work_is_not_warned_of(history):
    Run.objects.filter(pk=history[-1].pk).update(status=Run.Status.RUNNING)
    assert baselines.warnings_of(Run.objects.get(pk=history[-1].pk)) == []


def test_the_page_of_a_run_warns_and_says_what_to_do(history, client_of_owner):
    page = client_of_owner.get(history[-1].get_absolute_url()).text
    assert "Prescreen yield 7 %, your 30-day average is 22 %." in page
    assert "stage=prescreen" in page
    assert "your 30-day average" not in client_of_owner.get(history[-2].get_absolute_url()).text


def test_the_api_gives_the_warnings_as_words_and_as_numbers(history, client_of_owner):
    (only,) = client_of_owner.get(f"/api/runs/{history[-1].pk}").json()["warnings"]
    assert only["measure"] == "prescreen_yield"
    assert (only["value"], only["average"], only["runs"]) == (pytest.approx(20 / 300), 0.22, 6)
    assert only["text"].startswith("Prescreen yield 7 %")
