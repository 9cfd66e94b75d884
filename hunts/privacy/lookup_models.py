"""Lookups: a person is looked for by a worker, and what was found is kept for some days, to be read and handed out."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from hunts.privacy.work_models import PersonWork, WorkQuerySet
from leads.wanted import Wanted


def kept_until() -> datetime:
    """Return up to when something that was found now is kept."""
    return timezone.now() + Lookup.KEPT


class LookupQuerySet(WorkQuerySet["Lookup"]):
    def kept(self) -> Self:
        """Those whose time is not up, whether or not the others have been deleted already."""
        return self.filter(expires_at__gt=timezone.now())


class Lookup(PersonWork):
    """One search of a workspace for a person. `wanted` is who was entered, with what their own rows tell of them."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        RUNNING = "running", _("looking")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="lookups")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="since it last got on")
    count = models.PositiveIntegerField(default=0, help_text="places that were found")
    perhaps = models.JSONField(default=list, help_text="who may be the person by another spelling of the name")
    expires_at = models.DateTimeField(default=kept_until, db_index=True, help_text="when it is deleted")

    objects = OwnedManager.from_queryset(LookupQuerySet)()

    OVER: ClassVar = (Status.DONE, Status.FAILED)
    KEPT: ClassVar = timedelta(days=7)
    MOST_ATTEMPTS: ClassVar = 5

    class Meta:
        indexes: ClassVar = [
            models.Index("workspace", F("id").desc(), name="lookup_by_age"),
            models.Index(fields=["not_before"], condition=~Q(status__in=["done", "failed"]), name="lookup_to_claim"),
        ]

    def __str__(self) -> str:
        return f"lookup {self.pk}: {self.status}"

    @property
    def like_them(self) -> list[Wanted]:
        """Those who may be the person; the first name of each is what they are told apart by."""
        return [Wanted.from_json(one) for one in self.perhaps]

    def get_absolute_url(self) -> str:
        return reverse("privacy:lookup", args=[self.pk])


class FoundPlace(models.Model):
    """One row that tells of the person of a lookup, as it is handed out (`hunts.privacy.finding.Item`)."""

    lookup = models.ForeignKey(Lookup, on_delete=models.CASCADE, related_name="places")
    told = models.JSONField()
    perhaps = models.CharField(max_length=200, blank=True, help_text="whose it is, where that may be the person")

    objects = OwnedThroughManager["FoundPlace"]("lookup")

    def __str__(self) -> str:
        return f"{self.told['table']} {self.told['id']}"

    @property
    def first_collected_at(self) -> datetime | None:
        return _time(self.told["first_collected_at"])

    @property
    def last_seen_at(self) -> datetime | None:
        return _time(self.told["last_seen_at"])


def _time(value: str | None) -> datetime | None:
    return parse_datetime(value) if value else None
