"""Numbers as people read them: in the language that is spoken, with its own comma and thousands."""

from decimal import Decimal

from django.utils.formats import number_format

CENT = 10_000  # micro-dollars
LEAST_SHOWN = 100


def count(number: int) -> str:
    """Return a whole number: 1,234 or 1.234."""
    return number_format(number, 0, force_grouping=True)


def dollars(microusd: float) -> str:
    """Return micro-dollars as dollars, rounded to the cent; less than a cent keeps four places: $0.0042.

    What is less than four places can show is no nothing: it is less than $0.0001.
    """
    if 0 < abs(microusd) < LEAST_SHOWN:
        return f"<{dollars(LEAST_SHOWN)}"
    places = 4 if 0 < abs(microusd) < CENT else 2
    return f"${number_format(round(Decimal(microusd) / 1_000_000, places), places, force_grouping=True)}"


def percent(share: float) -> str:
    """Return a share of 0 to 1 as a percentage; less than one in a hundred keeps a place: 0.4 %."""
    places = 1 if 0 < abs(share) < 0.01 else 0
    return f"{number_format(round(Decimal(share) * 100, places), places, force_grouping=True)} %"


def score(points: float) -> str:
    """Return a score of 0 to 100."""
    return number_format(round(Decimal(points)), 0)


def seconds(span: float) -> str:
    """Return a time in seconds, without the unit; below ten with one place: 3.5."""
    places = 1 if span < 10 else 0
    return number_format(round(Decimal(span), places), places)


def decimal(number: float) -> str:
    """Return a number with one place: 3.5."""
    return number_format(round(Decimal(number), 1), 1, force_grouping=True)
