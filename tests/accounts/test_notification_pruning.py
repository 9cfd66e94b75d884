"""Old notifications go by themselves; what is fresh, or was read lately, stays."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from accounts import notification_pruning
from accounts.models import User, Workspace
from accounts.notification_models import Kind, Notification, NotificationDelivery

pytestmark = pytest.mark.django_db


def told(workspace: Workspace, user: User | None, key: str, *, age: int, read: int | None = None) -> Notification:
    """Keep a notification that is `age` days old, and was read so many days ago."""
    row = Notification.objects.create(workspace=workspace, user=user, kind=Kind.RUN_FAILED, key=key, url="/")
    read_at = None if read is None else timezone.now() - timedelta(days=read)
    Notification.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=age), read_at=read_at)
    return row


def keys() -> set[str]:
    return set(Notification.objects.values_list("key", flat=True))


def test_read_ones_go_90_days_later_and_all_others_after_a_year(workspace, owner):
    told(workspace, owner, "fresh", age=0)
    told(workspace, owner, "unread", age=364)
    told(workspace, owner, "read lately", age=200, read=89)
    told(workspace, owner, "read long ago", age=120, read=91)
    told(workspace, owner, "never read", age=366)
    told(workspace, None, "to Slack", age=366)
    assert notification_pruning.prune() == 3
    assert keys() == {"fresh", "unread", "read lately"}
    assert notification_pruning.prune() == 0


def test_the_settings_say_how_long(workspace, owner, settings):
    settings.NOTIFICATION_READ_KEEP_DAYS, settings.NOTIFICATION_KEEP_DAYS = 7, 30
    told(workspace, owner, "read", age=10, read=8)
    told(workspace, owner, "old", age=31)
    told(workspace, owner, "stays", age=29, read=6)
    notification_pruning.prune()
    assert keys() == {"stays"}


def test_many_go_in_batches_with_what_was_sent_of_them_and_what_stays_between_them_stays(workspace, owner, monkeypatch):
    monkeypatch.setattr(notification_pruning, "BATCH", 10)
    for number in range(25):
        old = told(workspace, owner, f"old {number}", age=400)
        NotificationDelivery.objects.create(notification=old, channel="email")
        told(workspace, owner, f"young {number}", age=1)
    assert notification_pruning.prune() == 25
    assert keys() == {f"young {number}" for number in range(25)}
    assert not NotificationDelivery.objects.exists()


def test_it_is_done_every_day(queue_schedules):
    schedule = queue_schedules["accounts.notification_pruning.prune"]
    assert (schedule.schedule_type, schedule.repeats) == (Schedule.DAILY, -1)
