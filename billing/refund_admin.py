"""Refunds that wait for a second operator: approved, declined, and taken back by who asked."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import FactsAdmin
from accounts.models import User
from accounts.operators import prove_again
from billing import ledger, reconciling, refunds
from billing.amounts import dollars
from billing.refund_mail import DECIDES
from billing.refund_models import RefundRequest

Status = RefundRequest.Status


class StateFilter(admin.SimpleListFilter):
    """Begins with what waits."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        decided = [(value, str(label)) for value, label in Status.choices[1:]]
        return [("all", "All"), ("expired", "expired"), *decided]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "waiting"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[RefundRequest]) -> QuerySet[RefundRequest]:
        state, now = self.value(), timezone.now()
        if state in Status.values:
            return queryset.filter(status=state)
        if state == "expired":
            return queryset.filter(status=Status.WAITING, expires_at__lte=now)
        return queryset if state == "all" else queryset.filter(status=Status.WAITING, expires_at__gt=now)


class AnswerForm(ActionForm):
    """What is said to it."""

    answer = forms.CharField(required=False, max_length=300, label="Why, when declining")


@admin.register(RefundRequest)
class RefundRequestAdmin(FactsAdmin):
    list_display = ("pk", "amount", "workspace", "kind", "state", "reason", "asked_by", "asked_at", "decided_by")
    list_select_related = ("workspace", "asked_by", "decided_by")
    fields = (
        *("hold", "workspace", "kind", "amount", "state", "reason", "asked_by", "asked_at", "expires_at", "told_at"),
        *("decided_by", "decided_at", "answer", "entry", "key"),
    )
    readonly_fields = ("amount", "state")
    list_filter = (StateFilter,)
    ordering = ("-pk",)
    action_form = AnswerForm
    actions = ("approve", "decline", "cancel")

    @admin.display(ordering="amount_microusd")
    def amount(self, request: RefundRequest) -> str:
        return dollars(request.amount_microusd)

    @admin.display(ordering="status")
    def state(self, request: RefundRequest) -> str:
        is_late = request.status == Status.WAITING and not request.is_waiting
        return "expired" if is_late else str(request.get_status_display())

    def has_money_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.has_perm(DECIDES)

    @admin.action(description="Approve and pay", permissions=["money"])
    def approve(self, request: HttpRequest, queryset: QuerySet[RefundRequest]) -> None:
        self._do(request, queryset, lambda pk, by: refunds.approve(pk, by=by))

    @admin.action(description="Decline", permissions=["money"])
    def decline(self, request: HttpRequest, queryset: QuerySet[RefundRequest]) -> None:
        answer = request.POST.get("answer", "")
        self._do(request, queryset, lambda pk, by: refunds.decline(pk, by=by, answer=answer))

    @admin.action(description="Take back what I asked for", permissions=["money"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[RefundRequest]) -> None:
        self._do(request, queryset, lambda pk, by: refunds.cancel(pk, by=by))

    def _do(self, request: HttpRequest, chosen: QuerySet[RefundRequest], decide: Callable[[int, User], None]) -> None:
        """Do the same with each, and say how it went."""
        prove_again(request)
        assert isinstance(request.user, User)
        for pk in chosen.values_list("pk", flat=True):
            try:
                decide(pk, request.user)
            except (refunds.NotDecided, ledger.RefundRefused, reconciling.StillLive) as error:
                self.message_user(request, f"Request {pk}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"Request {pk}: done.")
