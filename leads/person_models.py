"""What is remembered of people without knowing them: whom nobody may keep, and since when somebody is known.

Only keyed hashes stand here (`leads.suppression`): nobody can be read from them, only found again.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager, OwnedOrSharedManager


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def visible_to(self, workspace: Workspace) -> "SuppressionQuerySet":
        return self.filter(workspace=workspace)

    def on_the_list_of(self, workspace_id: int | None) -> "SuppressionQuerySet":
        """Those of one workspace, or, with None, those of the installation."""
        if workspace_id is None:
            return self.filter(workspace__isnull=True)
        return self.filter(workspace_id=workspace_id)

    def holding_for(self, workspace_id: int | None) -> "SuppressionQuerySet":
        """Those that a workspace has to obey: its own and the installation's; the latter alone for nobody's rows."""
        return self.filter(Q(workspace_id=workspace_id) | Q(workspace__isnull=True))


class Suppression(models.Model):
    """One hashed address, number, profile or name of a person whose data is not kept. Without a workspace: by nobody.

    All rows of one `person` came from one request. A name is kept for one company; `bucket` is the hash of its domain,
    so that a page of it is compared with the names of that company alone. It is '' for whatever has no company.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="suppressions")
    person = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    bucket = models.CharField(max_length=64, blank=True)
    words = models.PositiveSmallIntegerField(default=0, help_text="of a name")
    made_by = models.CharField(max_length=12, blank=True, help_text="which key; '' in rows of before that was noted")
    added_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedOrSharedManager.from_queryset(SuppressionQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "digest"], name="suppressed_once_a_workspace"),
            models.UniqueConstraint(
                fields=["digest"], condition=Q(workspace__isnull=True), name="suppressed_once_by_all"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "bucket"], name="suppression_to_ask")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person}"


class Collection(models.Model):
    """Since when a workspace knows an address, number, profile or name, by its hash.

    It outlives the rows that hold the thing itself, so that finding it again does not make it younger. `erased_at` is
    when its time was up; found after that, it is collected anew, and `is_again` says so.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="collections")
    digest = models.CharField(max_length=64)
    first_collected_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True)
    is_again = models.BooleanField(default=False)

    objects = OwnedManager["Collection"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "digest"], name="collected_once_a_workspace"),
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "erased_at"], name="collection_erased")]

    def __str__(self) -> str:
        return self.digest[:12]
