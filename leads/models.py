"""What a workspace knows: directories, leads, what was judged of them and whom to write to.

A lead does not know who found it: runs and candidates live a floor above, in `hunts`.
"""

from decimal import Decimal
from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower, StrIndex, Substr
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager
from integrations.capabilities import Range
from leads import searching
from leads.any_of import AnyOf
from leads.company_models import Company as Company  # Django, and whoever asks for a model, looks here
from leads.company_models import CompanyList as CompanyList
from leads.merge_models import Clue, DistinctPair, LeadAlias, Merge  # noqa: F401  (Django looks here)
from leads.names import NameKeyField
from leads.person_models import Collection, Suppression  # noqa: F401  (Django looks here)
from leads.scoring import Config, Score, Scored, Tier
from leads.scoring import Verdict as ScoredVerdict

models.Field.register_lookup(AnyOf)


class ScoringConfig(models.Model):
    """A numbered set of scoring weights. It never changes; another set of weights is another number."""

    number = models.PositiveIntegerField(unique=True)
    values = models.JSONField()
    config_hash = models.CharField(max_length=64, editable=False)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return _("scoring #%(number)s") % {"number": self.number}

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError(_("A scoring config never changes. Add one with the next number."))
        self.config_hash = self.config.hash()
        super().save(*args, **kwargs)

    @property
    def config(self) -> Config:
        return Config.from_json(self.values)

    @classmethod
    def current(cls) -> "ScoringConfig":
        """Return the newest config; the first of an installation is made of the defaults."""
        newest = cls.objects.first()
        if newest is None:
            newest, _made = cls.objects.get_or_create(number=1, defaults=Config().row())
        return newest


class LeadQuerySet(models.QuerySet["Lead"]):
    def of_workspace(self, workspace: Workspace) -> "LeadQuerySet":
        """All leads of a workspace, also those that were merged into another one."""
        return self.filter(workspace=workspace)

    def visible_to(self, workspace: Workspace) -> "LeadQuerySet":
        return self.of_workspace(workspace).filter(merged_into__isnull=True)

    def family_of(self, lead_id: int) -> "LeadQuerySet":
        """A lead, and those that were merged into it: what belongs to any of them is shown with it."""
        return self.filter(Q(pk=lead_id) | Q(merged_into=lead_id))

    def judged(self) -> "LeadQuerySet":
        """Leads that some run has finished judging."""
        return self.exclude(status=Lead.Status.NEW)

    def qualified(self) -> "LeadQuerySet":
        return self.filter(status=Lead.Status.QUALIFIED)

    def of_hunt(self, hunt_id: int) -> "LeadQuerySet":
        """Leads that some run of a hunt came upon, under this name or one that was merged into it.

        Asks here which these are, where they are few: of many, enough stand at the beginning of any list, but to walk
        along it in search of a few takes long.
        """
        candidacies = _ways_through_runs()
        runs: Any = candidacies.model._meta.get_field("run").related_model
        # Their numbers tell PostgreSQL, which knows of the biggest runs, how many candidacies there are.
        of_runs = list(runs._default_manager.filter(hunt=hunt_id).values_list("pk", flat=True))
        came_upon = candidacies.filter(run__pk__any_of=of_runs).order_by()
        standing = Coalesce("lead__merged_into", "lead")
        few = list(came_upon.values_list(standing, flat=True)[: searching.FEW + 1])
        if len(few) <= searching.FEW:
            return self.filter(pk__any_of=few)
        # Either in a list of its own, which PostgreSQL asks about each lead on the way instead of reading all leads.
        leads = came_upon.values("lead")
        parts = Lead.objects.filter(merged_into__isnull=False, pk__in=leads)
        return self.filter(Q(pk__in=leads) | Q(pk__in=parts.values("merged_into")))

    def ranked(self) -> "LeadQuerySet":
        """Best first, in an order that does not change between two looks."""
        return self.order_by("-score", "-pk")

    def matching(self, words: str, *, workspace_id: int) -> "LeadQuerySet":
        """Leads with every one of `words` in their name, domain, description or place, or in another name of theirs.

        One or two Latin letters count in names and domains alone. Other names are those of leads that were merged into
        it, and the domains that are known to lead to any of them.
        Asks the indexes once, here (`searching`).
        """
        asked = words.split()[: searching.MOST_WORDS]
        if not asked:
            return self
        found = searching.look_up(workspace_id, asked)
        leads = self if found.candidates is None else self.filter(pk__any_of=found.candidates)
        # Looked through in one piece: to fold each column by itself takes PostgreSQL half as long again.
        leads = leads.alias(own_names=searching.Joined(*searching.NAMES), own_texts=searching.Joined(*searching.TEXTS))
        for word in asked:
            own = "own_names" if searching.columns_of(word) is searching.NAMES else "own_texts"
            called = found.called(word)
            others = _called(workspace_id, word) if called is None else Q(pk__any_of=called)
            leads = leads.filter(Q(**{f"{own}__icontains": word}) | others)
        return leads


