"""The daily digest: who gets one and when, and writing it. At most one a day, and only where there is something."""

from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, Workspace
from accounts.notification_models import Kind, Notification, NotificationDelivery, Reader
from accounts.wall import as_system

BATCH = 500
FIRST_LOOKS_BACK = timedelta(days=1)


def next_at(hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first moment after `after`, in UTC, at which the clocks of `zone` show `hour` o'clock.

    On a day without that hour (clocks put forward) it is when they are put forward; where the hour comes twice, the
    first time.
    """
    today = after.astimezone(zone).date()
    days = (today + timedelta(days=n) for n in count())
    moments = (datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC) for day in days)
    return next(moment for moment in moments if moment > after)


def choose(user: User, workspace: Workspace, hour: int | None) -> None:
    """Send `user` a digest every day at `hour` by their own clocks, or none (`None`).

    Where that is the hour already, one that is due and not yet written is not lost.
    """
    if hour is not None and Reader.objects.filter(user=user, workspace=workspace, digest_hour=hour).exists():
        return
    at = None if hour is None else next_at(hour, ZoneInfo(user.time_zone), timezone.now())
    Reader.objects.update_or_create(
        user=user, workspace=workspace, defaults={"digest_hour": hour, "next_digest_at": at}
    )


@as_system()
def follow_clocks(user: User) -> None:
    """Move every digest of `user` to its hour by the clocks that they have now."""
    for reader in Reader.objects.filter(user=user, digest_hour__isnull=False).select_related("user"):
        assert reader.digest_hour is not None, "only those were asked for"
        at = next_at(reader.digest_hour, reader.zone, timezone.now())
        Reader.objects.filter(pk=reader.pk, digest_hour=reader.digest_hour).update(next_digest_at=at)


def write_due() -> int:
    """Write the digests whose hour has come; return how many. Missed hours are made up for by one digest."""
    now = timezone.now()
    due = Reader.objects.filter(next_digest_at__lte=now).select_related("user", "workspace")
    return sum(_write(reader, now) for reader in due.order_by("next_digest_at")[:BATCH])


def _write(reader: Reader, now: datetime) -> bool:
    assert reader.digest_hour is not None and reader.next_digest_at is not None, "only due digests are written"
    with transaction.atomic():
        mine = Reader.objects.filter(pk=reader.pk, next_digest_at=reader.next_digest_at)
        if not mine.update(next_digest_at=next_at(reader.digest_hour, reader.zone, now)):
            return False  # another process got there first
        news = _untold(reader, now)
        found = news.aggregate(first=Min("pk"), last=Max("pk"), count=Count("pk"))
        if not found["count"]:
            return False
        today = now.astimezone(reader.zone).date()
        digest, is_new = Notification.objects.get_or_create(
            user=reader.user,
            key=f"digest:{reader.workspace_id}:{today}",
            defaults={
                "workspace": reader.workspace,
                "kind": Kind.DIGEST,
                "url": reverse("notifications:inbox"),
                "label": reader.workspace.name,
                "parameters": {"after": found["first"] - 1, "until": found["last"], "count": found["count"]},
                "in_app": False,
            },
        )
        if is_new:
            NotificationDelivery.objects.create(notification=digest, channel=NotificationDelivery.Channel.EMAIL)
        return is_new


def _untold(reader: Reader, now: datetime) -> QuerySet[Notification]:
    """Return what no digest has told of yet; before the first one: what happened in the last day."""
    told = Notification.objects.filter(user=reader.user, workspace=reader.workspace)
    news = told.exclude(kind=Kind.DIGEST)
    last = told.filter(kind=Kind.DIGEST).order_by("-pk").values_list("parameters", flat=True).first()
    if last is None:
        return news.filter(created_at__gt=now - FIRST_LOOKS_BACK)
    return news.filter(pk__gt=last["until"])
