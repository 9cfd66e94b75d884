"""How long notifications are kept: NOTIFICATION_READ_KEEP_DAYS once they are read, NOTIFICATION_KEEP_DAYS at most.

Run every day by the queue (`accounts.notification_pruning.prune`).
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.notification_models import Notification

BATCH = 500


def prune() -> int:
    """Delete notifications that are older than they may be, with what was sent of them; return how many."""
    now = timezone.now()
    read_long_ago = Q(read_at__lt=now - timedelta(days=settings.NOTIFICATION_READ_KEEP_DAYS))
    made_long_ago = Q(created_at__lt=now - timedelta(days=settings.NOTIFICATION_KEEP_DAYS))
    old = Notification.objects.filter(read_long_ago | made_long_ago).order_by("pk").values_list("pk", flat=True)
    gone, last = 0, 0
    # In batches, so that nobody waits long for the write lock.
    while batch := list(old.filter(pk__gt=last)[:BATCH]):
        with transaction.atomic():
            # Asked again: somebody may have marked one unread meanwhile.
            Notification.objects.filter(read_long_ago | made_long_ago, pk__in=batch).delete()
        gone, last = gone + len(batch), batch[-1]
    return gone
