"""What the processes of the tests of refunds do."""

from accounts.models import User
from billing import ledger, refunds


def decide(how: str, request_id: int, user_id: int) -> bool:
    """Approve, decline or cancel a request; return whether it was this that decided it."""
    try:
        getattr(refunds, how)(request_id, by=User.objects.get(pk=user_id))
    except refunds.NotDecided:
        return False
    return True


def refund(hold_id: int, amount: int, key: str, user_id: int) -> str:
    """Give something of a charge back; return what came of it."""
    try:
        outcome = refunds.refund(hold_id, amount, key=key, by=User.objects.get(pk=user_id), reason="a slow day")
    except ledger.RefundRefused:
        return "refused"
    return outcome.name
