"""Amounts as people type them: with a point or a comma, with or without thousands and the sign."""

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

_AMOUNT = re.compile(
    r"(?P<sign>[+-]?)"
    # No group of thousands begins with 0: `0,500` is half a dollar.
    r"(?P<whole>(?!0)\d{1,3}(?P<between>[.,' \u00a0\u202f\u2019])\d{3}(?:(?P=between)\d{3})*|\d*)"
    r"(?:(?P<decimal>[.,])(?P<cents>\d*))?"
)
_THOUSANDS = re.compile(r"[+-]?(?!0)\d{1,3}(?P<between>[.,' \u00a0\u202f\u2019])\d{3}(?:(?P=between)\d{3})*")
_DOLLARS = re.compile(r"^(?:US)?\$|(?:USD|\$)$", re.IGNORECASE)
LONGEST = 40  # characters; what is longer is no amount


def as_typed(microusd: int) -> str:
    """Return an amount as a field shows it: whole cents, rounded down, so that saving it as it is raises no limit."""
    dollars, cents = divmod(microusd // 10_000, 100)
    return f"{dollars}.{cents:02}" if cents else str(dollars)


class DollarsField(forms.DecimalField):
    """A field for whole cents of dollars. `1,250.50`, `1.250,50`, `12,50`, `12.50` and `$12` are all understood.

    Which of point and comma is the decimal sign is told by what stands behind it: thousands come by three digits. Where
    both would make sense the language decides: `1,250` is more than a thousand in English, not in Serbian.
    """

    default_error_messages: ClassVar = {
        "invalid": _("Write an amount in dollars, such as 5 or 12.50."),
        "min_value": _("A limit cannot be negative. 0 allows only what is free."),
        "max_value": _("The limit is at most %(limit_value)s dollars."),
        "max_decimal_places": _("Cents are the smallest part: two digits after the decimal sign."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimal_places=2, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if not isinstance(value, str):
            return super().to_python(value)
        typed = _DOLLARS.sub("", value.strip()).strip()
        if not typed:
            return None
        found = _AMOUNT.fullmatch(typed) if len(typed) <= LONGEST else None
        if found is None or not any(map(str.isdecimal, typed)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return _amount(found)


def _amount(found: re.Match[str]) -> Decimal:
    whole, between, cents = found["whole"], found["between"], found["cents"] or ""
    if between and between == get_format("DECIMAL_SEPARATOR") and whole.count(between) == 1 and not found["decimal"]:
        whole, _sign, cents = whole.partition(between)
    digits = "".join(filter(str.isdecimal, whole)) or "0"
    return Decimal(f"{found['sign']}{digits}.{cents or '0'}")


class CountField(forms.IntegerField):
    """A field for a whole number of things, in figures: `50`, `1,000` and `1.000` are understood."""

    default_error_messages: ClassVar = {
        "invalid": _("Write a whole number, such as 50."),
        "min_value": _("Write at least %(limit_value)s."),
        "max_value": _("At most %(limit_value)s are possible."),
    }

    def to_python(self, value: Any) -> int | None:
        if not isinstance(value, str):
            return super().to_python(value)
        typed = value.strip()
        if len(typed) > LONGEST:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        grouped = _THOUSANDS.fullmatch(typed)
        return super().to_python(typed.replace(grouped["between"], "") if grouped else typed)
