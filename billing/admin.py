"""Money, to look at. What an operator may do with it calls the functions that everybody calls."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import FactsAdmin
from accounts.models import User
from accounts.operators import prove_again
from billing import ledger, reconciling, refunds
from billing.amounts import microusd
from billing.models import Budget, Entry, Hold, SpendingLimit
from billing.refund_admin import RefundRequestAdmin  # noqa: F401  (registers itself)
from billing.refunds import Outcome


@admin.register(Budget)
class BudgetAdmin(FactsAdmin):
    list_display = (
        "pk",
        "scope",
        "workspace",
        "period",
        "subject",
        "cap_microusd",
        "spent_microusd",
        "reserved_microusd",
        "is_open",
    )
    list_select_related = ("workspace",)
    list_filter = ("scope", "period", "is_open")


@admin.register(Entry)
class EntryAdmin(FactsAdmin):
    list_display = ("created_at", "budget_id", "hold_id", "credit", "debit", "amount_microusd", "refund_key", "note")
    list_filter = ("debit", "credit")


@admin.register(SpendingLimit)
class SpendingLimitAdmin(FactsAdmin):
    list_display = ("workspace", "scope", "subject", "limit_microusd", "set_by", "changed_at")
    list_select_related = ("workspace", "set_by")
    list_filter = ("scope",)


class FateFilter(admin.SimpleListFilter):
    """Narrows holds down to what an operator has to look into."""

    title = "to look into"
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unknown", "fate unknown"), ("overdraw", "beyond its ceilings"), ("refunded", "refunded")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        if self.value() == "unknown":
            before = timezone.now() - reconciling.LONGEST_CALL
            return queryset.filter(status=Hold.Status.HELD, created_at__lt=before)
        if self.value() == "overdraw":
            return queryset.filter(overdraw_microusd__gt=0)
        if self.value() == "refunded":
            return queryset.filter(refunded_microusd__gt=0)
        return queryset


# How much of each charge; the page of actions itself takes any text, or it would only say that no action is selected.
DOLLARS = forms.DecimalField(required=False, min_value=0, max_value=1_000_000)


SAID = {
    Outcome.PAID: "done.",
    Outcome.DONE_BEFORE: "was done before.",
    Outcome.WAITS: "it is more than one operator may give back alone. It waits for another one, under Refund requests.",
}


class MoneyActionForm(ActionForm):
    """Why, how much, and a key of the page, so that a page sent twice refunds once."""

    reason = forms.CharField(required=False, max_length=300)
    dollars = forms.CharField(
        required=False,
        label="Dollars of each, empty for all",
        widget=forms.NumberInput({"min": "0", "step": "any"}),
    )
    key = forms.CharField(required=False, label="", widget=forms.HiddenInput, initial=lambda: uuid.uuid4().hex)


@admin.register(Hold)
class HoldAdmin(FactsAdmin):
    list_display = (
        "pk",
        "workspace",
        "provider",
        "operation",
        "status",
        "amount_microusd",
        "settled_microusd",
        "overdraw_microusd",
        "refunded_microusd",
        "created_at",
        "note",
    )
    list_select_related = ("workspace",)
    list_filter = (FateFilter, "status", "provider")
    action_form = MoneyActionForm
    actions = ("give_back", "refund")

    def has_money_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.has_perm("billing.change_hold")

    @admin.action(description="Not billed, as the vendor's bill shows: give back", permissions=["money"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        reason, key = request.POST.get("reason", ""), request.POST.get("key", "")[:40]
        self._do(
            request,
            queryset,
            lambda hold, by: refunds.give_back(hold.pk, key=f"{key}:back:{hold.pk}", by=by, reason=reason),
        )

    @admin.action(description="Refund", permissions=["money"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        reason, key = request.POST.get("reason", "").strip(), request.POST.get("key", "")[:40]
        try:
            dollars = DOLLARS.clean(request.POST.get("dollars", ""))
        except ValidationError as error:
            self.message_user(request, f"Nothing is refunded. {' '.join(error.messages)}", messages.ERROR)
            return
        if not reason or not key:
            self.message_user(request, "Nothing is refunded: a refund needs a reason.", messages.ERROR)
            return
        amount = None if dollars is None else microusd(dollars)
        self._do(
            request,
            queryset,
            lambda hold, by: refunds.refund(hold.pk, amount, key=f"{key}:{hold.pk}", by=by, reason=reason),
        )

    def _do(self, request: HttpRequest, holds: QuerySet[Hold], move: Callable[[Hold, User], Outcome]) -> None:
        """Do the same with each hold, and say how it went."""
        prove_again(request)
        assert isinstance(request.user, User)
        for hold in holds:
            try:
                outcome = move(hold, request.user)
            except (ledger.RefundRefused, reconciling.StillLive, ValueError) as error:
                self.message_user(request, f"Hold {hold.pk}: {error}", messages.ERROR)
            else:
                level = messages.WARNING if outcome is Outcome.WAITS else messages.SUCCESS
                self.message_user(request, f"Hold {hold.pk}: {SAID[outcome]}", level)
