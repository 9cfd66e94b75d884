"""Money that runs may spend: whole micro-dollars, and a ceiling that the database itself keeps."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace


class Budget(models.Model):
    """What one run may spend. `spent + reserved <= cap` holds in every committed state.

    `is_open` is False while the run is paused or over: no new hold is given, so no new call starts.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="budgets")
    cap_microusd = models.BigIntegerField()
    spent_microusd = models.BigIntegerField(default=0)
    reserved_microusd = models.BigIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(spent_microusd__gte=0, reserved_microusd__gte=0, cap_microusd__gte=0),
                name="budget_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(spent_microusd__lte=F("cap_microusd") - F("reserved_microusd")),
                name="budget_keeps_its_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spent_microusd} + {self.reserved_microusd} of {self.cap_microusd} µ$"


class Hold(models.Model):
    """Money set aside for one call at its worst-case price, until the call's true price is known.

    A hold that is still `held` after a crash stays so: nobody knows whether the call was billed.
    """

    class Status(models.TextChoices):
        HELD = "held", _("held")
        SETTLED = "settled", _("settled")
        RELEASED = "released", _("released")

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="holds")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.HELD)
    provider = models.CharField(max_length=40)
    operation = models.CharField(max_length=60)
    amount_microusd = models.BigIntegerField()
    settled_microusd = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_microusd__gte=0), name="hold_is_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["budget", "status"], name="hold_by_budget_status")]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation}: {self.amount_microusd} µ$ {self.status}"
