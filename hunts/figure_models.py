"""What is kept of a run when it ends: a few numbers, from which summaries, warnings and trends are made."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager


class RunFiguresQuerySet(models.QuerySet["RunFigures"]):
    def visible_to(self, workspace: Workspace) -> "RunFiguresQuerySet":
        return self.filter(workspace=workspace)

    def comparable(self) -> "RunFiguresQuerySet":
        """Whole runs that came to their end by themselves: no samples, and none that was stopped on the way."""
        return self.filter(status="succeeded", is_sample=False)


class RunFigures(models.Model):
    """The figures of one run as it stood when it last ended or stopped at a limit.

    They outlive the run and its hunt: what was found and spent stays counted. `known` are companies that the workspace
    had before the run, `cached` those whose earlier judgement was used again, `screened` the others that prescreen
    decided about, `left` those that the run did not finish. `qualified_new` are those that no earlier run qualified.
    `seconds` is the time at work, without pauses; None where nobody measured it. `spent_microusd` follows the books
    when money moves after the end.
    """

    run = models.OneToOneField("hunts.Run", on_delete=models.SET_NULL, null=True, related_name="figures")
    hunt = models.ForeignKey("hunts.Hunt", on_delete=models.SET_NULL, null=True, related_name="+")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=12)
    judge = models.CharField(max_length=100, blank=True, help_text="who judged most of it: provider/model")
    status = models.CharField(max_length=10)
    is_sample = models.BooleanField(default=False)
    ended_at = models.DateTimeField()
    seconds = models.FloatField(null=True)
    found = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    cached = models.PositiveIntegerField(default=0)
    screened = models.PositiveIntegerField(default=0)
    prescreened = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    scored = models.PositiveIntegerField(default=0)
    qualified = models.PositiveIntegerField(default=0)
    qualified_new = models.PositiveIntegerField(default=0, help_text="those that no earlier run qualified")
    with_contact = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    tier_a = models.PositiveIntegerField(default=0)
    tier_b = models.PositiveIntegerField(default=0)
    tier_c = models.PositiveIntegerField(default=0)
    tier_d = models.PositiveIntegerField(default=0)
    mean_score = models.FloatField(null=True)
    spent_microusd = models.BigIntegerField(default=0)

    objects = OwnedManager.from_queryset(RunFiguresQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    known__lte=F("found"), judged__lte=F("found"), left__lte=F("found"), failed__lte=F("found")
                ),
                name="figures_are_of_what_was_found",
            ),
            models.CheckConstraint(
                condition=Q(with_contact__lte=F("qualified"), qualified_new__lte=F("qualified")),
                name="figures_are_of_what_qualified",
            ),
            models.CheckConstraint(condition=Q(spent_microusd__gte=0), name="figures_spend_is_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "ended_at"], name="figures_by_end")]

    def __str__(self) -> str:
        return f"figures of run {self.run_id}"

    @property
    def new(self) -> int:
        """Companies that the workspace did not know before."""
        return self.found - self.known

    @property
    def cost_per_lead_microusd(self) -> int | None:
        """What a qualified lead cost all in all; None where none qualified."""
        return round(self.spent_microusd / self.qualified) if self.qualified else None


class RunSpend(models.Model):
    """What one run was charged for calls to one provider. The sum over its providers is what it spent."""

    figures = models.ForeignKey(RunFigures, on_delete=models.CASCADE, related_name="spends")
    provider = models.CharField(max_length=40)
    spent_microusd = models.BigIntegerField()

    objects = OwnedThroughManager["RunSpend"]("figures")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["figures", "provider"], name="one_spend_a_provider"),
            models.CheckConstraint(condition=Q(spent_microusd__gte=0), name="spend_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.spent_microusd} µ$"
