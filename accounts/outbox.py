"""Messages that have to leave the house: claimed, sent, and tried again until it makes no sense any more.

At least once: a sender that dies after the other side took the message leaves it to the next, under the same id.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import structlog
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.notification_models import NotificationDelivery

logger = structlog.get_logger(__name__)

# After which try how long is waited: eight tries in a little more than a day.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 480, 600))
MOST_TRIES = len(WAITS) + 1
# Nothing is begun on a lease that is nearly over: a slow server could outlast it, and another sender would send too.
MARGIN = timedelta(minutes=3)

Status = NotificationDelivery.Status


class TryLater(Exception):
    """The other side does not take it now. `after` is what it asked for; the reason can be shown."""

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """It will never be taken; the reason can be shown."""


class NotNeeded(Exception):
    """Nobody wants it any more; why, for the log."""


def claim(channel: str, count: int) -> list[NotificationDelivery]:
    """Take up to `count` due messages of a channel, the oldest first."""
    now = timezone.now()
    due = NotificationDelivery.objects.filter(channel=channel, status=Status.WAITING, not_before__lte=now)
    wanted = list(due.order_by("not_before").values_list("pk", flat=True)[:count])
    token = uuid.uuid4().hex
    won = NotificationDelivery.objects.filter(pk__in=wanted, status=Status.WAITING).update(
        status=Status.SENDING,
        claimed_by=token,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_expires_at=now + NotificationDelivery.LEASE,
    )
    if not won:
        return []
    mine = NotificationDelivery.objects.filter(claimed_by=token, status=Status.SENDING)
    return list(mine.select_related("notification__user", "notification__workspace").order_by("not_before"))


def in_time(deliveries: list[NotificationDelivery]) -> Iterator[NotificationDelivery]:
    """Yield what can be sent within its lease; the rest goes back as it came."""
    for delivery in deliveries:
        assert delivery.lease_expires_at is not None, "only a claimed message is sent"
        if timezone.now() < delivery.lease_expires_at - MARGIN:
            yield delivery
        else:
            _write(delivery, status=Status.WAITING, attempts=F("attempts") - 1)


def send(delivery: NotificationDelivery, sender: Callable[[NotificationDelivery], str]) -> None:
    """Send a claimed message by `sender`, which returns the address, and keep what came of it."""
    try:
        settle(delivery, sender(delivery))
    except (TryLater, GiveUp, NotNeeded) as answer:
        settle(delivery, answer)


def settle(delivery: NotificationDelivery, answer: str | TryLater | GiveUp | NotNeeded) -> None:
    """Keep what came of a try: the address that it went to, or why it did not."""
    if isinstance(answer, str):
        _write(delivery, status=Status.SENT, address=answer[:254], sent_at=timezone.now(), problem="")
    elif isinstance(answer, NotNeeded):
        _write(delivery, status=Status.DROPPED, problem=str(answer)[:300])
    elif isinstance(answer, TryLater) and delivery.attempts < MOST_TRIES:
        again_at = timezone.now() + _wait(delivery, answer)
        _write(delivery, status=Status.WAITING, not_before=again_at, problem=str(answer)[:300])
    else:
        logger.warning("notification.not_delivered", delivery=delivery.pk, channel=delivery.channel, why=str(answer))
        _write(delivery, status=Status.FAILED, problem=str(answer)[:300])


def _wait(delivery: NotificationDelivery, answer: TryLater) -> timedelta:
    """The usual wait or what was asked for, and up to a quarter more: not everything that failed together returns so.

    The quarter is drawn from the message's random id, so that it needs no further dice.
    """
    share = delivery.uid.bytes[delivery.attempts % 16] / 255 / 4
    return max(WAITS[delivery.attempts - 1], answer.after or timedelta()) * (1 + share)


def _write(delivery: NotificationDelivery, **columns: object) -> None:
    """Write what came of it while the claim is ours; whoever took over writes their own."""
    mine = NotificationDelivery.objects.filter(pk=delivery.pk, fence=delivery.fence, status=Status.SENDING)
    if not mine.update(lease_expires_at=None, **columns):
        logger.info("notification.taken_over", delivery=delivery.pk)


def sweep() -> int:
    """Put back what a dead sender had claimed, or give it up after too many tries; return how many."""
    left = NotificationDelivery.objects.filter(status=Status.SENDING, lease_expires_at__lt=timezone.now())
    gone = left.filter(attempts__gte=MOST_TRIES).update(
        status=Status.FAILED, fence=F("fence") + 1, lease_expires_at=None, problem=_("The sender died at every try.")
    )
    return gone + left.update(status=Status.WAITING, fence=F("fence") + 1, lease_expires_at=None)


def send_again(delivery_id: int) -> bool:
    """Begin anew with a message that was given up; False when it was not."""
    failed = NotificationDelivery.objects.filter(pk=delivery_id, status=Status.FAILED)
    return bool(failed.update(status=Status.WAITING, attempts=0, not_before=timezone.now(), problem=""))
