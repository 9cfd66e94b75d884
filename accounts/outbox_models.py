"""What every message that leaves the house has, whatever it says."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import problems


class OutgoingMessage(models.Model):
    """A message that has to leave the house: at least once, under an id that stays the same.

    A sender claims it by one conditional UPDATE with a lease and a fence (`accounts.outbox`).
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        DROPPED = "dropped", _("not needed any more")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, help_text="the same in every try, for who gets it twice")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    problem = models.CharField(max_length=300, blank=True)  # in English, see `accounts.problems`
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    claimed_by = models.CharField(max_length=32, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    LEASE: ClassVar = timedelta(minutes=10)

    class Meta:
        abstract = True

    @property
    def why(self) -> str:
        """Why it did not arrive, in the language that is spoken."""
        return problems.said(self.problem)

    def columns_when_sent(self, address: str) -> dict[str, Any]:
        """Return what else is written into the row once the other side has taken the message."""
        return {}

    def columns_when_over(self) -> dict[str, Any]:
        """Return what else is written once it will not be tried again: what nobody needs any more is wiped here."""
        return {}
