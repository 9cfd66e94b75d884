"""Times by the clocks of whoever reads them."""

from datetime import datetime
from typing import Any

from django import template
from django.templatetags.tz import do_timezone

register = template.Library()


@register.simple_tag(takes_context=True)
def my_time(context: dict[str, Any], moment: datetime) -> datetime:
    """Return a moment in the zone of the person who is signed in; UTC where they chose none."""
    zone = getattr(getattr(context.get("request"), "user", None), "time_zone", "UTC")
    # A plain datetime would be taken back to the zone of the site by every filter that formats it.
    local: datetime = do_timezone(moment, zone or "UTC")
    return local
