"""Presets and schedules, to look at; they are paused, resumed and brought back by the functions of their pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.admin import FactsAdmin
from accounts.operators import prove_again
from accounts.quotas import QuotaReached
from hunts import presets, schedules
from hunts.preset_models import Firing, Preset, Schedule


class ActedOn(FactsAdmin):
    """Rows that have actions, which change some of those that were chosen."""

    def changed(self, request: HttpRequest, rows: QuerySet[Any], change: Callable[[Any], bool]) -> None:
        """Change each row, and tell how many were changed; the others were so already."""
        chosen: list[Model] = list(rows)
        count = sum(change(row) for row in chosen)
        told = _("%(changed)s of %(all)s were changed.") % {"changed": count, "all": len(chosen)}
        self.message_user(request, told, messages.SUCCESS if count else messages.WARNING)


@admin.register(Preset)
class PresetAdmin(ActedOn):
    list_display = ("name", "workspace", "is_shared", "known", "made_by", "changed_at", "deleted_at")
    list_select_related = ("workspace", "made_by")
    list_filter = ("is_shared", "known")
    search_fields = ("name", "workspace__name")
    actions = ("restore",)

    @admin.action(description="Bring the selected presets back", permissions=["operate"])
    def restore(self, request: HttpRequest, rows: QuerySet[Preset]) -> None:
        prove_again(request)  # its schedules come back with it

        def restored(preset: Preset) -> bool:
            try:
                return presets.restore(preset)
            except (presets.NotPossible, QuotaReached) as error:
                self.message_user(request, f"{preset}: {error}", messages.WARNING)
                return False

        self.changed(request, rows, restored)


@admin.register(Schedule)
class ScheduleAdmin(ActedOn):
    list_display = ("pk", "preset", "workspace", "frequency", "at", "time_zone", "next_at", "paused_at", "deleted_at")
    list_select_related = ("preset__workspace",)
    list_filter = ("frequency",)
    search_fields = ("preset__name", "preset__workspace__name")
    actions = ("pause", "resume", "restore")

    @admin.display(ordering="preset__workspace")
    def workspace(self, schedule: Schedule) -> str:
        return str(schedule.preset.workspace)

    @admin.action(description="Pause the selected schedules", permissions=["operate"])
    def pause(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        self.changed(request, rows, schedules.pause)

    @admin.action(
        description="Resume the selected schedules, in the name of those who set them", permissions=["operate"]
    )
    def resume(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        prove_again(request)  # it spends from then on

        # Not in the name of staff, who as a rule are no members: what a schedule spends, a member answers for.
        def resumed(schedule: Schedule) -> bool:
            return schedule.made_by is not None and schedules.resume(schedule, by=schedule.made_by)

        self.changed(request, rows.select_related("made_by"), resumed)

    @admin.action(description="Bring the selected schedules back", permissions=["operate"])
    def restore(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        prove_again(request)  # it spends from then on

        def restored(schedule: Schedule) -> bool:
            try:
                return schedules.restore(schedule)
            except QuotaReached as error:
                self.message_user(request, f"{schedule}: {error}", messages.WARNING)
                return False

        self.changed(request, rows.select_related("preset"), restored)


@admin.register(Firing)
class FiringAdmin(FactsAdmin):
    list_display = ("due_at", "schedule", "outcome", "run", "note", "created_at")
    list_select_related = ("schedule", "run")
    list_filter = ("outcome",)
