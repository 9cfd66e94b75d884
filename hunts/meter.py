"""A run's money, as the gateway sees it: the ledger's answers in the gateway's words."""

from django.utils.translation import gettext as _

from billing import ceilings, ledger
from billing.models import Budget
from hunts.models import Run
from integrations.errors import CapReached, LeadCapReached, OwnCapReached, RunStopped
from integrations.providers import name_of

CEILINGS: dict[str, Run.Ceiling] = {
    Budget.Scope.ACTIVITY: Run.Ceiling.RUN,
    Budget.Scope.WORKSPACE: Run.Ceiling.WORKSPACE,
    Budget.Scope.PROVIDER: Run.Ceiling.PROVIDER,
    Budget.Scope.LEAD: Run.Ceiling.LEAD,
    Budget.Scope.INSTALLATION: Run.Ceiling.GLOBAL,
}


class RunMeter:
    """Holds on the budget of one run, conversation or research, in micro-dollars, perhaps on behalf of one lead."""

    def __init__(self, budget_id: int, *, lead_id: int | None = None, workspace_id: int | None = None) -> None:
        self.budget_id = budget_id
        self.lead_id = lead_id
        self.workspace_id = workspace_id

    def reserve(self, amount: int, *, provider: str, operation: str) -> int | None:
        try:
            return ledger.reserve(
                self.budget_id,
                amount,
                provider=provider,
                operation=operation,
                lead_ref=self.lead_id,
                workspace_id=self.workspace_id,
            )
        except ledger.OverCap as error:
            ceiling = CEILINGS[error.ceiling.scope]
            message = ceilings.sentence(error.ceiling, provider=name_of(provider))
            raise _REACHED.get(ceiling, CapReached)(message, ceiling=ceiling, may_pass=error.may_pass) from None
        except ledger.Closed:
            raise RunStopped(_("The run was stopped.")) from None

    def settle(self, hold: int, actual: int) -> None:
        ledger.settle(hold, actual)

    def release(self, hold: int) -> None:
        ledger.release(hold)


_REACHED: dict[str, type[CapReached]] = {Run.Ceiling.RUN: OwnCapReached, Run.Ceiling.LEAD: LeadCapReached}
