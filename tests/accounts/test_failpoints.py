"""In production nothing can be killed by a variable that somebody left in the environment."""

from accounts import failpoints
from config.checks import nothing_kills_a_process_in_production


def test_without_debug_a_failpoint_does_nothing_and_a_check_refuses_it(settings):
    settings.DEBUG, settings.CRASH_AT = False, "claim.taken:1"
    failpoints.failpoint("claim.taken")  # we live
    assert failpoints.passed["claim.taken"] == 0
    assert [problem.id for problem in nothing_kills_a_process_in_production(None)] == ["magnet.E009"]


def test_it_is_quiet_where_nothing_is_to_be_killed(settings):
    settings.DEBUG, settings.CRASH_AT = True, ""
    failpoints.failpoint("claim.taken")
    assert failpoints.passed["claim.taken"] == 0
    assert nothing_kills_a_process_in_production(None) == []


def test_it_counts_how_often_a_place_is_passed(settings):
    settings.DEBUG, settings.CRASH_AT = True, "elsewhere:1"
    before = failpoints.passed["test.place"]
    failpoints.failpoint("test.place")
    assert failpoints.passed["test.place"] == before + 1
