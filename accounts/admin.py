"""The operators' console: facts are looked at. What may be changed calls the functions that the pages call."""

from typing import Any

import django_q.admin  # noqa: F401  (it registers its models now, so that they can be watched below)
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import path

from accounts import support
from accounts.audit_admin import Watched, watch
from accounts.audit_models import AuditEntry, AuditPruning
from accounts.models import Membership, User, Workspace
from accounts.notification_models import NotificationDelivery
from accounts.operators import prove_again
from accounts.quota_admin import WorkspaceQuotaAdmin  # noqa: F401  (it registers itself)
from accounts.support_models import SupportVisit
from accounts.support_views import begin


class LookedAt:
    """What the console shows and changes nothing of."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FactsAdmin(LookedAt, Watched):
    """Rows that the program wrote. Changing them by hand would make them untrue."""

    actions: Any = ()
    show_full_result_count = False
    list_per_page = 50

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may have the product's own functions change such rows, by an action of the list."""
        right = f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}"
        return request.user.is_active and request.user.has_perm(right)


@admin.register(User)
class PersonAdmin(Watched, UserAdmin):  # type: ignore[type-arg]
    """People sign up, prove addresses and set passwords by themselves. Staff switch accounts on and off.

    Rights are a superuser's to give, with a fresh proof of who they are; or `manage.py operator`.
    """

    ordering = ("email",)
    list_display = ("email", "is_staff", "is_active", "last_login")
    search_fields = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    actions = ()
    change_form_template = "admin/accounts/user/change_form.html"
    change_user_password_template = None
    FACTS = ("email", "last_login", "date_joined")
    RIGHTS = ("is_staff", "is_superuser", "groups")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_above = obj is not None and (obj.is_staff or obj.is_superuser) and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not is_above

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.FACTS if request.user.is_superuser else (*self.FACTS, *self.RIGHTS)

    def get_urls(self) -> list[Any]:
        # Without the page that sets somebody's password.
        ours = [one for one in super().get_urls() if one.name != "auth_user_password_change"]
        look = self.admin_site.admin_view(begin)
        return [path("<int:pk>/support/", look, name="accounts_user_support"), *ours]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method == "POST":
            prove_again(request)
        person = User.objects.filter(pk=object_id).first() if object_id and object_id.isdecimal() else None
        may_look = person is not None and support.may_look_as(request.user, person)  # type: ignore[arg-type]
        more = {**(extra_context or {}), "may_look": may_look}
        return super().changeform_view(request, object_id, form_url, more)


class MembershipInline(LookedAt, admin.TabularInline):  # type: ignore[type-arg]
    """Who is in it. Members are changed on their page alone, whose functions leave every workspace an owner."""

    model = Membership
    extra = 0
    fields = readonly_fields = ("user", "role", "created_at")


@admin.register(Workspace)
class WorkspaceAdmin(FactsAdmin):
    list_display = ("name", "slug", "created_at", "deleted_at")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)


@admin.register(NotificationDelivery)
class NotificationDeliveryAdmin(FactsAdmin):
    """What left the house, what waits, and what did not arrive and why."""

    list_display = ("channel", "status", "attempts", "not_before", "address", "problem", "created_at")
    list_filter = ("channel", "status")
    list_select_related = ("notification",)
    search_fields = ("address",)
    ordering = ("-pk",)


@admin.register(AuditEntry)
class AuditEntryAdmin(FactsAdmin):
    """Who did what. Looking at it is written down in it as well."""

    list_display = ("at", "workspace", "actor", "verb", "object_type", "object_id", "words", "ip")
    list_select_related = ("workspace", "actor")
    list_filter = ("verb", "at")
    search_fields = ("=request_id", "=object_id")
    ordering = ("-pk",)


@admin.register(AuditPruning)
class AuditPruningAdmin(FactsAdmin):
    """Up to when the log was pruned."""

    list_display = ("before", "pruned_at")
    ordering = ("-before",)


@admin.register(SupportVisit)
class SupportVisitAdmin(FactsAdmin):
    """Who looked at the product as whom, when and what for."""

    list_display = ("pk", "operator", "person", "reason", "began_at", "ends_at", "ended_at")
    list_select_related = ("operator", "person")
    list_filter = ("began_at",)
    ordering = ("-pk",)


class GroupAdmin(Watched):
    """Rights by the bundle. Who could change them could give themselves any."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


admin.site.unregister(Group)
admin.site.register(Group, GroupAdmin)

# What is registered by those whose apps they are, secrets included: those are shown to nobody.
OURS: dict[str, dict[str, Any]] = {
    "mfa.authenticator": {"exclude": ("data",)},
    "socialaccount.socialaccount": {"exclude": ("extra_data",)},
    "usersessions.usersession": {"exclude": ("session_key", "data"), "search_fields": ("user__email", "ip")},
    "django_q.ormq": {"exclude": ("payload",)},
}
NOT_SHOWN = {"socialaccount.socialtoken", "socialaccount.socialapp"}
for model in list(admin.site._registry):
    app = model._meta.app_config.name
    if model._meta.label_lower in NOT_SHOWN:
        admin.site.unregister(model)
    elif app.startswith("allauth.") or app == "django_q":
        watch(model, FactsAdmin, **OURS.get(model._meta.label_lower, {}))
