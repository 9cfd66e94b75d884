from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from leads.models import ScoringConfig
from leads.scoring import Config, Scored, Tier

VERDICTS = st.builds(
    Scored,
    key=st.text(min_size=1, max_size=5),
    text=st.text(max_size=20),
    kind=st.sampled_from(["must", "nice", "exclude"]),
    weight=st.integers(1, 10),
    verdict=st.sampled_from(["yes", "no", "unclear", "unverified"]),
    confidence=st.floats(0, 1),
)


def verdict(answer: str, *, kind: str = "must", weight: int = 5, confidence: float = 1.0) -> Scored:
    return Scored("key", "It is so.", kind, weight, answer, confidence)  # type: ignore[arg-type]


def test_all_sure_yes_is_one_hundred_points_and_tier_a():
    score = Config().score([verdict("yes"), verdict("yes", kind="nice")])
    assert (score.total, score.tier) == (Decimal(100), Tier.A)


def test_no_criteria_is_no_points():
    assert Config().score([]).tier == Tier.D


@given(st.lists(VERDICTS, max_size=12))
def test_the_lines_sum_to_the_total_exactly(verdicts):
    score = Config().score(verdicts)
    assert sum((line.points for line in score.lines), Decimal(0)) == score.total
    assert 0 <= score.total <= 100


@given(st.lists(VERDICTS, max_size=12))
def test_the_same_verdicts_give_the_same_bytes(verdicts):
    assert Config().score(verdicts).to_bytes() == Config.from_json(Config().row()["values"]).score(verdicts).to_bytes()


@given(st.lists(VERDICTS, min_size=1, max_size=12), st.data())
def test_a_quote_that_is_not_there_never_lifts_the_tier(verdicts, data):
    place = data.draw(st.integers(0, len(verdicts) - 1))
    worse = verdicts[place]
    if worse.kind == "exclude":
        return
    claimed = Scored(worse.key, worse.text, worse.kind, worse.weight, "unverified", 1.0)
    silent = Scored(worse.key, worse.text, worse.kind, worse.weight, "unclear", 0.0)
    with_claim = Config().score([*verdicts[:place], claimed, *verdicts[place + 1 :]])
    without = Config().score([*verdicts[:place], silent, *verdicts[place + 1 :]])
    assert with_claim.total <= without.total


def test_a_must_that_is_not_met_is_tier_d_whatever_else_is():
    score = Config().score([verdict("no", weight=1), *[verdict("yes", weight=10)] * 9])
    assert score.tier == Tier.D
    assert score.lines[-1].reason == "must_not_met"


def test_an_exclusion_that_is_met_is_tier_d():
    assert Config().score([verdict("yes"), verdict("yes", kind="exclude")]).tier == Tier.D


def test_an_exclusion_that_is_not_met_changes_nothing():
    assert Config().score([verdict("yes"), verdict("no", kind="exclude")]).total == 100


def test_below_a_ceiling_better_still_stands_above_worse():
    config = Config()
    better = config.score([verdict("no"), verdict("yes", confidence=0.9)])
    worse = config.score([verdict("no"), verdict("yes", confidence=0.3)])
    assert better.total > worse.total


def test_a_surer_yes_scores_more():
    config = Config()
    assert config.score([verdict("yes", confidence=0.9)]).total > config.score([verdict("yes", confidence=0.5)]).total


@pytest.mark.django_db
def test_a_config_never_changes():
    config = ScoringConfig.current()
    config.note = "tuned"
    with pytest.raises(ValidationError, match="never changes"):
        config.save()


@pytest.mark.django_db
def test_the_first_config_of_an_installation_is_number_one_with_its_hash():
    config = ScoringConfig.current()
    assert (config.number, config.config_hash) == (1, Config().hash())
    assert ScoringConfig.current().pk == config.pk
