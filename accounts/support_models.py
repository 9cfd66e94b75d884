"""Support: an operator looks at the product as a person, for a reason and a while, and changes nothing."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager


def _number_of_somebody() -> "models.ForeignKey[User, User]":
    """A column whose number stays when the person is gone, as in the audit log."""
    return models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")


class SupportVisitQuerySet(models.QuerySet["SupportVisit"]):
    def live(self) -> "SupportVisitQuerySet":
        """Those that go on."""
        return self.filter(ended_at__isnull=True, ends_at__gt=timezone.now())

    def overdue(self) -> "SupportVisitQuerySet":
        """Those whose time is up, and that nobody ended yet."""
        return self.filter(ended_at__isnull=True, ends_at__lte=timezone.now())


class SupportVisit(models.Model):
    """A look of `operator` at what `person` sees. An operator has one at a time."""

    operator = _number_of_somebody()
    person = _number_of_somebody()
    reason = models.CharField(max_length=140, help_text="a ticket, or words; the person's workspaces read it")
    began_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(help_text="when it ends by itself")
    ended_at = models.DateTimeField(null=True)

    objects = SupportVisitQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["operator"], condition=Q(ended_at__isnull=True), name="one_visit_an_operator"
            ),
            models.CheckConstraint(condition=~Q(operator=F("person")), name="visit_is_to_another"),
            models.CheckConstraint(condition=~Q(reason=""), name="visit_has_a_reason"),
        ]
        indexes: ClassVar = [models.Index(fields=["ends_at"], condition=Q(ended_at__isnull=True), name="visit_ends")]

    def __str__(self) -> str:
        return f"{self.operator_id} as {self.person_id}: {self.reason}"

    @property
    def minutes_left(self) -> int:
        """Whole minutes, the last one begun included."""
        return max(-int((timezone.now() - self.ends_at).total_seconds() // 60), 0)

    @property
    def last_moment(self) -> datetime:
        """When it ended, or will by itself."""
        return self.ended_at or self.ends_at


class SupportOpening(models.Model):
    """A workspace that was opened in a visit: its log tells of the beginning and the end."""

    visit = models.ForeignKey(SupportVisit, on_delete=models.CASCADE, related_name="openings")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager["SupportOpening"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit", "workspace"], name="one_opening_a_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} in {self.visit_id}"
