"""Weights are tried on verdicts that are stored; what is stored stays as it is."""

import pytest
from django.urls import reverse

from leads import rescoring
from leads.models import Assessment, Lead, ScoringConfig
from leads.scoring import Config, Tier
from tests.factories import JudgedLeadFactory, UserFactory

pytestmark = pytest.mark.django_db

STRICTER = {"yes_floor": 0, "cutoff_a": 95, "cutoff_b": 85}


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def scored(**values: object) -> Assessment:
    """A stored assessment whose score is that of its one verdict by the config of now."""
    assessment = JudgedLeadFactory().assessment
    score = assessment.explained()
    Assessment.objects.filter(pk=assessment.pk).update(score=score.total, tier=score.tier, **values)
    assessment.refresh_from_db()
    return assessment


def filled_in(**other: object) -> dict[str, object]:
    return Config().row()["values"] | {"note": "Stricter"} | other


def test_the_same_config_gives_the_scores_that_are_stored():
    stored = scored()
    [again] = rescoring.rescore([stored.pk], Config())
    assert (again.tier, again.score) == (again.new_tier, again.new_score) == (stored.tier, stored.score)


def test_another_config_says_what_it_would_change_and_changes_nothing():
    stored = scored()
    before = Assessment.objects.values().get(pk=stored.pk)
    tried = rescoring.trial([stored.pk], Config(**STRICTER))
    assert (tried.count, tried.changed, tried.moves) == (1, 1, {(stored.tier, Tier.C): 1})
    assert [one.assessment_id for one in tried.movers] == [stored.pk]
    assert Assessment.objects.values().get(pk=stored.pk) == before


def test_the_order_asked_for_is_kept_over_batches_and_what_has_no_score_is_left_out(monkeypatch):
    monkeypatch.setattr(rescoring, "BATCH", 2)
    rows = [scored() for _ in range(5)]
    Assessment.objects.filter(pk=rows[2].pk).update(score=None)
    asked = [row.pk for row in reversed(rows)]
    assert [one.assessment_id for one in rescoring.rescore(asked, Config())] == [pk for pk in asked if pk != rows[2].pk]


def test_many_verdicts_are_two_queries(django_assert_num_queries):
    asked = [scored().pk for _ in range(6)]
    with django_assert_num_queries(2):
        list(rescoring.rescore(asked, Config()))


def test_staff_try_numbers_before_they_count(staff):
    stored = scored()
    page = reverse("admin:leads_scoringconfig_add")
    answer = staff.post(page, filled_in(**STRICTER, _try="1"), follow=True)
    words = answer.content.decode()
    assert "Tried on the latest 1 verdicts: 1 would be in another tier" in words
    assert Lead.objects.get(pk=stored.lead_id).name in words
    assert 'value="95"' in words, "what was typed is still there"
    assert ScoringConfig.objects.count() == 1


def test_staff_add_the_next_number_and_new_runs_use_it(staff):
    ScoringConfig.current()
    answer = staff.post(reverse("admin:leads_scoringconfig_add"), filled_in(**STRICTER))
    assert answer.status_code == 302
    assert (ScoringConfig.current().number, ScoringConfig.current().config) == (2, Config(**STRICTER))


@pytest.mark.parametrize(
    "wrong",
    [{"cutoff_a": 10}, {"cutoff_c": 0}, {"cutoff_a": 101}, {"unclear": -1}, {"yes_floor": "x"}, {"exclude_met": "Z"}],
    ids=str,
)
@pytest.mark.parametrize("button", ["_try", "_save"])
def test_numbers_that_make_no_sense_are_refused_with_a_reason(staff, wrong, button):
    answer = staff.post(reverse("admin:leads_scoringconfig_add"), filled_in(**wrong, **{button: "1"}))
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert ScoringConfig.objects.count() <= 1


def test_a_config_that_counts_is_only_looked_at(staff):
    config = ScoringConfig.current()
    page = reverse("admin:leads_scoringconfig_change", args=[config.pk])
    assert staff.get(page).status_code == 200
    assert staff.post(page, filled_in(note="other")).status_code == 403
