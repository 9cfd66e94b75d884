"""Hunts and runs, to look at; a run that must be stopped is cancelled by the same function that its page calls."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.admin import FactsAdmin
from hunts.models import Candidate, Hunt, Run, RunEvent


@admin.register(Hunt)
class HuntAdmin(FactsAdmin):
    list_display = ("name", "workspace", "source", "limit", "created_at")
    list_select_related = ("workspace",)
    list_filter = ("source",)


@admin.register(Run)
class RunAdmin(FactsAdmin):
    list_display = ("pk", "hunt", "workspace", "status", "source", "created_at", "finished_at")
    list_select_related = ("hunt", "workspace")
    list_filter = ("status", "source")
    actions = ("cancel",)

    @admin.action(description="Cancel the selected runs")
    def cancel(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        # Here, because the pipeline and the vendors' clients behind it would slow every command of manage.py down.
        from hunts import launch

        stopped = sum(launch.change(run, "cancel") for run in runs)
        self.message_user(request, _("%s runs were cancelled.") % stopped, messages.SUCCESS)


@admin.register(Candidate)
class CandidateAdmin(FactsAdmin):
    list_display = ("pk", "run", "lead", "stage", "status", "tier", "score", "attempts", "lease_expires_at")
    list_select_related = ("run", "lead")
    list_filter = ("status", "stage")


@admin.register(RunEvent)
class RunEventAdmin(FactsAdmin):
    list_display = ("created_at", "run", "level", "stage", "message")
    list_select_related = ("run",)
    list_filter = ("level",)
