"""Money as the pages of spending show it."""

from django import template

from billing.amounts import dollars

register = template.Library()


@register.filter
def cents(microusd: int | None) -> str:
    """Return micro-dollars as dollars to the cent; finer only where there is less than a cent."""
    return dollars(microusd or 0)
