"""What a workspace cannot erase itself, pages that all read and their pictures: the operator is asked for it."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Workspace
from accounts.scoping import OwnedManager
from hunts.privacy.models import Erasure
from leads.wanted import Wanted


class SharedRequestQuerySet(models.QuerySet["SharedRequest"]):
    def visible_to(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def open(self) -> Self:
        """Those that nobody has answered yet."""
        return self.filter(done_at__isnull=True)


class SharedRequest(models.Model):
    """A request to take the person of a workspace's erasure out of what all read; it forgets whom once it is done."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="shared_requests")
    erasure = models.OneToOneField(Erasure, on_delete=models.CASCADE, related_name="shared_request")
    wanted = models.JSONField(default=dict, help_text="the person; empty when it is done")
    asked_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, help_text="when operators were written to")
    answer = models.ForeignKey(
        Erasure, on_delete=models.SET_NULL, null=True, related_name="answered", help_text="in the whole installation"
    )
    done_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(SharedRequestQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(done_at__isnull=True) | Q(wanted={}), name="a_request_forgets_whom"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"

    @property
    def person(self) -> Wanted:
        return Wanted.from_json(self.wanted)
