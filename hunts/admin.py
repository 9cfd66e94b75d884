"""Hunts and runs, to look at; a run is paused, resumed, cancelled and retried by the functions that its page calls."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.admin import FactsAdmin
from accounts.operators import prove_again
from hunts import launch, pipeline
from hunts.filter_models import FilterHistory
from hunts.models import Candidate, Hunt, Run, RunEvent
from hunts.preset_admin import FiringAdmin, PresetAdmin, ScheduleAdmin  # noqa: F401  (register themselves)
from hunts.privacy.admin import SharedRequestAdmin  # noqa: F401  (registers itself)


@admin.register(Hunt)
class HuntAdmin(FactsAdmin):
    list_display = ("name", "workspace", "source", "limit", "created_at", "deleted_at")
    list_select_related = ("workspace",)
    list_filter = ("source",)


@admin.register(Run)
class RunAdmin(FactsAdmin):
    list_display = ("pk", "hunt", "workspace", "status", "ceiling", "source", "created_at", "finished_at", "deleted_at")
    list_select_related = ("hunt", "workspace")
    list_filter = ("status", "ceiling", "source")
    actions = ("pause", "resume", "cancel", "retry")

    @admin.action(description="Pause the selected runs", permissions=["operate"])
    def pause(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._change(request, runs, "pause")

    @admin.action(description="Resume the selected runs", permissions=["operate"])
    def resume(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        prove_again(request)  # it spends
        self._change(request, runs, "resume")

    @admin.action(description="Cancel the selected runs", permissions=["operate"])
    def cancel(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._change(request, runs, "cancel")

    @admin.action(description="Retry what failed in the selected runs", permissions=["operate"])
    def retry(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        prove_again(request)  # it spends
        self._change(request, runs, "retry")

    def _change(self, request: HttpRequest, runs: QuerySet[Run], action: str) -> None:
        changed = 0
        for run in runs:
            try:
                changed += launch.change(run, action)
            except pipeline.NotStarted as error:
                self.message_user(request, _("Run %(run)s: %(why)s") % {"run": run.pk, "why": error}, messages.WARNING)
        told = _("%(changed)s of %(all)s runs were changed.") % {"changed": changed, "all": runs.count()}
        self.message_user(request, told, messages.SUCCESS if changed else messages.WARNING)


@admin.register(Candidate)
class CandidateAdmin(FactsAdmin):
    list_display = (
        "pk",
        "run",
        "lead",
        "stage",
        "status",
        "tier",
        "score",
        "attempts",
        "generation",
        "lease_expires_at",
    )
    list_select_related = ("run", "lead")
    list_filter = ("status", "stage")


@admin.register(RunEvent)
class RunEventAdmin(FactsAdmin):
    list_display = ("created_at", "run", "level", "stage", "message")
    list_select_related = ("run",)
    list_filter = ("level",)


@admin.register(FilterHistory)
class FilterHistoryAdmin(FactsAdmin):
    list_display = ("pk", "workspace", "source", "limit", "total", "new", "novelty", "created_at")
    list_select_related = ("workspace",)
    list_filter = ("source",)
