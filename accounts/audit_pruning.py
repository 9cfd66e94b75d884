"""How long the audit log is kept: AUDIT_DAYS, 0 for ever. Run every day by the queue (`accounts.audit_pruning.prune`).

A trigger keeps entries from being deleted. This is the one way past it: an `AuditPruning` row says up to when entries
may go, and stays as the record of that. Names of hunts stand in entries and outlive what is purged, so long as this.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.audit_models import AuditEntry, AuditPruning

logger = structlog.get_logger(__name__)

BATCH = 500


def prune() -> int:
    """Delete the entries that are older than they may be; return how many."""
    if not settings.AUDIT_DAYS:
        return 0
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    before = today - timedelta(days=max(settings.AUDIT_DAYS, AuditPruning.LEAST_DAYS + 1))
    old = AuditEntry.objects.filter(at__lt=before).order_by("pk").values_list("pk", flat=True)
    if not old.exists():
        return 0
    AuditPruning.objects.get_or_create(before=before)
    gone = 0
    # In batches, so that nobody waits long for the write lock.
    while batch := list(old[:BATCH]):
        with transaction.atomic():
            gone += AuditEntry.objects.filter(pk__in=batch).prune()
    logger.info("audit.pruned", entries=gone, before=before.isoformat())
    return gone
