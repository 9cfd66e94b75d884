"""Numbers as people read them."""

import pytest
from django.utils import translation

from hunts import amounts


@pytest.mark.parametrize(
    ("microusd", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (40, "<$0.0001"),
        (99, "<$0.0001"),
        (100, "$0.0001"),
        (4_200, "$0.0042"),
        (9_999, "$0.0100"),
        (10_000, "$0.01"),
        (1_234_560_000, "$1,234.56"),
    ],
)
def test_money_that_was_spent_is_never_written_as_nothing(microusd, shown):
    assert amounts.dollars(microusd) == shown


def test_the_least_that_is_shown_is_written_as_the_reader_writes_it():
    with translation.override("sr-latn"):
        assert amounts.dollars(40) == "<$0,0001"
