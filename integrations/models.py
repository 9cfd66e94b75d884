"""Calls to outside services, the keys that a workspace has for them, and what workers know together of each key.

The log of calls is also the journal that makes a paid call happen once.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager


class ProviderCall(models.Model):
    """One call that was answered or failed.

    `key` names what was asked on whose behalf; an answered call's `answer` is given again to whoever asks
    the same for the same purpose, so that work repeated after a crash is not paid for twice.
    """

    class Status(models.TextChoices):
        ANSWERED = "answered", _("answered")
        FAILED = "failed", _("failed")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="provider_calls")
    run_ref = models.CharField(max_length=40, blank=True)
    candidate_ref = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=64)
    provider = models.CharField(max_length=40)
    operation = models.CharField(max_length=60)
    model = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    answer = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    hold_id = models.BigIntegerField(null=True)
    cost_microusd = models.BigIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager["ProviderCall"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                condition=models.Q(status="answered"),
                name="one_answer_a_question",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run_ref", "provider"], name="call_by_run"),
            models.Index(fields=["candidate_ref"], name="call_by_candidate"),
            models.Index(fields=["hold_id"], condition=models.Q(hold_id__isnull=False), name="call_by_hold"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation} {self.status}"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def visible_to(self, workspace: Workspace) -> "ConnectionQuerySet":
        return self.filter(workspace=workspace)


class Connection(models.Model):
    """What a workspace has decided about one provider: its own key, the model, its place in the order, on or off.

    Without a key of its own the workspace uses the installation's, if there is one. `sealed_key` is encrypted
    (`accounts.sealing`); `key_ref` names the key in what workers share, without telling it. Empty numbers stand
    for the limits in the settings.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=40)
    sealed_key = models.TextField(blank=True)
    key_ref = models.CharField(max_length=64, blank=True)
    key_set_at = models.DateTimeField(null=True)
    key_set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    model = models.CharField(max_length=100, blank=True)
    position = models.IntegerField(null=True)
    is_on = models.BooleanField(default=True)
    problem = models.CharField(max_length=300, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True)
    tokens_per_minute = models.PositiveIntegerField(null=True)
    calls_at_once = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(ConnectionQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "provider"], name="one_connection_a_provider"),
            models.CheckConstraint(
                condition=models.Q(sealed_key="", key_ref="") | (~models.Q(sealed_key="") & ~models.Q(key_ref="")),
                name="a_key_has_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} of {self.workspace_id}"

    @property
    def has_key(self) -> bool:
        return bool(self.sealed_key)

    def set_key(self, *, sealed: str, ref: str, by: User | None) -> None:
        """Take a key in place of the one before, and forget what was wrong with that."""
        self.sealed_key, self.key_ref, self.key_set_by, self.key_set_at = sealed, ref, by, timezone.now()
        self.is_on, self.problem = True, ""
        self.save()

    def remove_key(self) -> None:
        self.sealed_key, self.key_ref, self.key_set_by, self.key_set_at, self.problem = "", "", None, None, ""
        self.save()


class SharedDocument(models.Model):
    """A document that all workers share, where there is no Redis; see `integrations.shared`."""

    name = models.CharField(max_length=120, primary_key=True)
    document = models.JSONField(default=dict)
    version = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
