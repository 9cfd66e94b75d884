"""Money that may be spent: whole micro-dollars of one currency, US dollars, under ceilings that the database keeps.

A call takes its money from every ceiling that applies to it at once (`billing.ledger`), and each move of money leaves
an entry that nobody can change.
"""

from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.append_only import AppendOnlyModel, AppendOnlyQuerySet
from accounts.models import User, Workspace
from accounts.scoping import OwnedManager, OwnedThroughManager

# The cap of a ceiling that only counts: a trillion dollars, so that one comparison serves all ceilings.
NO_LIMIT_MICROUSD = 10**18


class Budget(models.Model):
    """A ceiling: what one activity, or all of them together in a calendar month (UTC), may spend.

    `spent + reserved <= cap` holds in every committed state. A ceiling of a month has a row from the first call that
    it applies to (that of a lead, once its workspace limits leads); without a limit it only counts
    (`NO_LIMIT_MICROUSD`). A limit may be set below what is spent and held already: `excess` keeps by how much, and
    nothing more is given out. `is_open` is False while an activity is paused
    or over: no new hold is given, so no new call starts.
    """

    class Scope(models.TextChoices):
        ACTIVITY = "activity", _("one run, conversation or research")
        WORKSPACE = "workspace", _("the workspace in a month")
        PROVIDER = "provider", _("one provider in a month")
        LEAD = "lead", _("one lead in a month")
        INSTALLATION = "installation", _("the whole installation in a month")

    scope = models.CharField(max_length=12, choices=Scope.choices, default=Scope.ACTIVITY)
    # Money outlives what it was spent on: a workspace with books cannot be deleted, a run can.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="budgets")
    period = models.DateField(null=True, help_text="the first day of the month")
    subject = models.CharField(max_length=40, blank=True, help_text="the provider's slug or the lead's number")
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    cap_microusd = models.BigIntegerField()
    spent_microusd = models.BigIntegerField(default=0)
    reserved_microusd = models.BigIntegerField(default=0)
    excess_microusd = models.BigIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    # Of a workspace's ceiling. It stands here so that whoever locks that knows it, as of now, without another look.
    limits_leads = models.BooleanField(default=False, help_text="single leads have ceilings, too")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager["Budget"]()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    spent_microusd__gte=0, reserved_microusd__gte=0, cap_microusd__gte=0, excess_microusd__gte=0
                ),
                name="budget_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(spent_microusd__lte=F("cap_microusd") + F("excess_microusd") - F("reserved_microusd")),
                name="budget_keeps_its_cap",
            ),
            models.CheckConstraint(condition=Q(cap_microusd__lte=NO_LIMIT_MICROUSD), name="budget_cap_is_sane"),
            models.CheckConstraint(
                condition=Q(scope="activity", period__isnull=True) | (~Q(scope="activity") & Q(period__isnull=False)),
                name="budget_of_a_month_has_one",
            ),
            models.CheckConstraint(
                condition=Q(scope="installation", workspace__isnull=True)
                | (~Q(scope="installation") & Q(workspace__isnull=False)),
                name="budget_has_its_workspace",
            ),
            models.UniqueConstraint(
                fields=["workspace", "period", "scope", "subject"],
                condition=~Q(scope="activity"),
                name="one_ceiling_a_month",
            ),
            models.UniqueConstraint(
                fields=["period"], condition=Q(scope="installation"), name="one_installation_ceiling_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.spent_microusd} + {self.reserved_microusd} of {self.cap_microusd} µ$"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; what a new activity may spend is granted to it in the books."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new and self.scope == self.Scope.ACTIVITY and self.cap_microusd:
                Entry.objects.create(
                    budget=self,
                    debit=Entry.Account.AVAILABLE,
                    credit=Entry.Account.FUNDING,
                    amount_microusd=self.cap_microusd,
                )

    @property
    def has_limit(self) -> bool:
        """False where the ceiling only counts."""
        return self.cap_microusd < NO_LIMIT_MICROUSD

    @property
    def committed_microusd(self) -> int:
        """What is spent, and what is set aside for calls under way or of unknown fate."""
        return self.spent_microusd + self.reserved_microusd


class Hold(models.Model):
    """Money set aside for one call at its worst-case price, until the call's true price is known.

    A hold that is still `held` after a crash stays so until it is reconciled: nobody knows whether the call was billed.
    `settled` is what the provider asked; `overdraw` is the part of it for which there was no room under some ceiling,
    so that it was not charged; `refunded` is what was given back of the rest.
    """

    class Status(models.TextChoices):
        HELD = "held", _("held")
        SETTLED = "settled", _("settled")
        RELEASED = "released", _("released")
        SPENT_UNKNOWN = "spent_unknown", _("spent, fate unknown")

    CHARGED: ClassVar = (Status.SETTLED, Status.SPENT_UNKNOWN)

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="holds")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="holds")
    period = models.DateField(help_text="the first day of the month whose ceilings it counts against")
    lead_ref = models.BigIntegerField(null=True, help_text="the number of the lead that it was made for")
    status = models.CharField(max_length=13, choices=Status.choices, default=Status.HELD)
    provider = models.CharField(max_length=40)
    operation = models.CharField(max_length=60)
    amount_microusd = models.BigIntegerField()
    settled_microusd = models.BigIntegerField(null=True)
    overdraw_microusd = models.BigIntegerField(default=0)
    refunded_microusd = models.BigIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    objects = OwnedManager["Hold"]()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_microusd__gte=0), name="hold_is_not_negative"),
            models.CheckConstraint(
                condition=Q(status="held", settled_microusd__isnull=True)
                | (~Q(status="held") & Q(settled_microusd__gte=0)),
                name="hold_is_settled_when_closed",
            ),
            models.CheckConstraint(
                condition=Q(overdraw_microusd__gte=0, refunded_microusd__gte=0), name="hold_owes_nothing"
            ),
            models.CheckConstraint(
                condition=Q(refunded_microusd__lte=F("settled_microusd") - F("overdraw_microusd")),
                name="refund_within_its_charge",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["budget", "status"], name="hold_by_budget_status"),
            models.Index(fields=["workspace", "period"], name="hold_by_month"),
            models.Index(fields=["created_at"], condition=Q(status="held"), name="hold_still_held"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation}: {self.amount_microusd} µ$ {self.status}"

    @property
    def charged_microusd(self) -> int:
        """What it counts against its ceilings for: what the provider asked, without overdraw and refunds."""
        return (self.settled_microusd or 0) - self.overdraw_microusd - self.refunded_microusd


