"""What each set of filters brought, run by run: how many companies it found, and how many of them were new."""

from typing import ClassVar

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When

from accounts.models import Workspace
from accounts.scoping import OwnedManager


class FilterHistoryQuerySet(models.QuerySet["FilterHistory"]):
    def visible_to(self, workspace: Workspace) -> "FilterHistoryQuerySet":
        return self.filter(workspace=workspace)


class FilterHistory(models.Model):
    """What one run's filters brought. `novelty` is the share, 0 to 1, of companies that the workspace did not know.

    The filters are named by a hash of what they say (`hunts.filters.normalised`). How many companies were asked for
    is no filter and stands beside it: whoever asks for more of the same looks further, not elsewhere. A row outlives
    its run, because the leads do too.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="filter_history")
    # "hunts.Run" by its name: that module imports this one.
    run = models.OneToOneField("hunts.Run", on_delete=models.SET_NULL, null=True, related_name="filter_history")
    filters_sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=12)
    limit = models.PositiveIntegerField(help_text="how many companies were asked for")
    total = models.PositiveIntegerField(help_text="how many were found")
    new = models.PositiveIntegerField(help_text="how many of them the workspace did not know")
    novelty = models.GeneratedField(
        expression=Case(
            When(total=0, then=Value(0.0)),
            default=ExpressionWrapper(Value(1.0) * F("new") / F("total"), output_field=models.FloatField()),
            output_field=models.FloatField(),
        ),
        output_field=models.FloatField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(FilterHistoryQuerySet)()

    class Meta:
        verbose_name_plural = "filter history"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(new__lte=F("total")), name="no_more_new_than_found"),
        ]
        indexes: ClassVar = [
            models.Index("workspace", "filters_sha256", F("created_at").desc(), name="filters_by_age"),
            models.Index("workspace", "source", F("created_at").desc(), name="filters_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.new} new of {self.total}"

    @property
    def found_all(self) -> bool:
        """True where there was no more to be found than was asked for."""
        return self.total < self.limit
