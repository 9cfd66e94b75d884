"""Schedules in words, for templates."""

from typing import Any

from django import template

from accounts.middleware import may_change
from hunts import preset_page
from hunts.chat_models import Conversation
from hunts.models import Hunt
from hunts.preset_models import Preset, Schedule

register = template.Library()


@register.filter
def when(schedule: Schedule) -> str:
    """Return when a schedule is due: “Every Monday at 09:00 (Europe/Berlin)”."""
    return preset_page.when(schedule.recurrence)


@register.simple_tag(takes_context=True)
def opened_preset(context: dict[str, Any], conversation: Conversation) -> Preset | None:
    """Return the preset that a conversation was opened to change, where whoever looks may see it."""
    if conversation.preset_id is None:
        return None
    request = context["request"]
    visible = Preset.objects.visible_to(request.workspace, request.user)
    return visible.filter(pk=conversation.preset_id).first()


@register.inclusion_tag("hunts/_preset_link.html", takes_context=True)
def preset_link(context: dict[str, Any], hunt: Hunt, name: str | None) -> dict[str, Any]:
    """Show the `name` of the preset that `hunt` is, or else the form that saves it to those who may."""
    return {
        "hunt": hunt,
        "name": name,
        "may_change": name is None and may_change(context["request"]),
        "csrf_token": context.get("csrf_token"),
    }