class EntryQuerySet(AppendOnlyQuerySet["Entry"]):
    """A name for mypy, which knows no manager of a generic class."""


class Entry(AppendOnlyModel):
    """One move of an activity's money from one account, `credit`, to another, `debit`: a double entry in one row.

    Because both sides stand in the one row with one amount, the books always sum to zero. A trigger of the database
    refuses to change or delete entries.

    funding ──grant──▶ available ──reserve──▶ held ──settle──▶ cost ──refund──▶ available
                                              held ──release──▶ available
                                              held ──write off──▶ unknown
    funding ──the provider asked more than there was room for──▶ overdraw
    """

    class Account(models.TextChoices):
        FUNDING = "funding", _("funding")
        AVAILABLE = "available", _("available")
        HELD = "held", _("held")
        COST = "cost", _("provider cost")
        UNKNOWN = "unknown", _("spent, fate unknown")
        OVERDRAW = "overdraw", _("overdraw")

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="entries")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, related_name="entries")
    debit = models.CharField(max_length=9, choices=Account.choices)
    credit = models.CharField(max_length=9, choices=Account.choices)
    amount_microusd = models.BigIntegerField()
    refund_key = models.CharField(max_length=80, null=True, unique=True)  # noqa: DJ001  (NULL where it is no refund)
    note = models.CharField(max_length=300, blank=True)
    # The number stays when the person is gone: an entry is never written again.
    by = models.ForeignKey(User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedThroughManager.from_queryset(EntryQuerySet)("budget")

    class Meta:
        verbose_name_plural = "entries"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_microusd__gt=0), name="entry_moves_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="entry_has_two_sides"),
        ]

    def __str__(self) -> str:
        return f"{self.credit} → {self.debit}: {self.amount_microusd} µ$"


class SpendingLimit(models.Model):
    """What a workspace allows itself a month: in all, with one provider, or for each single lead."""

    SCOPES: ClassVar = (Budget.Scope.WORKSPACE, Budget.Scope.PROVIDER, Budget.Scope.LEAD)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="spending_limits")
    scope = models.CharField(max_length=12, choices=Budget.Scope.choices)
    subject = models.CharField(max_length=40, blank=True, help_text="the provider's slug")
    limit_microusd = models.BigIntegerField()
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = OwnedManager["SpendingLimit"]()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "scope", "subject"], name="one_limit_a_scope"),
            models.CheckConstraint(
                condition=Q(limit_microusd__gte=0, limit_microusd__lt=NO_LIMIT_MICROUSD), name="limit_is_sane"
            ),
            models.CheckConstraint(condition=Q(scope__in=("workspace", "provider", "lead")), name="limit_has_a_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject}: {self.limit_microusd} µ$"


from billing.refund_models import RefundRequest  # noqa: E402, F401  (Django looks here)
