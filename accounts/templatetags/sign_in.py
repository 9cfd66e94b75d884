"""What the pages about accounts say of browsers and of this installation."""

from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django import template
from django.conf import settings
from django.utils.translation import gettext as _

from accounts import browsers
from accounts.audit import network_of

register = template.Library()


@register.simple_tag
def mail_is_configured() -> bool:
    """Return whether this installation sends e-mails."""
    return bool(settings.MAIL_IS_CONFIGURED)


@register.filter
def has_unconfirmed(addresses: Iterable[EmailAddress]) -> bool:
    """Return whether one of a person's addresses waits to be confirmed."""
    return any(not one.verified for one in addresses)


@register.filter
def device(user_agent: str) -> str:
    """Return `Firefox, Windows` for what such a browser says of itself."""
    return browsers.named(user_agent)


@register.simple_tag(takes_context=True)
def place(context: dict[str, Any], ip: str) -> str:
    """Return where a session is, as far as its address tells: in the network of who looks, or in which other one."""
    here = network_of(get_adapter().get_client_ip(context["request"]))
    if network_of(ip) == here:
        return _("in the network that you are in now")
    return _("in the network of %(ip)s") % {"ip": ip}
