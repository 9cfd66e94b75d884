"""Messages that have to leave the house: claimed, sent, and tried again until it makes no sense any more.

At least once: a sender that dies after the other side took the message leaves it to the next, under the same id.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.invitation_models import Invitation
from accounts.letter_models import Letter
from accounts.notification_models import NotificationDelivery
from accounts.outbox_models import OutgoingMessage

logger = structlog.get_logger(__name__)

# After which try how long is waited: eight tries in a little more than a day.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 480, 600))
MOST_TRIES = len(WAITS) + 1
# Nothing is begun on a lease that is nearly over: a slow server could outlast it, and another sender would send too.
MARGIN = timedelta(minutes=3)

Status = OutgoingMessage.Status
KINDS: tuple[type[OutgoingMessage], ...] = (NotificationDelivery, Invitation, Letter)
M = TypeVar("M", bound=OutgoingMessage)


class TryLater(Exception):
    """The other side does not take it now. `after` is what it asked for, the reason English (`accounts.problems`)."""

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """It will never be taken; the reason is English, as above."""


class NotNeeded(Exception):
    """Nobody wants it any more; why, for the log."""


def claim(channel: str, count: int) -> list[NotificationDelivery]:
    """Take up to `count` due notifications of a channel, the oldest first."""
    ours = NotificationDelivery.objects.filter(channel=channel)
    return take(ours.select_related("notification__user", "notification__workspace"), count)


def take(messages: QuerySet[M], count: int) -> list[M]:
    """Take up to `count` messages that are due among `messages`, the oldest first."""
    now = timezone.now()
    due = messages.filter(status=Status.WAITING, not_before__lte=now)
    wanted = list(due.order_by("not_before").values_list("pk", flat=True)[:count])
    token = uuid.uuid4().hex
    won = messages.model._base_manager.filter(pk__in=wanted, status=Status.WAITING).update(
        status=Status.SENDING,
        claimed_by=token,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_expires_at=now + OutgoingMessage.LEASE,
    )
    if not won:
        return []
    return list(messages.filter(claimed_by=token, status=Status.SENDING).order_by("not_before"))


def in_time(deliveries: list[M]) -> Iterator[M]:
    """Yield what can be sent within its lease; the rest goes back as it came."""
    for delivery in deliveries:
        assert delivery.lease_expires_at is not None, "only a claimed message is sent"
        if timezone.now() < delivery.lease_expires_at - MARGIN:
            yield delivery
        else:
            _write(delivery, status=Status.WAITING, attempts=F("attempts") - 1)


def send(delivery: M, sender: Callable[[M], str]) -> None:
    """Send a claimed message by `sender`, which returns the address, and keep what came of it."""
    try:
        settle(delivery, sender(delivery))
    except (TryLater, GiveUp, NotNeeded) as answer:
        settle(delivery, answer)


def settle(delivery: OutgoingMessage, answer: str | TryLater | GiveUp | NotNeeded) -> None:
    """Keep what came of a try: the address that it went to, or why it did not."""
    if isinstance(answer, str):
        more = delivery.columns_when_over() | delivery.columns_when_sent(answer)
        _write(delivery, status=Status.SENT, sent_at=timezone.now(), problem="", **more)
    elif isinstance(answer, NotNeeded):
        _write(delivery, status=Status.DROPPED, problem=str(answer)[:300], **delivery.columns_when_over())
    elif isinstance(answer, TryLater) and delivery.attempts < MOST_TRIES:
        again_at = timezone.now() + _wait(delivery, answer)
        _write(delivery, status=Status.WAITING, not_before=again_at, problem=str(answer)[:300])
    else:
        logger.warning("message.not_delivered", kind=delivery._meta.label, message=delivery.pk, why=str(answer))
        _write(delivery, status=Status.FAILED, problem=str(answer)[:300], **delivery.columns_when_over())


def _wait(delivery: OutgoingMessage, answer: TryLater) -> timedelta:
    """The usual wait or what was asked for, and up to a quarter more: not everything that failed together returns so.

    The quarter is drawn from the message's random id, so that it needs no further dice.
    """
    share = delivery.uid.bytes[delivery.attempts % 16] / 255 / 4
    return max(WAITS[delivery.attempts - 1], answer.after or timedelta()) * (1 + share)


def _write(delivery: OutgoingMessage, **columns: Any) -> None:
    """Write what came of it while the claim is ours; whoever took over writes their own."""
    mine = type(delivery)._base_manager.filter(pk=delivery.pk, fence=delivery.fence, status=Status.SENDING)
    if not mine.update(lease_expires_at=None, **columns):
        logger.info("message.taken_over", kind=delivery._meta.label, message=delivery.pk)


def sweep() -> int:
    """Put back what dead senders had claimed, or give it up after too many tries; return how many."""
    return sum(_swept(kind) for kind in KINDS)


def _swept(kind: type[OutgoingMessage]) -> int:
    left = kind._base_manager.filter(status=Status.SENDING, lease_expires_at__lt=timezone.now())
    gone = left.filter(attempts__gte=MOST_TRIES).update(
        status=Status.FAILED,
        fence=F("fence") + 1,
        lease_expires_at=None,
        problem=gettext_noop("The sender died at every try."),
        **kind().columns_when_over(),
    )
    return gone + left.update(status=Status.WAITING, fence=F("fence") + 1, lease_expires_at=None)


def send_again(delivery_id: int) -> bool:
    """Begin anew with a notification that was given up; False when it was not."""
    failed = NotificationDelivery.objects.filter(pk=delivery_id, status=Status.FAILED)
    return bool(failed.update(status=Status.WAITING, attempts=0, not_before=timezone.now(), problem=""))
