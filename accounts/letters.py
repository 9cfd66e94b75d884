"""E-mails to people about their own accounts, written by whoever has something to say and sent by the queue.

So no page waits for a mail server, none that is away loses a warning, and how long a page takes does not tell whether
an account exists.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts import outbox
from accounts.letter_models import Letter
from accounts.links import absolute
from accounts.mail_server import nudge, send_all
from accounts.models import User
from accounts.outbox import NotNeeded
from accounts.outbox_models import OutgoingMessage
from accounts.taking_back import is_address_of

BATCH = 20
# Nobody who asked for a link yesterday still waits for it, and a notice that is older has been overtaken.
LINK_STALE_AFTER = timedelta(hours=12)
KEPT_FOR = timedelta(days=30)
RESET = "account/email/password_reset_key"


class _Stamps(EmailAwarePasswordResetTokenGenerator):
    """Stamps of accounts, void once the password or an address changes, or the person logs in, as links are.

    Of another kind than the keys of links, so that none of them is one.
    """

    key_salt = "accounts.letters.stamp"


_stamps = _Stamps()


def write_notice(user: User, address: str, subject: str, text: str) -> Letter:
    """Have `text`, which carries no secret, sent to `address`."""
    letter = Letter.objects.create(user=user, address=address, subject=subject[:200], text=text)
    nudge()
    return letter


def write_reset_link(user: User, address: str, language: str) -> Letter:
    """Have a link sent by which `user` sets a new password; it is made when it is sent, if the account is as it was."""
    letter = Letter.objects.create(
        user=user,
        kind=Letter.Kind.PASSWORD_RESET,
        address=address,
        language=language,
        stamp=_stamps.make_token(user),
    )
    nudge()
    return letter


def send_due() -> int:
    """Send a batch of letters whose time has come, and forget old ones; return how many were sent."""
    Letter.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return send_all(outbox.take(Letter.objects.select_related("user"), BATCH), message)


def message(letter: Letter) -> EmailMultiAlternatives:
    """Return the e-mail of a letter. Raises NotNeeded where nobody waits for it any more."""
    if letter.kind == Letter.Kind.NOTICE:
        return _mail(letter, letter.subject, letter.text)
    if not letter.user.is_active or letter.created_at < timezone.now() - LINK_STALE_AFTER:
        raise NotNeeded("nobody waits for this link any more")
    if not is_address_of(letter.user, letter.address) or not _stamps.check_token(letter.user, letter.stamp):
        raise NotNeeded("the account was changed since")
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        context = {"user": letter.user, "email": letter.address, "password_reset_url": reset_url(letter.user)}
        subject = render_to_string(f"{RESET}_subject.txt", context)
        return _mail(letter, subject, render_to_string(f"{RESET}_message.txt", context))


def reset_url(user: User) -> str:
    """Return the address of the page where `user` sets a new password: it works once, and opens the account."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return absolute(path)


def message_id(message: OutgoingMessage) -> str:
    """Return the Message-ID of a row, the same in every try."""
    return f"<{message.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def _mail(letter: Letter, subject: str, text: str) -> EmailMultiAlternatives:
    return EmailMultiAlternatives(
        " ".join(subject.split()),
        text.strip() + "\n",
        to=[letter.address],
        headers={"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"},
    )
