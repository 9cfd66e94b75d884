"""What was read on the web, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import FactsAdmin
from enrichment.models import Host, Page, RobotsFile, Screenshot, Snapshot


@admin.register(Page)
class PageAdmin(FactsAdmin):
    list_display = ("url", "host", "title", "language", "how", "fetched_at")
    search_fields = ("host",)
    list_filter = ("how",)


@admin.register(Snapshot)
class SnapshotAdmin(FactsAdmin):
    list_display = ("sha256", "length", "created_at")
    search_fields = ("sha256",)
    fields = ("sha256", "length", "created_at", "text")
    readonly_fields = ("text",)


@admin.register(Host)
class HostAdmin(FactsAdmin):
    list_display = ("name", "failures", "failed_reason", "failed_until", "held_until", "free_at")
    search_fields = ("name__startswith",)
    actions = ("forget_failures",)

    @admin.action(description=_("Forget that they failed: ask again at the next occasion"), permissions=["operate"])
    def forget_failures(self, request: HttpRequest, hosts: QuerySet[Host]) -> None:
        forgotten = hosts.filter(failures__gt=0).update(failures=0, failed_reason="", failed_at=None, failed_until=None)
        self.message_user(request, _("Forgot the failures of %s hosts.") % forgotten)


@admin.register(RobotsFile)
class RobotsFileAdmin(FactsAdmin):
    list_display = ("origin", "problem", "expires_at")
    search_fields = ("origin__startswith",)


@admin.register(Screenshot)
class ScreenshotAdmin(FactsAdmin):
    list_display = ("host", "url", "taken_at")
    search_fields = ("host__startswith",)
