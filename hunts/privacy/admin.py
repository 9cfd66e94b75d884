"""Requests to take somebody out of what all workspaces read, in the console; answered by the function that erases."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.operators import prove_again
from hunts.preset_admin import ActedOn
from hunts.privacy import erasing, tasks
from hunts.privacy.request_models import SharedRequest


class OpenFilter(admin.SimpleListFilter):
    """Narrows requests down to those that wait for an operator."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "to be done"), ("done", "done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SharedRequest]) -> QuerySet[SharedRequest]:
        if self.value() not in ("open", "done"):
            return queryset
        return queryset.filter(done_at__isnull=self.value() == "open")


@admin.register(SharedRequest)
class SharedRequestAdmin(ActedOn):
    list_display = ("pk", "person", "workspace", "asked_at", "answer", "done_at")
    fields = ("workspace", "erasure", "person", "asked_at", "told_at", "answer", "done_at")
    readonly_fields = ("person",)
    list_select_related = ("workspace", "answer")
    list_filter = (OpenFilter,)
    actions = ("erase",)

    def person(self, request: SharedRequest) -> str:
        """Say who it is that cannot be brought back once they are erased."""
        one = request.person
        companies = (f"at {domain}" for domain in one.domains)
        told = " · ".join((*one.names, *one.emails, *one.phones, *one.profiles, *companies))
        return told or "forgotten, for it is done"

    @admin.action(description="Erase the selected people in the whole installation", permissions=["operate"])
    def erase(self, request: HttpRequest, requests: QuerySet[SharedRequest]) -> None:
        prove_again(request)  # it cannot be undone
        assert isinstance(request.user, User)
        by = request.user
        self.changed(request, requests, lambda one: _begin(one, by))


def _begin(request: SharedRequest, by: User) -> bool:
    """Begin to erase the person of a request that nobody has answered."""
    request.refresh_from_db()
    if request.done_at is not None or request.answer_id is not None:
        return False
    tasks.nudge(erasing.begin(request.person, workspace_id=None, by=by).pk)
    return True
