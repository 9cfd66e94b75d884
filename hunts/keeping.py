"""For how long what somebody deleted can be brought back, before it is purged."""

from datetime import datetime, timedelta

from django.utils import timezone

KEPT_FOR = timedelta(days=30)


def purged_before() -> datetime:
    """Return the time: what was deleted before it is gone, or about to be."""
    return timezone.now() - KEPT_FOR
