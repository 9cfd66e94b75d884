"""Work on one person that a worker does from table to table: a row, so that what was cut off goes on where it was."""

from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User, Workspace
from leads.wanted import Wanted

W = TypeVar("W", bound="PersonWork")


class WorkQuerySet(models.QuerySet[W]):
    def visible_to(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def due(self) -> Self:
        """Those that somebody should work on, and nobody does."""
        free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now())
        waits = Q(not_before__isnull=True) | Q(not_before__lte=Now())
        return self.exclude(status__in=self.model.OVER).filter(free, waits)


class PersonWork(models.Model):
    """What all such work has: whom it is about, how far it is, and who is at it (`hunts.privacy.leases`)."""

    wanted = models.JSONField(default=dict, help_text="the person; empty when it is over")
    # (And `reached`: the key of the row of this step that was looked at last.)
    step = models.PositiveSmallIntegerField(default=0, help_text="how many tables are done in this round")
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not go on, and what to do")
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    LEASE: ClassVar = timedelta(minutes=5)
    OVER: ClassVar[tuple[str, ...]]

    class Meta:
        abstract = True

    @property
    def is_over(self) -> bool:
        return self.status in self.OVER  # type: ignore[attr-defined]

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
