"""Amounts of money as people read and write them."""

from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.formats import number_format

MICROUSD = 1_000_000


def dollars(microusd: int) -> str:
    """Return micro-dollars in dollars to the cent, $1,234.50; to the micro-dollar where it is less, $0.000120."""
    amount = Decimal(microusd) / MICROUSD
    cents = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    places = 2 if cents or not amount else 6
    return f"${number_format(amount.quantize(Decimal(10) ** -places), places, force_grouping=True)}"


def microusd(dollars: Decimal) -> int:
    """Return dollars as whole micro-dollars; what is finer than that is cut off."""
    return int(dollars * MICROUSD)
