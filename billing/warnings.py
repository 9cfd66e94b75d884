"""Limits that are nearly reached: what a workspace is told before a run stops at one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.amounts import dollars
from billing.ceilings import this_month
from billing.models import Budget

# From this share of a limit on somebody is warned.
NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A limit of this month of which at least four fifths are spent. `key` names it and its month.

    What is set aside for calls under way does not count: most of it comes back when their price is known.
    """

    ceiling: Budget

    @property
    def key(self) -> str:
        return f"{self.ceiling.scope}:{self.ceiling.subject}:{self.ceiling.period}"

    @property
    def subject(self) -> str:
        """The slug of its provider; '' where it is the whole workspace's."""
        return self.ceiling.subject

    @property
    def share(self) -> float:
        """How much of it is gone, from 0.8 up to 1; a limit of nothing, or one that was lowered, is gone."""
        return 1.0 if self.is_reached else self.ceiling.spent_microusd / self.ceiling.cap_microusd

    @property
    def is_reached(self) -> bool:
        return self.ceiling.spent_microusd >= self.ceiling.cap_microusd

    def sentence(self, provider: str = "") -> str:
        """Say which limit it is and how much of it is gone. `provider` is the name of its provider."""
        assert self.ceiling.period is not None, "a ceiling of a month has one"
        values = {
            "share": f"{int(self.share * 100)} %",
            "amount": dollars(self.ceiling.cap_microusd),
            "month": date_format(self.ceiling.period, "F Y"),
            "provider": provider or self.ceiling.subject,
        }
        if self.ceiling.scope == Budget.Scope.PROVIDER:
            if self.is_reached:
                return _("Your limit of %(amount)s with %(provider)s for %(month)s is used up.") % values
            return _("%(share)s of your limit of %(amount)s with %(provider)s for %(month)s is used up.") % values
        if self.is_reached:
            return _("Your workspace's limit of %(amount)s for %(month)s is used up.") % values
        return _("%(share)s of your workspace's limit of %(amount)s for %(month)s is used up.") % values


def near_limits(workspace_id: int) -> Sequence[NearLimit]:
    """Return the limits of this month that a workspace has nearly or wholly used up, the whole workspace's first.

    What single leads may cost is left out: it stops one lead and no run.
    """
    limited = Budget.objects.filter(
        workspace_id=workspace_id,
        period=this_month(),
        scope__in=(Budget.Scope.WORKSPACE, Budget.Scope.PROVIDER),
    ).order_by("-scope", "subject")
    return [NearLimit(one) for one in limited if one.has_limit and one.spent_microusd >= NEARLY * one.cap_microusd]
