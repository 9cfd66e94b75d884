"""Conversations about whom to sell to, and what was said in them."""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from billing.models import Budget
from hunts.icp import Icp
from hunts.models import Hunt


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, workspace: Workspace) -> "ConversationQuerySet":
        return self.filter(workspace=workspace)


class Conversation(models.Model):
    """A chat about whom to sell to, and the profile as it stands after the last thing said or edited.

    `version` counts the changes of the profile: an edit names the version that it was made on, so that an answer that
    arrives meanwhile does not undo it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="en", help_text="the one that the customer writes in")
    icp_json = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    asked = models.JSONField(default=list, help_text="the topics that were asked for: none is asked for twice")
    budget = models.OneToOneField(Budget, on_delete=models.PROTECT, related_name="conversation")
    hunt = models.ForeignKey(Hunt, on_delete=models.SET_NULL, null=True, related_name="conversations")
    preset = models.ForeignKey("hunts.Preset", on_delete=models.SET_NULL, null=True, related_name="conversations")
    preset_version = models.PositiveIntegerField(default=0, help_text="of the preset that was opened to change it")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(ConversationQuerySet)()

    class Meta:
        indexes: ClassVar = [models.Index("workspace", F("changed_at").desc(), name="conversation_by_age")]

    def __str__(self) -> str:
        return self.title or f"conversation {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("hunts:chat", args=[self.pk])

    @property
    def icp(self) -> Icp:
        return Icp.from_json(self.icp_json)


class Message(models.Model):
    """One thing that was said in a conversation, or an edit of the profile that was made beside it."""

    class Role(models.TextChoices):
        USER = "user", _("you")
        ASSISTANT = "assistant", _("Magnet Hunter")
        EDIT = "edit", _("edit")

    class Status(models.TextChoices):
        WRITING = "writing", _("being written")
        DONE = "done", _("done")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(max_length=10, choices=Role.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DONE)
    text = models.TextField(blank=True)
    problem = models.CharField(max_length=500, blank=True, help_text="why the preferred model did not answer")
    topic = models.CharField(max_length=20, blank=True, help_text="what its question asks for")
    suggestions = models.JSONField(default=list, help_text="what to click instead of typing")
    written_by = models.CharField(max_length=100, blank=True, help_text="rules or provider/model")
    prompt_version = models.CharField(max_length=40, blank=True)
    icp_json = models.JSONField(null=True, help_text="the profile as this left it")
    version = models.PositiveIntegerField(default=0, help_text="of the profile, as this left it")
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, help_text="until when a process is writing it")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager["Message"]("conversation")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["conversation", "id"], name="message_in_order"),
            models.Index(fields=["conversation", "version"], name="message_by_version"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.text[:50]}"
