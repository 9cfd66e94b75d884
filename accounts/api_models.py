"""What the API remembers between requests, for all workers: how many there were, and answers to repeat."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Workspace
from accounts.scoping import OwnedManager


class RequestCount(models.Model):
    """How many requests somebody sent in one minute. One row for each of them: the next minute takes it over."""

    holder = models.CharField(max_length=80, unique=True, help_text="whose requests: a token or a session")
    minute = models.BigIntegerField(help_text="since 1970")
    count = models.PositiveIntegerField()
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.holder}: {self.count}"


class KeptAnswer(models.Model):
    """The answer to a request with an `Idempotency-Key`: while `status` is null, it is being made.

    An answer that must not be kept (`Cache-Control: no-store`) has a status and no body: it cannot be repeated.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    holder = models.CharField(max_length=80, help_text="who asked: a token or a person")
    operation = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="keyed hash of what was asked")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = OwnedManager["KeptAnswer"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "holder", "operation", "key"], name="one_answer_an_idempotency_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.status or 'under way'}"
