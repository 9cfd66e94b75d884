"""The log of calls to outside services, which is also the journal that makes a paid call happen once."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace


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
    status = models.CharField(max_length=10, choices=Status.choices)
    answer = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    hold_id = models.BigIntegerField(null=True)
    cost_microusd = models.BigIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation} {self.status}"
