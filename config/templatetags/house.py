"""How our pages show icons, money and the state of an address bar."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from config import markdown as one_markdown

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon of the sprite; without a label it is decoration that screen readers pass over."""
    return _icon(static("vendor/icons.svg"), name, str(label))


@lru_cache(maxsize=1_000)  # a table has the same few in each of its rows
def _icon(sprite: str, name: str, label: str) -> SafeString:
    shape = format_html('<use href="{}#{}"/>', sprite, name)
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}">{}</svg>', label, shape)
    return format_html('<svg class="icon" aria-hidden="true">{}</svg>', shape)


@register.simple_tag
def exactly(moment: datetime) -> SafeString:
    """Return the attributes of a `<time>`: the moment for machines, and in full for whoever points at it."""
    local = localtime(moment)
    return format_html('datetime="{}" title="{}"', local.isoformat(), date_format(local, "DATETIME_FORMAT"))


@register.filter
def dollars(microusd: int | None) -> str:
    """Return micro-dollars as dollars: to the cent, or to the micro-dollar where there is less than a cent in it."""
    amount = Decimal(microusd or 0) / 1_000_000
    return f"${number_format(amount, 2 if amount == amount.quantize(Decimal('0.01')) else 6)}"


@register.filter
def duration(seconds: float | None) -> str:
    """Return seconds as people say them: 45 s, 3 min, 2 h 5 min."""
    whole = round(seconds or 0)
    if whole < 90:
        return f"{whole} s"
    if whole < 5_400:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@register.filter
def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as a percentage."""
    return f"{round(100 * (share or 0))} %"


@register.filter
def markdown(text: str) -> SafeString:
    """Return what a model wrote, in Markdown, as HTML that is safe to show."""
    return one_markdown.render(text)


@register.filter
def web_address(url: str) -> str:
    """Return `url` where a browser may follow it, else ''."""
    return url if url.startswith(("https://", "http://")) else ""


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changes: Any) -> str:
    """Return the query string of this page with some parameters changed, and None taken out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"
