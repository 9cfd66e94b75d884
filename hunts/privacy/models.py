"""Erasures: each is a row, so that one that was cut off goes on, and forgets whom it was about when it is over."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from leads.wanted import Wanted


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def visible_to(self, workspace: Workspace) -> "ErasureQuerySet":
        return self.filter(workspace=workspace)

    def due(self) -> "ErasureQuerySet":
        """Those that somebody should work on, and nobody does."""
        free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now())
        waits = Q(not_before__isnull=True) | Q(not_before__lte=Now())
        return self.exclude(status=Erasure.Status.DONE).filter(free, waits)


class Erasure(models.Model):
    """One request to erase a person: in one workspace, or in all of them and what they share.

    It goes over everything twice: once at once, and once more when whatever was under way then has ended, for a page
    may have been in a worker's hands. `wanted` is the person, and is emptied at the end.
    """

    class Status(models.TextChoices):
        RUNNING = "running", _("erasing")
        SETTLING = "settling", _("erased; looking once more soon")
        DONE = "done", _("erased")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="erasures")
    wanted = models.JSONField(default=dict, help_text="the person; empty when it is over")
    # (And `reached`: the key of the row of this step that was looked at last.)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    step = models.PositiveSmallIntegerField(default=0, help_text="how many tables are done in this round")
    counts = models.JSONField(default=dict, help_text="rows that were deleted or changed, by table")
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not go on, and what to do")
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = ErasureQuerySet.as_manager()

    LEASE: ClassVar = timedelta(minutes=5)
    # Longer than any stage of a run takes: what held a page or an answer at the first round has written it by then.
    SETTLES_AFTER: ClassVar = timedelta(minutes=30)

    class Meta:
        indexes: ClassVar = [
            models.Index("workspace", F("id").desc(), name="erasure_by_age"),
            models.Index(fields=["not_before"], condition=~Q(status="done"), name="erasure_to_claim"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(status="done") | Q(wanted={}), name="an_erasure_forgets_whom"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}: {self.status}"

    @property
    def person(self) -> Wanted:
        return Wanted.from_json(self.wanted)

    @property
    def reached(self) -> Any:
        """The key of the row behind which this step goes on; None at its beginning."""
        return self.wanted.get("reached")

    def wanted_at(self, reached: Any) -> dict[str, Any]:
        """Return `wanted` with another place to go on at."""
        return self.person.to_json() | ({} if reached is None else {"reached": reached})

    @property
    def total(self) -> int:
        """How many rows it changed or deleted."""
        return sum(self.counts.values())
