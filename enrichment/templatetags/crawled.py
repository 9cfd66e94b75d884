"""What pages of the floors below show of what was read on the web."""

from django import template

from enrichment.models import Screenshot
from leads.models import Lead

register = template.Library()


@register.simple_tag
def screenshot_of(lead: Lead) -> Screenshot | None:
    """Return the picture of the lead's home page, or None."""
    return Screenshot.objects.filter(pk=lead.handle).first()
