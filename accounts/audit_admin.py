"""What staff look at in the admin is in the audit log, for the workspaces whose data it was."""

import json
from collections import deque
from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts import audit
from accounts.admin_lookups import is_offered
from accounts.audit_models import Verb
from accounts.models import User, Workspace
from accounts.support_models import SupportVisit

LONGEST_PATH = 4


@cache
def path_to_workspace(model: type[models.Model]) -> str:
    """Return the shortest way from a row to its workspace (`run__workspace`), '' where a row belongs to none."""
    if model is Workspace:
        return "pk"
    if model is User:
        return "memberships__workspace"
    if model is SupportVisit:
        # Its operator comes before its person, and neither's other workspaces were looked at.
        return "openings__workspace"
    ways: deque[tuple[type[models.Model], tuple[str, ...]]] = deque([(model, ())])
    while ways:
        at, way = ways.popleft()
        links = {link.name: link.related_model for link in at._meta.get_fields() if isinstance(link, models.ForeignKey)}
        for name, to in links.items():
            if to is Workspace:
                return "__".join([*way, name])
        if len(way) < LONGEST_PATH:
            # Who did something to a row says nothing of whose row it is.
            ways.extend((to, (*way, name)) for name, to in links.items() if to is not User)
    return next((f"{link.name}__memberships__workspace" for link in _people(model)), "")


def _people(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Return the columns of a row of no workspace that name a person: an e-mail address is its person's."""
    return [
        link for link in model._meta.get_fields() if isinstance(link, models.ForeignKey) and link.related_model is User
    ]


class Watched(admin.ModelAdmin):  # type: ignore[type-arg]
    """Every look at rows is recorded before they are shown: lists, single rows, their history, and suggestions.

    Lists are narrowed down by what they offer alone: see `accounts.admin_lookups`.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return super().lookup_allowed(lookup, value, request) and is_offered(self, lookup, request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what an address says for fields, but for those that look rows up: nonsense would break them."""
        links = {field.name for field in self.model._meta.get_fields() if field.is_relation}
        said = super().get_changeform_initial_data(request)
        return {name: value for name, value in said.items() if name not in links}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        answer = super().changelist_view(request, extra_context)
        shown = (getattr(answer, "context_data", None) or {}).get("cl")
        if shown is not None:
            self._looked([row.pk for row in shown.result_list])
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        if object_id is not None and answer.status_code == 200:
            self._looked([unquote(object_id)])
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().history_view(request, object_id, extra_context)
        self._looked([unquote(object_id)])
        return answer

    def suggested(self, keys: list[Any]) -> None:
        """Record an entry for each workspace that has some of the rows which are suggested."""
        words = f"{self.opts.verbose_name_plural}: suggestions"
        audit.record_all(self._workspaces(keys), Verb.STAFF_LOOKED, words=words)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._changed([obj], "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        # Django says by a list which columns were changed.
        said = json.dumps(message) if isinstance(message, list) else str(message)
        self._changed([obj], LogEntry(change_message=said).get_change_message())
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        self._changed(queryset, "deleted")
        return super().log_deletions(request, queryset)

    def _changed(self, rows: Iterable[Any], what: str) -> None:
        for row in rows:
            audit.record_all(self._workspaces([row.pk]), Verb.STAFF_CHANGED, row, words=what)

    def _looked(self, keys: list[Any]) -> None:
        """Record one entry for each workspace that has some of these rows; a single row is named."""
        target = self.model(pk=self.model._meta.pk.to_python(keys[0])) if len(keys) == 1 else None
        words = str(self.opts.verbose_name) if target is not None else f"{self.opts.verbose_name_plural}: {len(keys)}"
        audit.record_all(self._workspaces(keys), Verb.STAFF_LOOKED, target, words=words)

    def _workspaces(self, keys: list[Any]) -> list[int | None]:
        model: type[models.Model] = self.model
        path = path_to_workspace(model)
        rows = self.model._default_manager.filter(pk__in=keys).order_by()
        found = set(rows.values_list(path, flat=True)) if path and keys else set()
        return sorted(one for one in found if one is not None) or [None]


class Suggestions(AutocompleteJsonView):
    """What a field of the console suggests while somebody types."""

    model_admin: Watched

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        self.model_admin.suggested([row.pk for row in context["object_list"]])
        return context


def watch(model: type[models.Model], kind: type[Watched] = Watched, **ours: Any) -> None:
    """Let the admin of another party's model be of our `kind`, too; `ours` are what it is told otherwise."""
    theirs = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, type(f"Watched{theirs.__name__}", (kind, theirs), {"__module__": __name__, **ours}))
