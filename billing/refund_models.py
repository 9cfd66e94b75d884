"""Refunds that one operator may not make alone: who asked, for how much and why, and what another one decided."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager
from billing.amounts import dollars
from billing.models import Entry, Hold


def _person(*, null: bool = False) -> "models.ForeignKey[User | None, User | None]":
    """A column whose number stays when the person is gone: a row of the books is not put right afterwards."""
    return models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", null=null)


class RefundRequestQuerySet(models.QuerySet["RefundRequest"]):
    def waiting(self) -> "RefundRequestQuerySet":
        """Those that can still be decided."""
        return self.filter(status=RefundRequest.Status.WAITING, expires_at__gt=timezone.now())


class RefundRequest(models.Model):
    """A refund that waits for a second operator, or did. Nobody decides what they asked for themselves.

    It is decided once (`billing.refunds`), and one that is paid names the entry of the books that paid it.
    """

    class Kind(models.TextChoices):
        REFUND = "refund", _("refund a charge")
        GIVE_BACK = "give_back", _("give back what was not billed")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PAID = "paid", _("paid")
        DECLINED = "declined", _("declined")
        CANCELLED = "cancelled", _("cancelled")

    LASTS: ClassVar = timedelta(days=7)

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="refund_requests")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="refund_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_microusd = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    key = models.CharField(max_length=80, unique=True, help_text="of the page that asked, so that it asks once")
    asked_by = _person()
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="when the other operators were written to")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    decided_by = _person(null=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True, help_text="what was said to it")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="approval")

    objects = OwnedManager.from_queryset(RefundRequestQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_microusd__gt=0), name="request_asks_for_something"),
            models.CheckConstraint(
                condition=Q(status="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(status="cancelled", decided_by=F("asked_by"), decided_at__isnull=False)
                | (Q(status__in=("paid", "declined"), decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="request_is_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", entry__isnull=False) | (~Q(status="paid") & Q(entry__isnull=True)),
                name="request_is_paid_by_an_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], condition=Q(status="waiting"), name="request_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {dollars(self.amount_microusd)}, {self.get_status_display()}"

    @property
    def is_waiting(self) -> bool:
        """False once it is decided, or too late for that."""
        return self.status == self.Status.WAITING and self.expires_at > timezone.now()
