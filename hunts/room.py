"""How much the ceilings of this month leave for a run, whatever its own limit says."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.wall import as_system
from billing.amounts import dollars
from billing.ceilings import limit_of, this_month
from billing.models import Budget, SpendingLimit
from integrations.providers import REGISTRY

Scope = Budget.Scope


@dataclass(frozen=True, slots=True)
class Room:
    """What one ceiling leaves this month: `left` of `limit` micro-dollars. For a lead: for each single one."""

    scope: str
    subject: str
    limit_microusd: int
    left_microusd: int

    @property
    def is_shared(self) -> bool:
        """True for the ceiling of all tenants together: its numbers tell what others spend, so nobody is told them."""
        return self.scope == Scope.INSTALLATION

    def sentence(self) -> str:
        """Say how much is left of what, and where to raise it."""
        if self.is_shared:
            return _(
                "The limit of this installation for this month is reached: nothing that costs money can be done. "
                "Ask its operator."
            )
        provider = REGISTRY[self.subject].name if self.subject in REGISTRY else self.subject
        values = {"left": dollars(self.left_microusd), "limit": dollars(self.limit_microusd), "provider": provider}
        if self.scope == Scope.WORKSPACE:
            return (
                _(
                    "Your workspace has %(left)s left of its %(limit)s for this month: the run stops there. "
                    "Raise it under Settings → Spending."
                )
                % values
            )
        return (
            _(
                "%(left)s is left of your %(limit)s with %(provider)s for this month: the run stops there. "
                "Raise it under Settings → Spending."
            )
            % values
        )


def on_each_lead(workspace_id: int, call_microusd: int) -> str:
    """Say where the limit of a single lead allows no judgement that costs up to `call_microusd`; '' where it does."""
    limit = limit_of(workspace_id, Scope.LEAD)
    if limit is None or limit >= call_microusd:
        return ""
    return _(
        "Judging a company may cost up to %(call)s, and your limit for a single one is %(limit)s: "
        "it will not be judged. "
        "Raise it under Settings → Spending."
    ) % {"call": dollars(call_microusd), "limit": dollars(limit)}


@as_system()
def rooms(workspace_id: int, providers: Collection[str]) -> list[Room]:
    """Return what the ceilings that have a limit leave for calls to `providers`, the least first: two queries."""
    month = this_month()
    ours = Q(workspace_id=workspace_id) & (Q(scope=Scope.WORKSPACE) | Q(scope=Scope.PROVIDER, subject__in=providers))
    opened = Budget.objects.filter(ours | Q(scope=Scope.INSTALLATION), period=month)
    used = {(one.scope, one.subject): one.committed_microusd for one in opened}
    limits: dict[tuple[str, str], int] = {
        (row.scope, row.subject): row.limit_microusd
        for row in SpendingLimit.objects.filter(workspace_id=workspace_id, scope__in=(Scope.WORKSPACE, Scope.PROVIDER))
        if row.scope == Scope.WORKSPACE or row.subject in providers
    }
    if settings.MONTHLY_SPENDING_LIMIT_MICROUSD is not None:
        limits[Scope.INSTALLATION, ""] = settings.MONTHLY_SPENDING_LIMIT_MICROUSD
    found = [Room(*of, limit, max(limit - used.get(of, 0), 0)) for of, limit in limits.items()]
    return sorted(found, key=lambda room: room.left_microusd)
