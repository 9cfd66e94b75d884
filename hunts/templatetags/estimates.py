"""How an estimate shows money: what is expected rounded, what is the most that it can be rounded up."""

import math
from decimal import Decimal

from django import template
from django.utils.formats import number_format

from hunts.amounts import CENT
from hunts.amounts import dollars as rounded

register = template.Library()

_FINE = 100  # micro-dollars: four places
_FINE_BELOW = 100 * CENT


@register.filter
def about_dollars(microusd: int | None) -> str:
    """Return an expected amount, rounded to the cent; less than a cent keeps four places."""
    return rounded(microusd or 0)


@register.filter
def most_dollars(microusd: int | None) -> str:
    """Return the most that may be spent, rounded up to the cent, so that it is never less than it can be."""
    return rounded(math.ceil((microusd or 0) / CENT) * CENT)


@register.filter
def price_dollars(microusd: int | None) -> str:
    """Return the most that one call may cost, rounded up: below a dollar to the hundredth of a cent."""
    if (microusd or 0) >= _FINE_BELOW:
        return most_dollars(microusd)
    amount = Decimal(math.ceil((microusd or 0) / _FINE) * _FINE) / 1_000_000
    return f"${number_format(amount, 4)}"
