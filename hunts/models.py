"""Hunts, their runs, and each lead's way through a run. Rows are the truth; the queue only nudges."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from billing.models import Budget
from hunts import summaries
from hunts.figure_models import RunFigures, RunSpend  # noqa: F401  (Django looks here)
from hunts.filter_models import FilterHistory  # noqa: F401  (Django looks here)
from hunts.icp import Icp
from hunts.preset_models import Firing, Known, Preset, Schedule, Trigger  # noqa: F401  (Django looks here)
from leads.models import Assessment, CompanyList, Lead, ScoringConfig


class Source(models.TextChoices):
    """Where a run looks for companies."""

    DIRECTORY = "directory", _("Company directory")
    EXA = "exa", _("Exa web search")
    FILE = "file", _("A file of companies")
    SANDBOX = "sandbox", _("Sandbox (fictional companies)")


class SavedIcpQuerySet(models.QuerySet["SavedIcp"]):
    def visible_to(self, workspace: Workspace) -> "SavedIcpQuerySet":
        return self.filter(workspace=workspace)


class SavedIcp(models.Model):
    """An ideal customer profile under a name, to begin hunts with."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_icps")
    name = models.CharField(max_length=100)
    icp_json = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = OwnedManager.from_queryset(SavedIcpQuerySet)()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "name"], name="one_icp_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def icp(self) -> Icp:
        return Icp.from_json(self.icp_json)


class HuntQuerySet(models.QuerySet["Hunt"]):
    def visible_to(self, workspace: Workspace) -> "HuntQuerySet":
        return self.kept().filter(workspace=workspace)

    def kept(self) -> "HuntQuerySet":
        """Hunts that nobody deleted."""
        return self.filter(deleted_at__isnull=True)


