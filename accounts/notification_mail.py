"""Notifications by e-mail, in the language of whoever gets them."""

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import outbox
from accounts.models import Membership
from accounts.notification_models import Kind, Notification, NotificationDelivery, NotificationPreference, Reader
from accounts.notification_words import words
from accounts.outbox import GiveUp, NotNeeded, TryLater

BATCH = 20
MOST_IN_A_DIGEST = 30
UNSUBSCRIBE = "notifications.unsubscribe"


def send_due() -> int:
    """Send a batch of e-mails whose time has come, over one connection; return how many there were."""
    deliveries = outbox.claim(NotificationDelivery.Channel.EMAIL, BATCH)
    if deliveries:
        with _MailServer() as server:
            for delivery in outbox.in_time(deliveries):
                outbox.send(delivery, server.send)
    return len(deliveries)


class _MailServer:
    """One connection to the mail server. Once it cannot be reached, it is not asked again for the rest of a batch."""

    def __init__(self) -> None:
        self._connection = get_connection()
        self._problem = ""

    def __enter__(self) -> Self:
        try:
            self._connection.open()
        except OSError as error:  # what smtplib raises is one, and so is what the network does
            self._problem = _unreachable(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # it hung up first; what it took, it said so
            self._connection.close()

    def send(self, delivery: NotificationDelivery) -> str:
        """Send one message and return its address. Raises TryLater, GiveUp or NotNeeded."""
        check_is_wanted(delivery)
        if self._problem:
            raise TryLater(self._problem)
        user = delivery.notification.user
        assert user is not None, "an e-mail goes to a person"
        with translation.override(user.language or settings.LANGUAGE_CODE):
            mail = message(delivery)
        mail.connection = self._connection
        try:
            mail.send()
        except ValueError as error:
            raise GiveUp(_("This is no address that mail can be sent to.")) from error
        except OSError as error:
            raise self._explained(error) from error
        return user.email

    def _explained(self, error: OSError) -> TryLater | GiveUp:
        """Tell a refusal of this message from trouble with the server; smtplib's errors differ by what they carry."""
        refused = next(iter(getattr(error, "recipients", {}).values()), None)
        code = refused[0] if refused else getattr(error, "smtp_code", None)
        if not isinstance(code, int) or code <= 0 or code == 421:
            self._problem = _unreachable(error)
            return TryLater(self._problem)
        is_about_sender = hasattr(error, "sender")  # ours: for the operator to mend
        if code >= 500 and not is_about_sender:
            return GiveUp(_("The mail server refuses this message for good (%(code)s).") % {"code": code})
        return TryLater(_("The mail server does not take this message now (%(code)s).") % {"code": code})


def _unreachable(error: OSError) -> str:
    return _("The mail server cannot be reached (%(why)s).") % {"why": type(error).__name__}


def check_is_wanted(delivery: NotificationDelivery) -> None:
    """Raise NotNeeded where the person has left, has chosen otherwise, or has seen it meanwhile."""
    notification = delivery.notification
    mine = {"user": notification.user, "workspace": notification.workspace}
    if not Membership.objects.filter(**mine, user__is_active=True).exists():
        raise NotNeeded("not a member any more")
    reader = Reader.objects.filter(**mine).first()
    if notification.kind == Kind.DIGEST:
        if reader is None or reader.digest_hour is None:
            raise NotNeeded("wants no digest any more")
    elif NotificationPreference.objects.filter(**mine, kind=notification.kind, email=False).exists():
        raise NotNeeded("wants no such e-mail any more")
    looked_at = reader.looked_at if reader else None
    if delivery.unless_seen and (notification.is_read or (looked_at and looked_at >= notification.created_at)):
        raise NotNeeded("has seen it")


def message(delivery: NotificationDelivery) -> EmailMultiAlternatives:
    """Return the e-mail of a notification, in the language that is spoken now."""
    notification = delivery.notification
    assert notification.user is not None, "an e-mail goes to a person"
    said = words(notification)
    unsubscribe_url = absolute(reverse("notifications:unsubscribe", args=[unsubscribe_token(notification)]))
    context = {
        "words": said,
        "url": absolute(notification.url),
        "items": items(notification) if notification.kind == Kind.DIGEST else [],
        "more": 0,
        "workspace": notification.workspace,
        "settings_url": absolute(reverse("notification_settings:page")),
        "unsubscribe_url": unsubscribe_url,
        "language": translation.get_language(),
    }
    if context["items"]:
        context["more"] = max(0, int(notification.parameters.get("count", 0)) - MOST_IN_A_DIGEST)
    mail = EmailMultiAlternatives(
        said.subject,
        render_to_string("emails/notification.txt", context),
        to=[notification.user.email],
        headers={
            "Message-ID": f"<{delivery.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
            # https://www.rfc-editor.org/rfc/rfc8058
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("emails/notification.html", context), "text/html")
    return mail


def items(digest: Notification) -> Sequence[dict[str, Any]]:
    """Return what a digest tells of, the newest first, and no more than can be read."""
    told = Notification.objects.filter(user=digest.user, workspace=digest.workspace).exclude(kind=Kind.DIGEST)
    told = told.filter(pk__gt=digest.parameters.get("after", 0), pk__lte=digest.parameters.get("until", 0))
    return [{"words": words(one), "url": absolute(one.url)} for one in told.order_by("-pk")[:MOST_IN_A_DIGEST]]


def absolute(path: str) -> str:
    """Return a path of ours as an address that works in an e-mail."""
    return f"{settings.SITE_URL}{path}"


def unsubscribe_token(notification: Notification) -> str:
    """Return what lets whoever has it stop e-mails of this kind to this person, and nothing else."""
    return signing.dumps([notification.user_id, notification.workspace_id, notification.kind], salt=UNSUBSCRIBE)
