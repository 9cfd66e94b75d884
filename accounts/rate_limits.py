"""How often something may be done, counted by all workers together: requests to the API, and what `quotas` names.

Time is cut into minutes or hours, the same for everybody. The count lies in Redis where there is one (one INCR a
request), else in the database (one upsert), so that no number of processes lets one request too many through. The
fields are those of
https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (draft 10).
"""

import time
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

SECONDS = 60
POLICY = "minute"
# In one statement, which both databases know: begin a row, or count on, or begin again in a new minute. A clock that is
# ahead of ours has begun the next minute already: then that is the one.
COUNT = """
INSERT INTO accounts_requestcount AS counted (holder, minute, count, seen_at) VALUES (%s, %s, 1, %s)
ON CONFLICT (holder) DO UPDATE SET
    count = CASE WHEN counted.minute < excluded.minute THEN 1 ELSE counted.count + 1 END,
    minute = CASE WHEN counted.minute < excluded.minute THEN excluded.minute ELSE counted.minute END,
    seen_at = excluded.seen_at
RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left: `limit` requests in a minute, `remaining` of them for the next `reset` seconds; None: spent."""

    limit: int
    remaining: int | None
    reset: int
    policy: str = POLICY
    seconds: int = SECONDS

    @property
    def headers(self) -> dict[str, str]:
        told = {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={self.seconds}',
            "RateLimit": f'"{self.policy}";r={self.remaining or 0};t={self.reset}',
        }
        return told if self.remaining is not None else {**told, "Retry-After": str(self.reset)}


def take(holder: str, limit: int, *, policy: str = POLICY, seconds: int = SECONDS) -> Quota | None:
    """Count one request of `holder`; None where nobody counts (`limit` 0, or a Redis that does not answer).

    Time is cut into windows of so many `seconds`.
    """
    if limit <= 0:
        return None
    now = time.time()
    window, passed = divmod(now, seconds)
    try:
        if settings.REDIS_URL:
            taken = _taken_in_redis(holder, int(window), limit, seconds)
        else:
            taken = _taken_in_rows(holder, int(window), limit)
    except RedisError as error:
        # Without it everybody would be refused: who is let in too often for a while costs less.
        logger.error("rate_limit.unreachable", error=str(error))
        return None
    left = None if taken is None else max(limit - taken, 0)
    return Quota(limit, left, max(int(seconds - passed), 1), policy, seconds)


def _taken_in_redis(holder: str, window: int, limit: int, seconds: int) -> int | None:
    """Return how many were taken with this one, None where it is one too many."""
    taken = _counted_in_redis(f"rate:{window}:{holder}", lasts=2 * seconds)
    return taken if taken <= limit else None


def _counted_in_redis(key: str, *, lasts: int) -> int:
    """Count one more under `key`; return how many there were.

    A Redis that is full, or was emptied, forgets keys before their time, also between two commands: then it is begun
    anew, and who counted in that very moment is let in once more.
    """
    if cache.add(key, 1, timeout=lasts):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # Django's word for a key that is not there
        cache.set(key, 1, timeout=lasts)
        return 1


def _taken_in_rows(holder: str, window: int, limit: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [holder, window, connection.ops.adapt_datetimefield_value(timezone.now())])
        taken: int = cursor.fetchone()[0]
    return taken if taken <= limit else None
