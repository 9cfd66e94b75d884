"""Tests of language models, with money of the ledger's: each has a budget of its own, which ends with it."""

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from accounts import quotas
from accounts.models import User, Workspace
from billing import ledger
from billing.models import Budget
from billing.spending import TRIAL
from hunts.meter import RunMeter
from integrations import trial
from integrations.connections import Access
from integrations.errors import CapReached, OwnCapReached
from integrations.trial import Trial


class TrialMeter(RunMeter):
    """The money of one test: under the month's limits as all calls, and told apart from them on the spending page."""

    def reserve(self, amount: int, *, provider: str, operation: str) -> int | None:
        try:
            return super().reserve(amount, provider=provider, operation=TRIAL)
        except OwnCapReached:
            # One call fits, or it would not have begun: what was sent before and never answered may be billed.
            message = _("It did not answer, and to ask once more could cost more than a test may.")
            raise CapReached(message) from None


def try_out(access: Access, workspace: Workspace, *, by: User | None) -> Trial:
    """Make one tiny call to a model, where the limits of the month leave room for it, and return how it went.

    Raises QuotaReached.
    """
    quotas.take(workspace.pk, "trials", by=by)
    if problem := trial.refusal(access, workspace.pk):
        return Trial(access.name, 0.0, 0, problem)
    budget = Budget.objects.create(workspace=workspace, cap_microusd=trial.MOST_MICROUSD, started_by=by)
    try:
        return async_to_sync(trial.try_out)(access, TrialMeter(budget.pk, workspace_id=workspace.pk), workspace.pk)
    finally:
        ledger.close(budget.pk)
