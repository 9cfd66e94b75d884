"""The e-mail of an invitation, sent by the queue: no page waits for a mail server, and none that is away loses it.

The link's token is derived when the e-mail is sent: of the row's number, its nonce and a key that is in no table. The
nonce is wiped once the e-mail is sent, so that the token can never be made again; the keyed hash of it stays.
"""

import base64

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import outbox
from accounts.invitation_models import Invitation
from accounts.letter_mail import message_id
from accounts.links import absolute
from accounts.mail_server import send_all
from accounts.models import User
from accounts.outbox import GiveUp, NotNeeded

BATCH = 20


def token_of(pk: int, nonce: str) -> str:
    """Return the token of an invitation's link: the same for the same nonce, and not to be made from the row alone."""
    digest = salted_hmac("accounts.invitations.token", f"{pk}:{nonce}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return salted_hmac("accounts.invitations", token, algorithm="sha256").hexdigest()


def send_due() -> int:
    """Send a batch of invitations whose time has come; return how many there were."""
    return send_all(outbox.take(Invitation.objects.select_related("workspace", "invited_by"), BATCH), message)


def message(invitation: Invitation) -> EmailMultiAlternatives:
    """Return the e-mail of an invitation. Raises NotNeeded where it is over, GiveUp where its link cannot be made."""
    inviter = invitation.invited_by
    if invitation.state != Invitation.State.OPEN or invitation.workspace.deleted_at:
        raise NotNeeded("the invitation is over")
    if inviter is None or not inviter.is_active:
        raise NotNeeded("nobody stands behind the invitation any more")
    token = token_of(invitation.pk, invitation.nonce)
    if not invitation.nonce or not constant_time_compare(hashed(token), invitation.token_hash):
        # The key was changed between asking and sending: a link that leads nowhere helps nobody.
        raise GiveUp(gettext_noop("The link of this invitation does not work any more."))
    with translation.override(_language(invitation)):
        return _composed(invitation, inviter, token)


def _language(invitation: Invitation) -> str:
    """Return the language of who is invited, where they are known; else that of who invites."""
    known = User.objects.filter(email=invitation.email).values_list("language", flat=True).first()
    return known or (invitation.invited_by and invitation.invited_by.language) or settings.LANGUAGE_CODE


def _composed(invitation: Invitation, inviter: User, token: str) -> EmailMultiAlternatives:
    context = {
        "workspace": invitation.workspace,
        "inviter": inviter.get_full_name() or inviter.email,
        "inviter_email": inviter.email,
        "role": invitation.get_role_display(),
        "url": absolute(reverse("workspaces:invitation", args=[token])),
        "email": invitation.email,
        "days": Invitation.LASTS.days,
        "language": translation.get_language(),
    }
    subject = _("Invitation to the workspace “%(name)s” on Magnet Hunter") % {"name": invitation.workspace.name}
    mail = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string("emails/invitation.txt", context),
        to=[invitation.email],
        reply_to=[inviter.email],
        headers={"Message-ID": message_id(invitation), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/invitation.html", context), "text/html")
    return mail
