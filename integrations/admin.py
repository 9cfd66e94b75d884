"""The log of calls to outside services, to look at."""

from django.contrib import admin

from accounts.admin import FactsAdmin
from integrations.models import ProviderCall


@admin.register(ProviderCall)
class ProviderCallAdmin(FactsAdmin):
    list_display = ("created_at", "workspace", "provider", "operation", "status", "cost_microusd", "duration_ms")
    list_select_related = ("workspace",)
    list_filter = ("status", "provider")
    search_fields = ("run_ref", "candidate_ref", "error")