def _ways_through_runs() -> models.QuerySet[Any]:
    """Return the candidacies of all leads. (What they are is known a floor above.)"""
    candidacy = Lead._meta.get_field("candidacies").related_model
    assert isinstance(candidacy, type) and issubclass(candidacy, models.Model)
    return candidacy._default_manager.all()


def _called(workspace_id: int, word: str) -> Q:
    """Return the condition that a lead has a word in another name, where too many have for a list of them."""
    aliases = LeadAlias.objects.filter(workspace_id=workspace_id, handle__icontains=word)
    merged = Lead.objects.filter(workspace_id=workspace_id, merged_into__isnull=False)
    merged = merged.filter(Q(name__icontains=word) | Q(handle__icontains=word))
    return Q(pk__in=aliases.values(root=Coalesce("lead__merged_into", "lead"))) | Q(pk__in=merged.values("merged_into"))


class Lead(models.Model):
    """One company (or creator) that a workspace knows."""

    class Platform(models.TextChoices):
        WEB = "web", _("website")
        INSTAGRAM = "instagram", "Instagram"
        PATREON = "patreon", "Patreon"
        FACEBOOK = "facebook", "Facebook"

    class Status(models.TextChoices):
        NEW = "new", _("new")
        QUALIFIED = "qualified", _("qualified")
        REJECTED = "rejected", _("rejected")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="leads")
    platform = models.CharField(max_length=12, choices=Platform.choices, default=Platform.WEB)
    handle = models.CharField(max_length=253, help_text="registrable domain, or the name on the platform")
    name = models.CharField(max_length=300)
    name_key = NameKeyField(max_length=200, blank=True, editable=False, help_text="its name without legal form, case …")
    website = models.CharField(max_length=1000, blank=True)
    description = models.TextField(blank=True)
    location = models.CharField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True)
    employees_min = models.PositiveIntegerField(null=True)
    employees_max = models.PositiveIntegerField(null=True)
    founded_year = models.PositiveSmallIntegerField(null=True)
    phone = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=40, blank=True, help_text="slug of the provider that found it first")
    source_url = models.CharField(max_length=1000, blank=True)
    record = models.TextField(blank=True, help_text="the directory's record, where it came from a directory")
    site_problem = models.CharField(max_length=500, blank=True, help_text="why the site could not be read in full")

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    tier = models.CharField(max_length=1, choices=[(tier, tier) for tier in Tier], blank=True)
    score = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(0))
    assessment = models.ForeignKey("Assessment", on_delete=models.SET_NULL, null=True, related_name="+")
    best_quote = models.TextField(blank=True)
    best_quote_url = models.TextField(blank=True)
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.CharField(max_length=254, blank=True)
    cost_microusd = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    judged_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,  # an index of those that are merged is below: most are not, and are looked for otherwise
        related_name="merged_leads",
        help_text="never itself a merged one",
    )

    objects = OwnedManager.from_queryset(LeadQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "platform", "handle"], name="one_lead_a_handle"),
            models.CheckConstraint(condition=~Q(merged_into=models.F("pk")), name="no_lead_inside_itself"),
        ]
        indexes: ClassVar = [
            models.Index("workspace", models.F("score").desc(), models.F("id").desc(), name="lead_by_score"),
            models.Index("workspace", "tier", models.F("score").desc(), models.F("id").desc(), name="lead_by_tier"),
            models.Index("workspace", models.F("created_at").desc(), models.F("id").desc(), name="lead_by_age"),
            models.Index("workspace", "name", "id", name="lead_by_name"),
            models.Index(
                "workspace",
                "status",
                models.F("score").desc(),
                models.F("id").desc(),
                condition=Q(merged_into__isnull=True),
                name="lead_by_status",
            ),
            models.Index(
                fields=["workspace", "status", "tier"], condition=Q(merged_into__isnull=True), name="lead_counts"
            ),
            models.Index(fields=["workspace", "name_key"], name="lead_by_name_key"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="lead_by_kept"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("leads:detail", args=[self.pk])

    @property
    def employees(self) -> Range:
        return Range(self.employees_min, self.employees_max)


class Assessment(models.Model):
    """One judgement of a lead by one judge against one set of criteria, and its score."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="assessments")
    criteria_hash = models.CharField(max_length=64)
    judged_by = models.CharField(max_length=100)
    judge_note = models.CharField(max_length=500, blank=True, help_text="why another than the preferred judge judged")
    judged_at = models.DateTimeField(default=timezone.now, help_text="when; a copy with other weights keeps it")
    prompt_version = models.CharField(max_length=40, blank=True)
    snapshots = models.JSONField(default=list, help_text="hashes of the texts that were judged")
    scoring_config = models.ForeignKey(ScoringConfig, on_delete=models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    tier = models.CharField(max_length=1, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager["Assessment"]("lead")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["lead", "criteria_hash", "created_at"], name="assessment_to_reuse")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.tier} {self.score}"

    def explained(self) -> Score:
        """Return the score again, line by line, from its stored verdicts and config."""
        return self.scoring_config.config.score([row.scored() for row in self.evidence.all()])


class Evidence(models.Model):
    """The verdict on one criterion, and the words that prove it."""

    class Verdict(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")
        UNCLEAR = "unclear", _("unclear")
        UNVERIFIED = "unverified", _("unverified")

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="evidence")
    position = models.PositiveSmallIntegerField()
    criterion = models.CharField(max_length=40, help_text="key of the criterion")
    text = models.CharField(max_length=500)
    kind = models.CharField(max_length=10)
    weight = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    claimed = models.CharField(max_length=10, help_text="what the judge said before its quote was looked for")
    confidence = models.FloatField(default=0, help_text="0 to 1")
    reason = models.CharField(max_length=500, blank=True)
    quote = models.TextField(blank=True)
    url = models.TextField(blank=True)
    snapshot_sha256 = models.CharField(max_length=64, blank=True)
    start = models.PositiveIntegerField(null=True, help_text="offset of the quote in the snapshot, in characters")
    end = models.PositiveIntegerField(null=True)
    fetched_at = models.DateTimeField(null=True)

    objects = OwnedThroughManager["Evidence"]("assessment")

    class Meta:
        ordering: ClassVar = ["position"]
        verbose_name_plural = "evidence"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "criterion"], name="one_verdict_a_criterion"),
            models.CheckConstraint(
                condition=~Q(verdict__in=["yes", "no"]) | Q(quote="") | Q(end__gt=models.F("start")),
                name="a_shown_quote_has_its_place",
            ),
            models.CheckConstraint(condition=~Q(verdict="yes") | ~Q(quote=""), name="a_yes_has_a_quote"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.text}"

    def scored(self) -> Scored:
        return Scored(
            self.criterion, self.text, self.kind, self.weight, cast(ScoredVerdict, self.verdict), self.confidence
        )


class Contact(models.Model):
    """Whom to write to, and where that was published."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    email_domain = models.GeneratedField(
        expression=Lower(Substr("email", StrIndex("email", Value("@")) + 1)),
        output_field=models.CharField(max_length=254),
        db_persist=True,
        help_text="what stands behind the @",
    )
    phone = models.CharField(max_length=60, blank=True)
    linkedin_url = models.CharField(max_length=500, blank=True)
    is_person = models.BooleanField(default=False)
    rank = models.PositiveSmallIntegerField(default=0, help_text="0 is whom to write to first")
    confidence = models.FloatField(default=0)
    found_by = models.CharField(max_length=40)
    source_url = models.TextField(blank=True)
    quote = models.TextField(blank=True)
    in_source = models.BooleanField(default=False, help_text="the quote is from the page's HTML")
    snapshot_sha256 = models.CharField(max_length=64, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)
    first_collected_at = models.DateTimeField(default=timezone.now, help_text="by this workspace, of any lead")
    last_seen_at = models.DateTimeField(default=timezone.now)
    is_again = models.BooleanField(default=False, help_text="collected anew after it was erased for its age")

    objects = OwnedThroughManager["Contact"]("lead")

    class Meta:
        ordering: ClassVar = ["rank", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lead", "email", "name", "phone"], name="one_contact_a_person_and_address"),
        ]
        # To find the lead that has an address at the domain of another.
        indexes: ClassVar = [
            models.Index(fields=["email_domain"], name="contact_by_email_domain"),
            models.Index(fields=["first_collected_at"], name="contact_by_age"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone


class Fact(models.Model):
    """Something that the company's own pages tell of it, and the words that tell it."""

    class Kind(models.TextChoices):
        ADDRESS = "address", _("address")
        COUNTRY = "country", _("country")
        PROFILE = "profile", _("profile")
        TECHNOLOGY = "technology", _("technology")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=500)
    detail = models.CharField(max_length=100, blank=True, help_text="country, network or category")
    quote = models.TextField()
    in_source = models.BooleanField(default=False, help_text="the quote is from the page's HTML")
    source_url = models.TextField()
    snapshot_sha256 = models.CharField(max_length=64)
    confidence = models.FloatField(default=0, help_text="0 to 1")
    found_at = models.DateTimeField()
    first_collected_at = models.DateTimeField(default=timezone.now, help_text="by this workspace, of any lead")

    objects = OwnedThroughManager["Fact"]("lead")

    class Meta:
        ordering: ClassVar = ["kind", "-confidence", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lead", "kind", "value"], name="one_fact_a_value"),
            models.CheckConstraint(condition=~Q(quote=""), name="a_fact_has_a_quote"),
        ]
        # To find the lead that shows the same page on a social network.
        indexes: ClassVar = [models.Index(fields=["value"], condition=Q(kind="profile"), name="fact_by_profile")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class ContactForm(models.Model):
    """A form on the company's site by which one can write to it."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="contact_forms")
    url = models.TextField(help_text="the page that it stands on")
    action = models.TextField(blank=True)
    method = models.CharField(max_length=4, default="post")
    fields = models.JSONField(default=list, help_text="name, kind, type, label, is_required, options of each")
    captcha = models.CharField(max_length=20, blank=True, help_text="what must be solved to send it")
    confidence = models.FloatField(default=0, help_text="0 to 1")
    found_at = models.DateTimeField()

    objects = OwnedThroughManager["ContactForm"]("lead")

    class Meta:
        ordering: ClassVar = ["-confidence", "pk"]

    def __str__(self) -> str:
        return self.url

    @property
    def to_fill_in(self) -> list[dict[str, Any]]:
        """The fields that a person would fill in."""
        return [field for field in self.fields if field["kind"] not in ("hidden", "honeypot", "captcha", "submit")]
