"""A person's inbox in one workspace: a page of it, what is unread, and what was read."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef
from django.utils import timezone

from accounts.counting import NumberOf
from accounts.models import User, Workspace
from accounts.notification_models import Notification, Reader
from accounts.notification_words import Words, words

PAGE_ROWS = 50
# Nobody counts further.
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Row:
    """A notification and what it says."""

    notification: Notification
    words: Words


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications, the newest first; `older` is where the next page begins, `None` on the last one."""

    rows: list[Row]
    older: int | None


def page(user: User, workspace: Workspace, *, only_unread: bool = False, before: int | None = None) -> Page:
    """Return a page of an inbox that begins below the notification `before`, by one query of any depth."""
    found = Notification.objects.inbox(user, workspace)
    if only_unread:
        found = found.unread()
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: PAGE_ROWS + 1])
    shown = rows[:PAGE_ROWS]
    older = shown[-1].pk if len(rows) > PAGE_ROWS else None
    return Page([row(one) for one in shown], older)


def row(notification: Notification) -> Row:
    """Return a notification with what it says."""
    return Row(notification, words(notification))


def count_unread(user: User, workspace: Workspace) -> int:
    """Return how many notifications are unread, counted up to one more than MOST_COUNTED: one short query."""
    return Notification.objects.inbox(user, workspace).unread()[: MOST_COUNTED + 1].count()


def unread_column(user: User) -> NumberOf:
    """Return that number as a column of a query for the workspaces of `user`: the badge of pages costs no query."""
    unread = Notification.objects.filter(user=user, workspace=OuterRef("pk"), in_app=True).unread()
    return NumberOf(unread.order_by().values("pk")[: MOST_COUNTED + 1])


def read_all(user: User, workspace: Workspace) -> tuple[int, datetime]:
    """Mark everything read; return how much that was, and the moment that undoes it."""
    at = timezone.now()
    return Notification.objects.inbox(user, workspace).mark_read(at), at


def undo_read_all(user: User, workspace: Workspace, at: datetime) -> int:
    """Make unread again what was marked at that moment; return how much that was."""
    return Notification.objects.inbox(user, workspace).filter(read_at=at).update(read_at=None)


def look(user: User, workspace: Workspace, path: str = "") -> None:
    """Note that the person has a page open and in sight, so that news need not follow them by e-mail.

    What is told of the page at `path` is read by that.
    """
    now = timezone.now()
    if path:
        Notification.objects.inbox(user, workspace).filter(url=path).mark_read(now)
    if not Reader.objects.filter(user=user, workspace=workspace).update(looked_at=now):
        Reader.objects.get_or_create(user=user, workspace=workspace, defaults={"looked_at": now})
