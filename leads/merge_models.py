"""One company under several names, and several under one: aliases, merges, and pairs that a person keeps apart."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.scoping import OwnedManager


class Clue(models.TextChoices):
    """What says that two leads are one company."""

    REDIRECT = "redirect", _("its site leads to the other's")
    HOME_PAGE = "home_page", _("the same home page")
    NAME = "name", _("the same name")
    COUNTRY = "country", _("the same country")
    PHONE = "phone", _("the same phone number")
    ADDRESS = "address", _("the same postal address")
    EMAIL_DOMAIN = "email_domain", _("e-mail addresses at one domain")
    PROFILE = "profile", _("the same page on a social network")
    PERSON = "person", _("a person said so")


class LeadAlias(models.Model):
    """A handle that a lead is known by besides its own, such as the domain that its site leads to.

    A merged lead needs none: its own row says where it went.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="lead_aliases")
    # "leads.Lead" by its name: that module imports this one.
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="aliases")
    platform = models.CharField(max_length=12)
    handle = models.CharField(max_length=253)
    kind = models.CharField(max_length=12, choices=Clue.choices)
    detail = models.CharField(max_length=1000, blank=True, help_text="where that was seen")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager["LeadAlias"]()

    class Meta:
        verbose_name_plural = "lead aliases"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "platform", "handle"], name="one_alias_a_handle"),
        ]

    def __str__(self) -> str:
        return self.handle


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, workspace: Workspace) -> "MergeQuerySet":
        return self.filter(workspace=workspace)

    def standing(self) -> "MergeQuerySet":
        """Merges that nobody undid."""
        return self.filter(undone_at__isnull=True)

    def within(self, leads: models.QuerySet[Any]) -> "MergeQuerySet":
        """Merges into any of these leads."""
        return self.filter(kept__in=leads.values("pk"))


class Merge(models.Model):
    """Two leads were found to be one: who said so, when and why. Undone or not, the row stays.

    `taken` is what the kept lead took over where it knew nothing itself, before and after, so that undoing it gives
    back exactly that.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="merges")
    kept = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="merges_away")
    evidence = models.JSONField(default=list, help_text="kind and detail of each thing that says so")
    taken = models.JSONField(default=dict)
    merged_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", help_text="empty: a run found out"
    )
    merged_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(MergeQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="no_lead_merged_into_itself"),
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at__isnull=True), name="merged_into_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class DistinctPairQuerySet(models.QuerySet["DistinctPair"]):
    def visible_to(self, workspace: Workspace) -> "DistinctPairQuerySet":
        return self.filter(workspace=workspace)

    def touching(self, leads: models.QuerySet[Any]) -> "DistinctPairQuerySet":
        """Pairs with any of these leads in them."""
        return self.filter(Q(first__in=leads.values("pk")) | Q(second__in=leads.values("pk")))


class DistinctPair(models.Model):
    """Two leads of which a person said that they are not the same company: never suggested again, nor merged by a run.

    It holds for whoever stands for either of them: what was merged into one of the two is not the other either.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="distinct_pairs")
    # The older lead stands first, so that a pair is one row however it was said.
    first = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="distinct_as_first")
    second = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="distinct_as_second")
    said_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    said_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(DistinctPairQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="the_older_lead_is_first"),
            models.UniqueConstraint(fields=["first", "second"], name="one_pair_said_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
