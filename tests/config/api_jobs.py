"""What the processes of tests/config/test_rate_limits.py do."""

from accounts import rate_limits
from tests.harness.nursery import tell


def take(holder: str, limit: int, times: int) -> None:
    """Ask again and again; tell how often it was let through."""
    quotas = [rate_limits.take(holder, limit) for _ in range(times)]
    tell(sum(quota is not None and quota.remaining is not None for quota in quotas))
