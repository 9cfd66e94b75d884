"""The pages of the settings, as the menu and each of them name the others."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.support_doors import OPEN

register = template.Library()


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """A page of the settings: the name of its address, its icon and label, and whether only admins may look at it."""

    view: str
    icon: str
    label: str | Promise
    is_of_admins: bool = False

    @property
    def address(self) -> str:
        return reverse(self.view)


PAGES = (
    SettingsPage("workspaces:settings", "adjustments", _("Workspace")),
    SettingsPage("workspaces:members", "users", _("Members")),
    SettingsPage("billing:spending", "coin", _("Spending")),
    SettingsPage("limits", "chart-line", _("Limits")),
    SettingsPage("integrations:models", "sparkles", _("Language models")),
    SettingsPage("notification_settings:page", "bell", _("Notifications")),
    SettingsPage("tokens:list", "code", _("API tokens")),
    SettingsPage("audit:log", "list-search", _("Audit log"), is_of_admins=True),
    SettingsPage("privacy:page", "shield-check", _("Privacy"), is_of_admins=True),
)


@register.simple_tag(takes_context=True)
def settings_pages(context: dict[str, Any]) -> list[SettingsPage]:
    """Return the pages that whoever asks may look at: the last ones are for admins, and support sees fewer."""
    request = context["request"]
    role = request.workspace.role if request.workspace else None
    is_admin = role in (Membership.Role.OWNER, Membership.Role.ADMIN)
    is_support = request.support is not None
    return [page for page in PAGES if (is_admin or not page.is_of_admins) and (page.view in OPEN or not is_support)]
