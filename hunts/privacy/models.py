"""Erasures: each is a row, so that one that was cut off goes on, and forgets whom it was about when it is over."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from accounts.scoping import OwnedManager
from hunts.privacy.work_models import PersonWork, WorkQuerySet


class ErasureQuerySet(WorkQuerySet["Erasure"]):
    """A name for mypy, which knows no manager of a generic class."""


class Erasure(PersonWork):
    """One request to erase a person: in one workspace, or in all of them and what they share.

    It goes over everything twice: once at once, and once more when whatever was under way then has ended, for a page
    may have been in a worker's hands. `wanted` is the person, and is emptied at the end.
    """

    class Status(models.TextChoices):
        RUNNING = "running", _("erasing")
        SETTLING = "settling", _("erased; looking once more soon")
        DONE = "done", _("erased")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="erasures")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    counts = models.JSONField(default=dict, help_text="rows that were deleted or changed, by table")

    objects = OwnedManager.from_queryset(ErasureQuerySet)()

    OVER: ClassVar = (Status.DONE,)
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
    def total(self) -> int:
        """How many rows it changed or deleted."""
        return sum(self.counts.values())
