"""What the HTTP of all vendors has in common: which failures cost nothing, and how long to wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from integrations.egress.errors import EgressError

# Nothing reached the vendor, so nothing can be billed.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, EgressError)
LONGEST_WAIT = 300.0


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the Retry-After header in seconds, at most five minutes; `None` where there is none that makes sense.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    if until.tzinfo is None:
        return None
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)
