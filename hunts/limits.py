"""A run that stopped at its limit of spending: how much would be enough for the rest, and the form to allow it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Budget
from hunts.amount_fields import DollarsField
from hunts.amounts import CENT, dollars
from hunts.estimate import of_rest
from hunts.forms import MOST_DOLLARS
from hunts.models import Run

AMOUNT = gettext_lazy("The limit is an amount from 0 to 10,000 dollars.")


def enough_microusd(run: Run) -> int:
    """Return the limit that would do for the rest of the run in the worst case, in micro-dollars of whole cents."""
    budget = Budget.objects.get(pk=run.budget_id)
    needed = budget.spent_microusd + budget.reserved_microusd + (of_rest(run).cost.at_most or 0)
    more = max(needed, budget.cap_microusd + CENT)
    return min(-(-more // CENT) * CENT, MOST_DOLLARS * 1_000_000)


class RaiseForm(forms.Form):
    """A new spending limit for a run: more than it has now."""

    max_spend = DollarsField(
        min_value=0,
        max_value=MOST_DOLLARS,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), AMOUNT),
    )

    def __init__(self, *args: Any, run: Run, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run

    def clean_max_spend(self) -> Decimal:
        amount: Decimal = self.cleaned_data["max_spend"]
        allowed = Budget.objects.values_list("cap_microusd", flat=True).get(pk=self.run.budget_id)
        if amount * 1_000_000 <= allowed:
            raise forms.ValidationError(
                _("That is not more than the %(cap)s that the run may spend now.") % {"cap": dollars(allowed)}
            )
        return amount

    @property
    def max_spend_microusd(self) -> int:
        return int(self.cleaned_data["max_spend"] * 1_000_000)
