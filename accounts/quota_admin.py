"""What operators allow single workspaces, in the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts import quotas
from accounts.audit_admin import Watched
from accounts.quota_models import WorkspaceQuota
from accounts.quota_table import QUOTAS


class QuotaForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which limit of which workspace, and what it is."""

    name = forms.ChoiceField(label="Limit", choices=[(quota.name, quota.label) for quota in QUOTAS.values()])

    class Meta:
        model = WorkspaceQuota
        fields = ("workspace", "name", "allowed")


@admin.register(WorkspaceQuota)
class WorkspaceQuotaAdmin(Watched):
    """Deleting a row brings back what the settings say."""

    form = QuotaForm
    list_display = ("workspace", "limit", "allowed", "set_by", "changed_at")
    list_select_related = ("workspace", "set_by")
    list_filter = ("name",)
    autocomplete_fields = ("workspace",)
    ordering = ("-pk",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("workspace", "limit") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("workspace", "limit", "allowed") if obj else ("workspace", "name", "allowed")

    @admin.display(ordering="name")
    def limit(self, row: WorkspaceQuota) -> str:
        return str(QUOTAS[row.name].label) if row.name in QUOTAS else row.name

    def save_model(self, request: Any, obj: WorkspaceQuota, form: Any, change: bool) -> None:
        quotas.allow(obj.workspace, obj.name, obj.allowed, by=request.user)
        obj.pk = WorkspaceQuota.objects.get(workspace=obj.workspace, name=obj.name).pk
