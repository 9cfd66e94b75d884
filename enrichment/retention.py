"""How long what was read is kept: pages for PAGE_KEEP_DAYS, and whatever a lead's proof stands on as long as the lead.

Run every day by the queue (`enrichment.retention.prune`).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q
from django.utils import timezone

from enrichment.models import Host, Page, RobotsFile, Screenshot, Snapshot
from leads.models import Contact, Evidence, Fact

_BATCH = 500


def prune() -> int:
    """Delete what is older than it may be and proves nothing; return how many texts went."""
    before = timezone.now() - timedelta(days=settings.PAGE_KEEP_DAYS)
    Page.objects.filter(fetched_at__lt=before).delete()
    RobotsFile.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()
    nobody = Q(holder="") & Q(failures=0) | Q(failed_until__lt=before)
    Host.objects.filter(nobody, Q(free_at__isnull=True) | Q(free_at__lt=timezone.now())).delete()
    for picture in Screenshot.objects.filter(taken_at__lt=before):
        picture.file.delete(save=False)
        picture.delete()
    return _prune_texts(before)


def _prune_texts(before: datetime) -> int:
    """Delete old texts that nothing points at: no page, evidence, fact or contact, and nothing of a floor above."""
    unused = Snapshot.objects.filter(created_at__lt=before)
    for model in (Evidence, Fact, Contact):
        unused = unused.filter(~Exists(model.objects.filter(snapshot_sha256=OuterRef("pk"))))
    # Pages do, and what a floor above keeps: whoever points at a text with a foreign key keeps it.
    for relation in Snapshot._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            held = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            unused = unused.filter(~Exists(held))
    gone = 0
    # In batches, so that nobody waits long for the write lock.
    while batch := list(unused.values_list("pk", flat=True)[:_BATCH]):
        with transaction.atomic():
            gone += Snapshot.objects.filter(pk__in=batch).delete()[0]
    return gone
