"""Presets, their schedules, and what came of each time that a schedule was due.

A preset is a hunt that was given a name: the hunt keeps what to look for, the preset who sees it and how it is run.
A run of a preset is a run of its hunt, so that pages, money and leads know nothing of presets.
"""

from datetime import datetime, time
from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User, Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from hunts.recurrence import Recurrence


class Known(models.TextChoices):
    """What a run does with companies that the workspace knew before."""

    REUSE = "reuse", _("Show them too; what was judged is used again")
    LEAVE_OUT = "leave_out", _("Leave them out: only new companies")


class Trigger(models.TextChoices):
    """What started a run."""

    PERSON = "person", _("a person")
    SCHEDULE = "schedule", _("a schedule")
    API = "api", _("the API")


class PresetQuerySet(models.QuerySet["Preset"]):
    def kept(self) -> "PresetQuerySet":
        """Those that nobody deleted; their hunt may be."""
        return self.filter(deleted_at__isnull=True)

    def of(self, workspace: Workspace, user: User) -> "PresetQuerySet":
        """What concerns `user`, deleted or not: shared ones, one's own, and those of people who left or were disabled.

        For nothing may spend money that nobody sees.
        """
        makers = Membership.objects.filter(
            workspace=OuterRef("workspace"), user=OuterRef("made_by"), user__is_active=True
        )
        whose = Q(is_shared=True) | Q(made_by=user) | ~Exists(makers)
        return self.filter(whose, workspace=workspace, hunt__deleted_at__isnull=True)

    def visible_to(self, workspace: Workspace, user: User) -> "PresetQuerySet":
        return self.of(workspace, user).kept()


class Preset(models.Model):
    """A hunt under a name, to run again.

    `version` counts its changes, those of its hunt's limits too: an edit names the version that it was made on.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="presets")
    # "hunts.Hunt" by its name: that module imports this one.
    hunt = models.ForeignKey("hunts.Hunt", on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=100)
    is_shared = models.BooleanField(default=False, help_text="with the workspace; otherwise only its maker sees it")
    known = models.CharField(max_length=10, choices=Known.choices, default=Known.REUSE)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(PresetQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "workspace",
                Lower("name"),
                condition=Q(is_shared=True, deleted_at__isnull=True),
                name="one_shared_preset_a_name",
            ),
            models.UniqueConstraint(
                "workspace",
                "made_by",
                Lower("name"),
                condition=Q(is_shared=False, deleted_at__isnull=True),
                name="one_private_preset_a_name",
            ),
            models.UniqueConstraint(fields=["hunt"], condition=Q(deleted_at__isnull=True), name="one_preset_a_hunt"),
            models.CheckConstraint(condition=~Q(name=""), name="a_preset_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page of its hunt: a preset has none of its own."""
        return self.hunt.get_absolute_url()

    @property
    def is_there(self) -> bool:
        """Whether nobody deleted it, nor its hunt."""
        return self.deleted_at is None and self.hunt.deleted_at is None


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def kept(self) -> "ScheduleQuerySet":
        """Those that nobody deleted; their preset may be."""
        return self.filter(deleted_at__isnull=True)

    def due(self, now: datetime) -> "ScheduleQuerySet":
        """Those whose time has come."""
        return self.kept().filter(paused_at__isnull=True, next_at__lte=now)


class Schedule(models.Model):
    """When a preset runs by itself, with a spending limit of its own for each run."""

    class Frequency(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    preset = models.OneToOneField(Preset, on_delete=models.CASCADE, related_name="schedule")
    frequency = models.CharField(max_length=8, choices=Frequency.choices)
    weekday = models.PositiveSmallIntegerField(null=True, help_text="0 is Monday; only of a weekly one")
    day = models.PositiveSmallIntegerField(null=True, help_text="1-31, or the month's last; only of a monthly one")
    at = models.TimeField(default=time(9), help_text="by the clocks of the time zone")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="a name of the IANA database")
    known = models.CharField(max_length=10, choices=Known.choices, default=Known.LEAVE_OUT)
    max_spend_microusd = models.BigIntegerField(default=0)
    next_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=500, blank=True, help_text="empty where a person paused it")
    counted_from = models.DateTimeField(auto_now_add=True, help_text="failures before this are forgiven")
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    objects = OwnedThroughManager.from_queryset(ScheduleQuerySet)("preset")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(frequency="daily", weekday__isnull=True, day__isnull=True)
                # A comparison with NULL is not false, and would pass.
                | Q(frequency="weekly", weekday__isnull=False, weekday__range=(0, 6), day__isnull=True)
                | Q(frequency="monthly", day__isnull=False, day__range=(1, 31), weekday__isnull=True),
                name="schedule_has_its_day",
            ),
            models.CheckConstraint(condition=Q(max_spend_microusd__gte=0), name="schedule_spends_nothing_negative"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                condition=Q(paused_at__isnull=True, deleted_at__isnull=True),
                name="schedule_by_next",
            ),
        ]

    def __str__(self) -> str:
        return f"schedule {self.pk} of preset {self.preset_id}"

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence(self.frequency, self.at, self.time_zone, weekday=self.weekday, day=self.day)

    def next_due(self, now: datetime) -> datetime:
        """Return its first due time after `now` that was not answered before, by a clock that was ahead."""
        due = self.recurrence.next_after(now)
        while self.firings.filter(due_at=due).exists():
            due = self.recurrence.next_after(due)
        return due

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class Firing(models.Model):
    """One time that a schedule was due, and what came of it. A due time has one, so that it starts one run."""

    class Outcome(models.TextChoices):
        STARTED = "started", _("started")
        SKIPPED = "skipped", _("skipped")
        FAILED = "failed", _("not started")

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="firings")
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    note = models.CharField(max_length=500, blank=True, help_text="why not, or why late")
    run = models.OneToOneField("hunts.Run", on_delete=models.SET_NULL, null=True, related_name="firing")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager["Firing"]("schedule")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="one_firing_a_due_time"),
        ]
        indexes: ClassVar = [models.Index("schedule", F("id").desc(), name="firing_by_age")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.due_at:%Y-%m-%d %H:%M}"
