"""Deep research of one lead: the questions, and the statements that answer them, each with its place on a stored page.

Rows are the truth here too: a research is claimed as a whole, and each question is answered in one transaction.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from billing.models import Budget
from enrichment.models import Snapshot
from leads.models import Lead


class ResearchQuerySet(models.QuerySet["Research"]):
    def visible_to(self, workspace: Workspace) -> "ResearchQuerySet":
        return self.filter(workspace=workspace)

    def live(self) -> "ResearchQuerySet":
        """Those that a worker is at, or should be."""
        return self.filter(status__in=Research.LIVE)

    def due(self) -> "ResearchQuerySet":
        """Those that wait for a worker and whose time has come."""
        waiting = Q(status=Research.Status.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=Now()))
        return self.filter(waiting | Q(status=Research.Status.RUNNING, lease_expires_at__lt=Now()))


class Research(models.Model):
    """One deep research of a lead, with its own budget."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    LIVE: ClassVar = (Status.QUEUED, Status.RUNNING)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="researches")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="researches")
    # "hunts.Hunt" by its name: that module imports this one.
    hunt = models.ForeignKey("hunts.Hunt", on_delete=models.SET_NULL, null=True, related_name="researches")
    budget = models.OneToOneField(Budget, on_delete=models.PROTECT, related_name="research")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    problem = models.CharField(max_length=500, blank=True, help_text="why it failed or waits, and what to do")
    topics = models.JSONField(default=list, help_text="what pages are chosen by")
    pages = models.JSONField(null=True, help_text="address, title and hash of what was read; null before")
    site_problem = models.CharField(max_length=500, blank=True, help_text="why the site could not be read in full")
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="since the last step that succeeded")
    lease_expires_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(ResearchQuerySet)()

    class Meta:
        verbose_name_plural = "researches"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(status__in=("queued", "running")), name="one_live_research_a_lead"
            ),
        ]
        indexes: ClassVar = [
            models.Index("lead", F("id").desc(), name="research_by_age"),
            models.Index(fields=["status", "lease_expires_at"], name="research_to_claim"),
        ]

    def __str__(self) -> str:
        return f"research {self.pk} of lead {self.lead_id}"

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    @staticmethod
    def lease_end() -> Any:
        """Return until when a claim of now lasts, by the database's clock."""
        return Now() + timedelta(seconds=settings.LEASE_SECONDS)


class ResearchQuestion(models.Model):
    """One question of the plan, and what came of it."""

    class Status(models.TextChoices):
        OPEN = "open", _("not answered yet")
        ANSWERED = "answered", _("answered")
        NOTHING = "nothing", _("nothing found")

    research = models.ForeignKey(Research, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    text = models.CharField(max_length=700)
    looks_for = models.JSONField(default=dict, help_text="phrases with their weights")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    answered_by = models.CharField(max_length=100, blank=True, help_text="passages or provider/model")
    prompt_version = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="why no model answered")
    left_out = models.PositiveSmallIntegerField(default=0, help_text="sentences whose quote stands on no page")
    answered_at = models.DateTimeField(null=True)

    objects = OwnedThroughManager["ResearchQuestion"]("research")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["research", "position"], name="one_question_a_position"),
        ]

    def __str__(self) -> str:
        return self.text


class Statement(models.Model):
    """Something that is said in answer to a question, with the words of a stored page that prove it."""

    question = models.ForeignKey(ResearchQuestion, on_delete=models.CASCADE, related_name="statements")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=1_000, blank=True, help_text="a model's sentence; empty: the quote speaks")
    quote = models.TextField()
    url = models.TextField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="statements")
    start = models.PositiveIntegerField(help_text="offset of the quote in the snapshot, in characters")
    end = models.PositiveIntegerField()
    fetched_at = models.DateTimeField(null=True)

    objects = OwnedThroughManager["Statement"]("question")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "position"], name="one_statement_a_position"),
            models.CheckConstraint(condition=~Q(quote="") & Q(end__gt=F("start")), name="a_statement_has_its_proof"),
        ]

    def __str__(self) -> str:
        return self.text or self.quote
