"""Two edits of one profile at a time."""

from dataclasses import replace

from hunts.brief import read_brief
from hunts.icp import Icp
from hunts.merging import merged
from integrations.capabilities import Criterion, Range

BASE = read_brief("Fintech companies in Germany with 11-200 employees")


def test_what_both_added_stands_in_the_one_profile():
    mine = replace(BASE, countries=("DE", "AT"))
    theirs = replace(BASE, countries=("DE", "CH"), keywords=("open banking",))
    both = merged(BASE, mine, theirs)
    assert both.countries == ("DE", "CH", "AT")
    assert both.keywords == ("open banking",)


def test_what_one_took_away_does_not_come_back_with_the_other():
    mine = replace(BASE, countries=())
    theirs = replace(BASE, employees=Range(50, None))
    both = merged(BASE, mine, theirs)
    assert both.countries == ()
    assert both.employees == Range(50, None)


def test_mine_stands_where_both_changed_the_same():
    mine, theirs = replace(BASE, employees=Range(1, 10)), replace(BASE, employees=Range(100, None))
    assert merged(BASE, mine, theirs).employees == Range(1, 10)


def test_criteria_are_told_apart_by_their_sentences():
    own = Criterion("k1", "The company exports.", "nice", 4)
    first = BASE.criteria[0]
    mine = replace(BASE, criteria=(*BASE.criteria[1:], own))
    theirs = replace(BASE, criteria=(*(replace(one, weight=1) for one in BASE.criteria),))
    both = {one.key: one for one in merged(BASE, mine, theirs).criteria}
    assert first.key not in both
    assert both["k1"] == own
    assert {one.weight for key, one in both.items() if key != "k1"} == {1}


def test_nothing_changed_changes_nothing():
    assert merged(BASE, BASE, BASE) == BASE
    assert merged(Icp(), Icp(), BASE) == BASE
