"""What the HTTP of all vendors has in common: which failures cost nothing, how long to wait, how nonsense is read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from integrations.egress.errors import EgressError
from integrations.lexicon.text import one_line

# Nothing reached the vendor, so nothing can be billed.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, EgressError)
# What is raised where an answer is read that is not what the vendor promises: a name that is missing, another type, a
# number beyond all bounds, a body of nothing but brackets.
NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
LONGEST_WAIT = 300.0
# No limit of a vendor is longer than a month; it also keeps nonsense within what a date can hold.
_LONGEST_RESET = 31 * 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?(ms|[smhd])", re.IGNORECASE)
_TOLD = re.compile(r"(?:try again|retry) (?:in|after) (\d[\d.a-z ]{0,40})", re.IGNORECASE)


def text_in(value: object, longest: int) -> str:
    """Return a text of an answer on one line, without what no database takes; '' for what is no text."""
    return one_line(value)[:longest] if isinstance(value, str) else ""


def number_in(value: object, sensible: range) -> int | None:
    """Return a whole number of an answer; `None` for what is none, or makes no sense."""
    return value if type(value) is int and value in sensible else None


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the Retry-After header in seconds, at most five minutes; `None` where there is none that makes sense."""
    told = _retry_after(headers)
    return None if told is None else min(told, LONGEST_WAIT)


def seconds_told(headers: Mapping[str, str], message: str = "") -> float | None:
    """Return how long a vendor says to wait, in seconds, at most a month; `None` where it does not say.

    Its sentence is believed first, because it is about the limit that was met; then Retry-After; then the reset times
    of its limits. https://platform.openai.com/docs/guides/rate-limits https://www.kimi.com/help/kimi-api/api-rate-limits
    """
    sentence = _TOLD.search(message)
    found = _duration(sentence[1]) if sentence else None
    if found is None:
        found = _retry_after(headers)
    if found is None:
        found = _reset(headers)
    return None if found is None else min(found, _LONGEST_RESET)


def moment_after(seconds: float) -> datetime:
    """Return the time that is `seconds` from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    value = headers.get("retry-after", "").strip()
    if _is_number(value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except NONSENSE:
        return None
    return _seconds_until(until)


def _reset(headers: Mapping[str, str]) -> float | None:
    """Return when the limit that is used up resets, where limits are counted apart; else the one reset that is told."""
    used_up = [
        seconds
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}", "").strip() == "0"
        and (seconds := _duration(headers.get(f"x-ratelimit-reset-{kind}", ""))) is not None
    ]
    return max(used_up) if used_up else _moment_or_seconds(headers.get("x-ratelimit-reset", "").strip())


def _moment_or_seconds(value: str) -> float | None:
    """Vendors write seconds, a Unix time in seconds or milliseconds, a duration, or a date here."""
    if _is_number(value):
        number = float(value)
        if number < 1e9:
            return number
        return max((number / 1_000 if number > 1e12 else number) - datetime.now(UTC).timestamp(), 0.0)
    if (seconds := _duration(value)) is not None:
        return seconds
    try:
        return _seconds_until(datetime.fromisoformat(value))
    except ValueError:
        return None


def _duration(text: str) -> float | None:
    """Return `1h2m3.5s`, `20s`, `6 ms` or `90 seconds` in seconds; `None` where it does not begin like that."""
    text = text.strip()
    found = list(_DURATION.finditer(text[:40]))
    if not found or found[0].start() != 0:
        return None
    return sum(float(match[1]) * _UNITS[match[2].lower()] for match in found)


def _seconds_until(moment: datetime) -> float | None:
    return None if moment.tzinfo is None else max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 20
