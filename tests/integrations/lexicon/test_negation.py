import pytest

from integrations.lexicon.negation import split


@pytest.mark.parametrize(
    ("said", "ruled_out"),
    [
        ("robotics companies, not drones", ("drones",)),
        ("robotics without weapons", ("weapons",)),
        ("usinage sauf fonderie", ("fonderie",)),
        ("Maschinenbau, keine Händler", ("Händler",)),
        ("firme bez livnica", ("livnica",)),
        ("机械加工，不包括铸造", ("铸造",)),
    ],
)
def test_it_takes_out_what_is_ruled_out(said, ruled_out):
    found = split(said)
    assert found.ruled_out == ruled_out
    assert all(word not in found.wanted for word in ruled_out)


def test_no_more_than_is_no_exclusion():
    assert split("no more than 50 employees").ruled_out == ()


def test_what_follows_the_exclusion_is_still_wanted():
    assert "Germany" in split("robotics, not drones, in Germany").wanted
