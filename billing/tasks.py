"""What the queue runs for the books."""

from billing import reconciling


def reconcile() -> int:
    """Count holds that have waited long enough as spent; return how many."""
    return reconciling.reconcile().count
