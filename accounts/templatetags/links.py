"""Addresses of our pages that work in an e-mail."""

from django import template
from django.urls import reverse

from accounts.links import absolute

register = template.Library()


@register.simple_tag
def site_link(name: str) -> str:
    """Return the address of the page with that name."""
    return absolute(reverse(name))
