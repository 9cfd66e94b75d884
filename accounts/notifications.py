"""Telling people what happened: rows only, in the transaction in which it happens. What has to leave the house is
sent afterwards, by a task (`integrations.notice_tasks`).
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import Membership, User, Workspace
from accounts.notification_models import Kind, Notification, NotificationDelivery, Reader, SlackNews
from accounts.preferences import wishes_for

LONGEST_LABEL = 200


def notify(
    workspace: Workspace,
    kind: Kind,
    key: str,
    *,
    users: Collection[User] | None = None,
    url: str,
    label: str = "",
    parameters: Mapping[str, Any] | None = None,
    email_after: timedelta | None = None,
) -> int:
    """Tell people of a workspace what happened, once per `key`; return how many messages are to be sent now.

    Told are `users` (those who started it) and members who asked to hear of everything; owners and admins where there
    is nobody else. People who are not members any more are told nothing, and viewers only what they asked for.

    `url` is the path of the page that it is about, `label` the name of that, `parameters` (plain JSON) are what the
    words of the kind need: see `accounts.notification_words`. With `email_after` an e-mail waits that long, and is not
    sent to somebody who has looked meanwhile.
    """
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(f"{url!r} is no path of ours")
    about = {
        "workspace": workspace,
        "kind": kind,
        "key": key,
        "url": url,
        "label": " ".join(label.split())[:LONGEST_LABEL],
        "parameters": dict(parameters or {}),
    }
    with transaction.atomic():
        to_people = _tell_people(about, _audience(workspace, users), email_after)
        return to_people + _tell_slack(about)


def _audience(workspace: Workspace, users: Collection[User] | None) -> set[int]:
    """Return the ids of those who are told."""
    asked_for_all = Reader.objects.filter(workspace=workspace, user=OuterRef("user"), wants_all=True)
    members = list(
        Membership.objects.filter(workspace=workspace, user__is_active=True)
        .annotate(wants_all=Exists(asked_for_all))
        .values_list("user_id", "role", "wants_all")
    )
    concerned = {user.pk for user in users or ()}
    told = {pk for pk, role, _all in members if pk in concerned and role != Membership.Role.VIEWER}
    if not told:
        told = {pk for pk, role, _all in members if role in (Membership.Role.OWNER, Membership.Role.ADMIN)}
    return told | {pk for pk, _role, wants_all in members if wants_all}


def _tell_people(about: Mapping[str, Any], user_ids: set[int], email_after: timedelta | None) -> int:
    known = Notification.objects.filter(user_id__in=user_ids, key=about["key"]).values_list("user_id", flat=True)
    wishes = wishes_for(about["kind"], user_ids - set(known), about["workspace"])
    rows = [Notification(user_id=pk, in_app=wish.in_app, **about) for pk, wish in wishes.items() if wish]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    by_email = [pk for pk, wish in wishes.items() if wish.email]
    written = Notification.objects.filter(user_id__in=by_email, key=about["key"])
    return _post(written, NotificationDelivery.Channel.EMAIL, after=email_after)


def _tell_slack(about: Mapping[str, Any]) -> int:
    news = SlackNews.objects.filter(workspace=about["workspace"]).first()
    if news is None or about["kind"] not in news.kinds:
        return 0
    Notification.objects.bulk_create([Notification(user=None, in_app=False, **about)], ignore_conflicts=True)
    written = Notification.objects.filter(user__isnull=True, workspace=about["workspace"], key=about["key"])
    return _post(written, NotificationDelivery.Channel.SLACK)


def _post(notifications: Any, channel: str, *, after: timedelta | None = None) -> int:
    """Put messages into the outbox; one that lies there already is not put in again."""
    now = timezone.now()
    messages = [
        NotificationDelivery(
            notification=notification,
            channel=channel,
            unless_seen=after is not None,
            not_before=now + (after or timedelta()),
        )
        for notification in notifications
    ]
    NotificationDelivery.objects.bulk_create(messages, ignore_conflicts=True)
    return 0 if after else len(messages)
