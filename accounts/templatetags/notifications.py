"""The badge of the inbox."""

from dataclasses import dataclass
from typing import Any

from django import template

from accounts.inbox import MOST_COUNTED, count_unread

register = template.Library()


@dataclass(frozen=True, slots=True)
class Unread:
    """How many notifications are unread, counted up to one more than is shown."""

    count: int

    @property
    def shown(self) -> str:
        return f"{MOST_COUNTED}+" if self.count > MOST_COUNTED else str(self.count)


@register.simple_tag(takes_context=True)
def unread_notifications(context: dict[str, Any]) -> Unread:
    """Return what is unread for whoever reads the page; nothing for strangers.

    Their workspace tells it where the page changes nothing; the inbox marks news as read, and looks again.
    """
    request = context.get("request")
    workspace = getattr(request, "workspace", None)
    if request is None or workspace is None:
        return Unread(0)
    counted = getattr(workspace, "unread", None)
    if counted is None or request.resolver_match is None or request.resolver_match.app_name == "notifications":
        return Unread(count_unread(request.user, workspace))
    return Unread(counted)
