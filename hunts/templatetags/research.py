"""The deep research of a lead, for the pages of a floor below."""

from typing import Any

from django import template

from accounts.middleware import may_change
from hunts import research_page
from leads.models import Lead

register = template.Library()


@register.simple_tag(takes_context=True)
def research_of(context: dict[str, Any], lead: Lead) -> research_page.Panel:
    """Return what to show of the newest research of `lead` to whoever looks."""
    return research_page.panel(lead, may_change=may_change(context["request"]))
