"""A run's money, as the gateway sees it: the ledger's answers in the gateway's words."""

from django.utils.translation import gettext as _

from billing import ledger
from integrations.errors import CapReached, RunStopped


class RunMeter:
    """Holds on one run's budget, in micro-dollars."""

    def __init__(self, budget_id: int) -> None:
        self.budget_id = budget_id

    def reserve(self, amount: int, *, provider: str, operation: str) -> int | None:
        try:
            return ledger.reserve(self.budget_id, amount, provider=provider, operation=operation)
        except ledger.OverCap:
            raise CapReached(_("The run's spending limit does not allow another call to %s.") % provider) from None
        except ledger.Closed:
            raise RunStopped(_("The run was stopped.")) from None

    def settle(self, hold: int, actual: int) -> None:
        ledger.settle(hold, actual)

    def release(self, hold: int) -> None:
        ledger.release(hold)
