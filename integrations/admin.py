"""What operators look at: calls to outside services, the workspaces' connections, and what workers share."""

from django.contrib import admin

from accounts.admin import FactsAdmin
from integrations.models import Connection, ProviderCall, SharedDocument


@admin.register(ProviderCall)
class ProviderCallAdmin(FactsAdmin):
    list_display = ("created_at", "workspace", "provider", "operation", "status", "cost_microusd", "duration_ms")
    list_select_related = ("workspace",)
    list_filter = ("status", "provider")
    search_fields = ("run_ref", "candidate_ref", "error")


@admin.register(Connection)
class ConnectionAdmin(FactsAdmin):
    list_display = ("workspace", "provider", "has_key", "model", "position", "is_on", "problem", "key_set_at")
    list_select_related = ("workspace",)
    list_filter = ("provider", "is_on")
    search_fields = ("workspace__name", "workspace__slug", "problem")
    exclude = ("sealed_key",)


@admin.register(SharedDocument)
class SharedDocumentAdmin(FactsAdmin):
    list_display = ("name", "document", "expires_at")
    search_fields = ("name",)
