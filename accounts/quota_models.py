"""What an operator allows one workspace beyond what is usual."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager


class WorkspaceQuota(models.Model):
    """How much of one thing a workspace may have, in place of what the settings say."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="quotas")
    name = models.CharField(_("limit"), max_length=20)
    allowed = models.PositiveIntegerField(_("allowed"), help_text=_("0: without a limit"))
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = OwnedManager["WorkspaceQuota"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_quota_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.workspace_id}: {self.allowed}"
