"""What the queue runs for the books."""

from billing import reconciling, refund_mail


def reconcile() -> int:
    """Count holds that have waited long enough as spent; return how many."""
    return reconciling.reconcile().count


def tell_operators(request_id: int) -> int:
    """Write to the operators who can decide a request for a refund, once; return to how many."""
    return refund_mail.tell_operators(request_id)
