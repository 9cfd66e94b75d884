"""What a workspace can say about its spending."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.amounts import MICROUSD, microusd
from billing.models import Budget

MOST_DOLLARS = 1_000_000
_RANGE = _("Enter an amount from 0 to 1,000,000 dollars, such as 50 or 49.99. Leave it empty for no limit.")

Limit = tuple[Budget.Scope, str]


class LimitsForm(forms.Form):
    """A limit for the month, for each single lead, and for each provider. Empty is no limit, 0 allows nothing."""

    def __init__(self, data: Any = None, *, providers: Iterable[str], limits: dict[tuple[str, str], int]) -> None:
        super().__init__(data)
        self.names: dict[str, Limit] = {
            "month": (Budget.Scope.WORKSPACE, ""),
            "lead": (Budget.Scope.LEAD, ""),
            **{f"provider-{slug}": (Budget.Scope.PROVIDER, slug) for slug in providers},
        }
        for name, limit in self.names.items():
            self.fields[name] = forms.DecimalField(
                required=False,
                min_value=Decimal(0),
                max_value=Decimal(MOST_DOLLARS),
                decimal_places=6,
                initial=_dollars(limits.get(limit)),
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value", "max_decimal_places", "max_digits"), _RANGE
                ),
            )

    def changed_limits(self) -> dict[Limit, int | None]:
        """Return what was changed, in micro-dollars."""
        return {
            self.names[name]: None if self.cleaned_data[name] is None else microusd(self.cleaned_data[name])
            for name in self.changed_data
        }

    def of_providers(self) -> list[tuple[str, forms.BoundField]]:
        """Return the fields of providers, each with its slug."""
        named = ((slug, name) for name, (scope, slug) in self.names.items() if scope == Budget.Scope.PROVIDER)
        return [(slug, self[name]) for slug, name in named]


def _dollars(limit: int | None) -> Decimal | None:
    """Return micro-dollars as dollars, without zeros that say nothing."""
    if limit is None:
        return None
    amount = Decimal(limit) / MICROUSD
    return amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else amount.normalize()
