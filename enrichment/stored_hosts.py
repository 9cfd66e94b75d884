"""Turns, failures and robots.txt over the database: what readers of all processes and workspaces agree on."""

import time
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from django.db.models import Q
from django.utils import timezone

from enrichment.hosts import TURN_SECONDS, Failure, pause_after
from enrichment.models import Host, RobotsFile
from integrations.egress.robots import RobotsText


class StoredHosts:
    """`Hosts` over rows. A turn is taken by ONE conditional UPDATE, so that two readers never both win."""

    def __init__(self, turn_seconds: float = TURN_SECONDS) -> None:
        self.turn_seconds = turn_seconds

    async def take(self, host: str, holder: str, seconds: float) -> float | None:
        return await sync_to_async(_take)(host, holder, seconds)

    async def give_back(self, host: str, holder: str, free_at: float) -> None:
        await sync_to_async(_give_back)(host, holder, free_at)

    async def failure(self, host: str) -> Failure | None:
        return await sync_to_async(_failure)(host)

    async def failed(self, host: str, reason: str) -> None:
        await sync_to_async(_failed)(host, reason)

    async def answered(self, host: str) -> None:
        await sync_to_async(_answered)(host)


def _take(host: str, holder: str, seconds: float) -> float | None:
    if not _won(host, holder, seconds):
        Host.objects.bulk_create([Host(name=host)], ignore_conflicts=True)
        if not _won(host, holder, seconds):
            return None
    free_at = Host.objects.values_list("free_at", flat=True).get(pk=host)
    return free_at.timestamp() if free_at else 0.0


def _won(host: str, holder: str, seconds: float) -> bool:
    now = timezone.now()
    is_free = Q(held_until__isnull=True) | Q(held_until__lte=now) | Q(holder=holder)
    until = datetime.fromtimestamp(now.timestamp() + seconds, UTC)
    return bool(Host.objects.filter(Q(pk=host) & is_free).update(holder=holder, held_until=until))


def _give_back(host: str, holder: str, free_at: float) -> None:
    later = datetime.fromtimestamp(free_at, UTC) if free_at > time.time() else None
    Host.objects.filter(pk=host, holder=holder).update(holder="", held_until=None, free_at=later)


def _failure(host: str) -> Failure | None:
    row = Host.objects.filter(pk=host, failures__gt=0).first()
    if row is None or row.failed_at is None or row.failed_until is None:
        return None
    return Failure(row.failed_reason, row.failed_at.timestamp(), row.failed_until.timestamp())


def _failed(host: str, reason: str) -> None:
    now = timezone.now()
    row, _made = Host.objects.get_or_create(pk=host)
    row.failures += 1
    row.failed_reason, row.failed_at = reason[:300], now
    row.failed_until = datetime.fromtimestamp(now.timestamp() + pause_after(row.failures), UTC)
    row.save(update_fields=["failures", "failed_reason", "failed_at", "failed_until"])


def _answered(host: str) -> None:
    Host.objects.filter(pk=host, failures__gt=0).update(failures=0, failed_reason="", failed_at=None, failed_until=None)


class StoredRobots:
    """A `RobotsStore` over rows."""

    async def get(self, origin: str) -> RobotsText | None:
        return await sync_to_async(_robots)(origin)

    async def put(self, origin: str, robots: RobotsText) -> None:
        await sync_to_async(_keep_robots)(origin, robots)


def _robots(origin: str) -> RobotsText | None:
    row = RobotsFile.objects.filter(pk=origin[:300]).first()
    return RobotsText(row.text, row.problem, row.expires_at.timestamp()) if row else None


def _keep_robots(origin: str, robots: RobotsText) -> None:
    expires_at = datetime.fromtimestamp(robots.expires_at, UTC)
    # PostgreSQL keeps no NUL in a text; in a robots.txt it means nothing.
    columns = {"text": robots.text.replace("\0", ""), "problem": robots.problem[:300], "expires_at": expires_at}
    RobotsFile.objects.update_or_create(pk=origin[:300], defaults=columns)
