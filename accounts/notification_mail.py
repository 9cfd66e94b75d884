"""Notifications by e-mail, in the language of whoever gets them."""

from collections.abc import Sequence
from typing import Any

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts import outbox
from accounts.letter_mail import message_id
from accounts.links import absolute, into
from accounts.mail_server import send_all
from accounts.models import Membership, User
from accounts.notification_models import Kind, Notification, NotificationDelivery, NotificationPreference, Reader
from accounts.notification_words import words
from accounts.outbox import NotNeeded

BATCH = 20
MOST_IN_A_DIGEST = 30
UNSUBSCRIBE = "notifications.unsubscribe"


def send_due() -> int:
    """Send a batch of e-mails whose time has come, over one connection; return how many there were."""
    return send_all(outbox.claim(NotificationDelivery.Channel.EMAIL, BATCH), _composed)


def _composed(delivery: NotificationDelivery) -> EmailMultiAlternatives:
    """Return the e-mail in the language of whoever gets it. Raises NotNeeded."""
    check_is_wanted(delivery)
    user = delivery.notification.user
    assert user is not None, "an e-mail goes to a person"
    with translation.override(user.language or settings.LANGUAGE_CODE):
        return message(delivery)


def check_is_wanted(delivery: NotificationDelivery) -> None:
    """Raise NotNeeded where the person has left, has chosen otherwise, or has seen it meanwhile."""
    notification = delivery.notification
    mine = {"user": notification.user, "workspace": notification.workspace}
    if not Membership.objects.filter(**mine, user__is_active=True).exists():
        raise NotNeeded("not a member any more")
    if not is_confirmed(notification.user):
        raise NotNeeded("has not confirmed the address")
    reader = Reader.objects.filter(**mine).first()
    if notification.kind == Kind.DIGEST:
        if reader is None or reader.digest_hour is None:
            raise NotNeeded("wants no digest any more")
    elif NotificationPreference.objects.filter(**mine, kind=notification.kind, email=False).exists():
        raise NotNeeded("wants no such e-mail any more")
    looked_at = reader.looked_at if reader else None
    # Who is told by e-mail alone has nothing in the inbox that they could have seen.
    can_have_seen = delivery.unless_seen and notification.in_app
    if can_have_seen and (notification.is_read or (looked_at and looked_at >= notification.created_at)):
        raise NotNeeded("has seen it")


def is_confirmed(user: User | None) -> bool:
    """Return whether `user` is known to get the mail of their address.

    Anybody can sign up with somebody else's address and give a hunt any name: until the address is confirmed, nothing
    that people wrote is sent there. Where the operator asks for no confirmation, whoever signs up is trusted.
    """
    if app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.NONE:
        return True
    mine = EmailAddress.objects.filter(user=user, verified=True)
    return user is not None and mine.filter(email__iexact=user.email).exists()


def message(delivery: NotificationDelivery) -> EmailMultiAlternatives:
    """Return the e-mail of a notification, in the language that is spoken now."""
    notification = delivery.notification
    assert notification.user is not None, "an e-mail goes to a person"
    said = words(notification)
    unsubscribe_url = absolute(reverse("notifications:unsubscribe", args=[unsubscribe_token(notification)]))
    context = {
        "words": said,
        "url": into(notification.workspace_id, notification.url),
        "items": items(notification) if notification.kind == Kind.DIGEST else [],
        "more": 0,
        "workspace": notification.workspace,
        "settings_url": into(notification.workspace_id, reverse("notification_settings:page")),
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
            "Message-ID": message_id(delivery),
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
    newest = told.order_by("-pk")[:MOST_IN_A_DIGEST]
    return [{"words": words(one), "url": into(digest.workspace_id, one.url)} for one in newest]


def unsubscribe_token(notification: Notification) -> str:
    """Return what lets whoever has it stop e-mails of this kind to this person, and nothing else."""
    return signing.dumps([notification.user_id, notification.workspace_id, notification.kind], salt=UNSUBSCRIBE)
