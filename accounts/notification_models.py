"""What people are told: their inboxes, what they want to hear of, and the messages that still have to be sent.

A notification is a kind and its parameters, never a sentence: it is read in the language of whoever reads it.
"""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.outbox_models import OutgoingMessage
from accounts.scoping import OwnedManager, OwnedThroughManager


class Kind(models.TextChoices):
    """What can have happened."""

    RUN_COMPLETED = "run_completed", _("A run is done")
    RUN_FAILED = "run_failed", _("A run failed")
    NEEDS_YOU = "needs_you", _("Something waits for you")
    BUDGET_WARNING = "budget_warning", _("A spending limit is nearly used up")
    DIGEST = "digest", _("Daily digest")


# What people choose for; the digest has a time instead.
CHOSEN: tuple[Kind, ...] = (Kind.RUN_COMPLETED, Kind.RUN_FAILED, Kind.NEEDS_YOU, Kind.BUDGET_WARNING)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def inbox(self, user: User, workspace: Workspace) -> "NotificationQuerySet":
        """What `user` finds in their inbox in `workspace`."""
        return self.filter(user=user, workspace=workspace, in_app=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)

    def mark_read(self, at: datetime | None = None) -> int:
        """Mark those that are unread; return how many there were."""
        return self.unread().update(read_at=at or timezone.now())


class Notification(models.Model):
    """Something that happened, told to one person; or, where `user` is null, to the workspace's Slack channel.

    `key` names what happened, so that it is told once, whoever reports it how often.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="notifications")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=120)
    url = models.CharField(max_length=300, help_text="path of the page that it is about")
    label = models.CharField(max_length=200, blank=True, help_text="name of what it is about")
    parameters = models.JSONField(default=dict)
    in_app = models.BooleanField(default=True, help_text="whether it stands in the inbox")
    read_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(NotificationQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="told_once_a_person"),
            models.UniqueConstraint(
                fields=["workspace", "key"], condition=Q(user__isnull=True), name="told_once_a_workspace"
            ),
        ]
        indexes: ClassVar = [
            models.Index("user", "workspace", F("id").desc(), condition=Q(in_app=True), name="notification_inbox"),
            models.Index(
                fields=["user", "workspace"], condition=Q(in_app=True, read_at__isnull=True), name="notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.label}"

    @property
    def is_read(self) -> bool:
        return self.read_at is not None


class NotificationPreference(models.Model):
    """What one person wants to hear of one kind in one workspace. Without a row: what is usual (`preferences`)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    in_app = models.BooleanField()
    email = models.BooleanField()

    objects = OwnedManager["NotificationPreference"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "workspace", "kind"], name="one_preference_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class Reader(models.Model):
    """How one person wants to be told in one workspace, and when they last had its pages open."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="readings")
    wants_all = models.BooleanField(default=False, help_text="also of what others started")
    digest_hour = models.PositiveSmallIntegerField(null=True, help_text="0 to 23 in the person's zone; null: no digest")
    next_digest_at = models.DateTimeField(null=True, db_index=True)
    looked_at = models.DateTimeField(null=True, help_text="when a page of theirs last asked for news")

    objects = OwnedManager["Reader"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "workspace"], name="one_reader_a_workspace"),
            models.CheckConstraint(
                condition=Q(digest_hour__isnull=True, next_digest_at__isnull=True)
                | Q(digest_hour__isnull=False, digest_hour__lte=23, next_digest_at__isnull=False),
                name="a_digest_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.workspace_id}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.user.time_zone)


class SlackNews(models.Model):
    """Which kinds go to the workspace's Slack channel. The row is there while one is connected."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="slack_news")
    kinds = models.JSONField(default=list)

    objects = OwnedManager["SlackNews"]()

    def __str__(self) -> str:
        return f"Slack of {self.workspace_id}"


class NotificationDelivery(OutgoingMessage):
    """A notification on its way to one person's mailbox, or to a Slack channel."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SLACK = "slack", _("Slack")

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=254, blank=True, help_text="where it was sent to")
    unless_seen = models.BooleanField(default=False, help_text="not needed if the person was looking meanwhile")

    objects = OwnedThroughManager["NotificationDelivery"]("notification")

    class Meta:
        verbose_name_plural = "notification deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["notification", "channel"], name="one_delivery_a_channel"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "not_before"], condition=Q(status="waiting"), name="delivery_to_claim"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="sending"), name="delivery_leases"),
            models.Index(fields=["claimed_by"], condition=Q(status="sending"), name="delivery_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.uid}: {self.status}"

    def columns_when_sent(self, address: str) -> dict[str, Any]:
        return {"address": address[:254]}
