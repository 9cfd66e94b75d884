"""The API's notifications: the inbox of whoever asks."""

from datetime import datetime
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from accounts import inbox
from accounts.api import PROBLEMS, PROBLEMS_OF_ONE
from accounts.middleware import MemberRequest
from accounts.notification_models import Notification

router = Router(tags=["notifications"])


class NotificationOut(Schema):
    """Something that happened, in words of the language that is asked for; `url` is a path of this site."""

    id: int
    kind: str
    title: str
    detail: str
    url: str
    parameters: dict[str, Any]
    is_read: bool
    created_at: datetime


class NotificationsOut(Schema):
    """A page of the inbox, the newest first. `older` is the `before` of the next page; null on the last one."""

    notifications: list[NotificationOut]
    older: int | None
    unread: int


def _out(row: inbox.Row) -> dict[str, Any]:
    one = row.notification
    told = {name: getattr(one, name) for name in ("id", "kind", "url", "parameters", "is_read", "created_at")}
    return {**told, "title": row.words.title, "detail": row.words.detail}


@router.get("", response={200: NotificationsOut, **PROBLEMS}, operation_id="list_notifications")
def list_notifications(
    request: MemberRequest, unread: bool = False, before: Annotated[int | None, Field(ge=1, lt=2**63)] = None
) -> dict[str, Any]:
    """The newest fifty, or those before one; `unread` counts up to 100."""
    page = inbox.page(request.user, request.workspace, only_unread=unread, before=before)
    return {
        "notifications": [_out(row) for row in page.rows],
        "older": page.older,
        "unread": inbox.count_unread(request.user, request.workspace),
    }


@router.post(
    "/{notification_id}/read", response={200: NotificationOut, **PROBLEMS_OF_ONE}, operation_id="read_notification"
)
def read_notification(request: MemberRequest, notification_id: int) -> dict[str, Any]:
    """Mark one as read; done twice, it is the same."""
    mine = Notification.objects.inbox(request.user, request.workspace)
    mine.filter(pk=notification_id).mark_read()
    return _out(inbox.row(get_object_or_404(mine, pk=notification_id)))