class Hunt(models.Model):
    """What we look for, saved. Each execution of it is a run."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="hunts")
    name = models.CharField(max_length=200)
    icp_json = models.JSONField()
    source = models.CharField(max_length=12, choices=Source.choices)
    company_list = models.ForeignKey(CompanyList, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    limit = models.PositiveIntegerField(default=50, help_text="how many companies a run looks at")
    max_spend_microusd = models.BigIntegerField(default=0)
    max_leads = models.PositiveIntegerField(null=True, blank=True, help_text="a run stops when so many are qualified")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, help_text="not shown since; can be brought back until it is purged")

    objects = OwnedManager.from_queryset(HuntQuerySet)()

    class Meta:
        indexes: ClassVar = [models.Index("workspace", F("created_at").desc(), name="hunt_by_age")]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(max_leads=0), name="a_hunt_wants_a_lead")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("hunts:detail", args=[self.pk])

    @property
    def icp(self) -> Icp:
        return Icp.from_json(self.icp_json)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, workspace: Workspace) -> "RunQuerySet":
        return self.kept().filter(hunt__workspace=workspace)

    def kept(self) -> "RunQuerySet":
        """Runs that nobody deleted, nor the hunt that they are of."""
        return self.filter(deleted_at__isnull=True, hunt__deleted_at__isnull=True)

    def live(self) -> "RunQuerySet":
        """Runs that a worker should be working on."""
        return self.filter(status__in=Run.LIVE)


class Run(models.Model):
    """One execution of a hunt, with its own copy of the profile, its own budget and scoring config."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    LIVE: ClassVar = (Status.QUEUED, Status.RUNNING)
    OVER: ClassVar = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)

    class Ceiling(models.TextChoices):
        """Which limit of spending it was paused at."""

        RUN = "run", _("this run")
        WORKSPACE = "workspace", _("the workspace")
        PROVIDER = "provider", _("the provider")
        LEAD = "lead", _("one company")
        GLOBAL = "global", _("the installation")

    hunt = models.ForeignKey(Hunt, on_delete=models.CASCADE, related_name="runs")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="runs")
    budget = models.OneToOneField(Budget, on_delete=models.PROTECT, related_name="run")
    scoring_config = models.ForeignKey(ScoringConfig, on_delete=models.PROTECT, related_name="+")
    icp_json = models.JSONField()
    source = models.CharField(max_length=12, choices=Source.choices)
    company_list = models.ForeignKey(CompanyList, on_delete=models.SET_NULL, null=True, related_name="+")
    limit = models.PositiveIntegerField()
    max_leads = models.PositiveIntegerField(null=True, help_text="it stops when so many are qualified")
    is_sample = models.BooleanField(default=False, help_text="a few companies, to read before hundreds are judged")
    known = models.CharField(max_length=10, choices=Known.choices, default=Known.REUSE)
    trigger = models.CharField(max_length=8, choices=Trigger.choices, default=Trigger.PERSON)
    schedule = models.ForeignKey("hunts.Schedule", on_delete=models.SET_NULL, null=True, related_name="runs")
    plan_json = models.JSONField(default=list, help_text="the searches that discovery made of the profile")
    repeats = models.PositiveIntegerField(default=0, help_text="answers of its searches that named a company again")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    note = models.CharField(max_length=500, blank=True, help_text="why it stopped, and what to do")
    ceiling = models.CharField(max_length=10, choices=Ceiling.choices, blank=True, help_text="of spending, if at one")
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True, help_text="when work on it began last: by a start, resume or retry")
    finished_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="not shown since; can be brought back until it is purged")

    # The claim on discovery: like a candidate's, but for the run itself.
    discovered_at = models.DateTimeField(null=True)
    discover_fence = models.PositiveIntegerField(default=0)
    discover_lease_expires_at = models.DateTimeField(null=True)
    discover_attempts = models.PositiveSmallIntegerField(default=0)

    attempts = models.PositiveSmallIntegerField(default=0, help_text="workers that began in vain since one got on")
    nudges = models.PositiveSmallIntegerField(default=0, help_text="messages in the queue or in a worker's hands")
    nudged_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(RunQuerySet)()

    class Meta:
        indexes: ClassVar = [
            models.Index("hunt", F("created_at").desc(), name="run_by_age"),
            models.Index(fields=["status"], name="run_by_status"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(max_leads=0), name="a_run_wants_a_lead"),
            # Two presses of a button are one run; a sample may be read while the whole hunt goes on.
            models.UniqueConstraint(
                fields=["hunt", "is_sample"],
                condition=Q(status__in=["queued", "running"]),
                name="one_live_run_a_hunt",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.hunt_id}"

    def get_absolute_url(self) -> str:
        return reverse("hunts:run", args=[self.pk])

    @property
    def icp(self) -> Icp:
        return Icp.from_json(self.icp_json)

    @property
    def is_over(self) -> bool:
        return self.status in self.OVER

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    @property
    def summary(self) -> str:
        """What it found, in plain words and the language that is spoken; '' while it is at work."""
        figures: RunFigures | None = None if self.is_live else getattr(self, "figures", None)
        return summaries.summary(figures) if figures else ""


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def due(self) -> "CandidateQuerySet":
        """Candidates that wait for a worker and whose time has come."""
        return self.filter(status=Candidate.Status.QUEUED).filter(Q(not_before__isnull=True) | Q(not_before__lte=Now()))

    def abandoned(self) -> "CandidateQuerySet":
        """Candidates whose worker has not been heard of since their lease ran out."""
        return self.filter(status=Candidate.Status.WORKING, lease_expires_at__lt=Now())

    def in_work(self) -> "CandidateQuerySet":
        """Candidates whose worker is alive, as far as is known."""
        return self.filter(status=Candidate.Status.WORKING, lease_expires_at__gte=Now())

    def unfinished(self) -> "CandidateQuerySet":
        return self.filter(status__in=(Candidate.Status.QUEUED, Candidate.Status.WORKING))


class Stage(models.TextChoices):
    """The way of a candidate, in order (discover belongs to the run)."""

    DEDUPE = "dedupe", _("dedupe")
    PRESCREEN = "prescreen", _("prescreen")
    CRAWL = "crawl", _("crawl")
    QUALIFY = "qualify", _("qualify")
    ENRICH = "enrich", _("enrich")
    SCORE = "score", _("score")
    DELIVER = "deliver", _("deliver")


class Candidate(models.Model):
    """One lead's way through one run."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        WORKING = "working", _("working")
        QUALIFIED = "qualified", _("qualified")
        REJECTED = "rejected", _("rejected")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OVER: ClassVar = (Status.QUALIFIED, Status.REJECTED, Status.FAILED, Status.CANCELLED)

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="candidates")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="candidacies")
    position = models.PositiveIntegerField(help_text="place in the searcher's answer; the first is worked on first")
    relevance = models.FloatField(default=0)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.DEDUPE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0, help_text="workers that died at it, at this stage")
    fence = models.PositiveIntegerField(default=0)
    generation = models.PositiveIntegerField(default=0, help_text="how often it was begun anew from an earlier stage")
    anew_stage = models.CharField(
        max_length=10, choices=Stage.choices, blank=True, help_text="asks the world again instead of what is remembered"
    )
    claimed_by = models.CharField(max_length=40, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    identity = models.CharField(max_length=64, null=True, help_text="hash of its home page; one a run")  # noqa: DJ001
    facts = models.JSONField(default=dict, help_text="what earlier stages found and later ones need")
    assessment = models.ForeignKey(Assessment, on_delete=models.SET_NULL, null=True, related_name="+")
    answers = models.CharField(
        max_length=100, blank=True, default="", help_text="its verdicts, a letter a criterion: see hunts/answers.py"
    )
    is_known = models.BooleanField(default=False, help_text="the workspace had the lead before this run found it")
    is_cached = models.BooleanField(default=False)
    score = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    tier = models.CharField(max_length=1, blank=True)
    cost_microusd = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager.from_queryset(CandidateQuerySet)("run")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "lead"], name="one_candidacy_a_run"),
            # NULL where the site was not read; a second company with the same home page is the same company.
            models.UniqueConstraint(fields=["run", "identity"], name="one_identity_a_run"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "status", "position"], name="candidate_to_claim"),
            models.Index(fields=["run", "stage", "status"], name="candidate_funnel"),
            models.Index(fields=["status", "lease_expires_at"], name="candidate_leases"),
            models.Index(fields=["claimed_by"], name="candidate_by_worker"),
            models.Index(fields=["run", "changed_at"], name="candidate_changes"),
            # To find the lead of an earlier run that has the same home page.
            models.Index(fields=["identity"], condition=Q(identity__isnull=False), name="candidate_by_identity"),
        ]

    def __str__(self) -> str:
        return f"candidate {self.pk}: {self.stage} {self.status}"

    @property
    def is_over(self) -> bool:
        return self.status in self.OVER

    @classmethod
    def lease_end(cls) -> Any:
        """Return until when a claim of now lasts, by the database's clock."""
        return Now() + timedelta(seconds=settings.LEASE_SECONDS)


class RunEvent(models.Model):
    """One line of a run's log."""

    class Level(models.TextChoices):
        INFO = "info", _("info")
        WARNING = "warning", _("warning")
        ERROR = "error", _("error")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", db_index=False)  # `event_by_run` is
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, null=True, related_name="events")
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    stage = models.CharField(max_length=10, blank=True)
    message = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager["RunEvent"]("run")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "id"], name="event_by_run"),
            models.Index(fields=["run", "level", "id"], name="event_by_level"),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def stage_name(self) -> str:
        """The stage as people read it; '' where the line is about the run itself."""
        return str(Stage(self.stage).label) if self.stage in Stage.values else self.stage


from hunts.chat_models import Conversation, Message  # noqa: E402, F401  (Django looks here)
from hunts.privacy.lookup_models import FoundPlace, Lookup  # noqa: E402, F401  (Django looks here)
from hunts.privacy.models import Erasure  # noqa: E402, F401  (Django looks here)
from hunts.privacy.request_models import SharedRequest  # noqa: E402, F401  (Django looks here)
from hunts.research_models import Research, ResearchQuestion, Statement  # noqa: E402, F401  (Django looks here)
