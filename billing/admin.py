"""Money, to look at."""

from django.contrib import admin

from accounts.admin import FactsAdmin
from billing.models import Budget, Hold


@admin.register(Budget)
class BudgetAdmin(FactsAdmin):
    list_display = ("pk", "workspace", "cap_microusd", "spent_microusd", "reserved_microusd", "is_open", "created_at")
    list_select_related = ("workspace",)
    list_filter = ("is_open",)


@admin.register(Hold)
class HoldAdmin(FactsAdmin):
    list_display = ("pk", "provider", "operation", "status", "amount_microusd", "settled_microusd", "created_at")
    list_filter = ("status", "provider")
