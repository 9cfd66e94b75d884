"""E-mails to people about their own accounts, written by whoever has something to say and sent by the queue.

So no page waits for a mail server, none that is away loses a warning, and how long a page takes does not tell whether
an account exists.
"""

from datetime import timedelta
from typing import Any

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_noop

from accounts import outbox, sealing
from accounts.letter_mail import mail_of
from accounts.letter_models import Letter
from accounts.links import absolute
from accounts.mail_server import nudge, send_all
from accounts.models import User
from accounts.outbox import GiveUp, NotNeeded, TryLater
from accounts.taking_back import is_address_of

BATCH = 20
# Nobody who asked for a link yesterday still waits for it.
LINK_LASTS = timedelta(hours=12)
KEPT_FOR = timedelta(days=30)
TOO_OLD = "nobody waits for it any more"
RESET = "account/email/password_reset_key"


class _Stamps(EmailAwarePasswordResetTokenGenerator):
    """Stamps of accounts, void once the password or an address changes, or the person logs in, as links are.

    Of another kind than the keys of links, so that none of them is one.
    """

    key_salt = "accounts.letters.stamp"


_stamps = _Stamps()


def write_notice(user: User, address: str, subject: str, text: str) -> Letter:
    """Have `text`, which carries no secret and is in the language that is spoken now, sent to `address`."""
    return _written(user, address, subject=subject[:200], text=text, language=get_language() or "")


def write_reset_link(user: User, address: str, language: str) -> Letter:
    """Have a link sent by which `user` sets a new password; it is made when it is sent, if the account is as it was."""
    return _written(
        user,
        address,
        kind=Letter.Kind.PASSWORD_RESET,
        language=language,
        stamp=_stamps.make_token(user),
        expires_at=timezone.now() + LINK_LASTS,
    )


def write_code(user: User, address: str, subject: str, text: str, *, lasts: timedelta) -> Letter:
    """Have `text`, in which a secret stands, sent to `address` within `lasts`; those before it that still wait are not.

    Raises sealing.NotSealable.
    """
    older = Letter.objects.filter(user=user, address=address, kind=Letter.Kind.CODE)
    _drop(older, "there is another one since")
    return _written(
        user,
        address,
        kind=Letter.Kind.CODE,
        subject=subject[:200],
        sealed=sealing.seal(text, spare=True),
        language=get_language() or "",
        expires_at=timezone.now() + lasts,
    )


def _written(user: User, address: str, **columns: Any) -> Letter:
    letter = Letter.objects.create(user=user, address=address, **columns)
    nudge()
    return letter


def send_due() -> int:
    """Send a batch of letters whose time has come, and forget old ones; return how many were sent."""
    Letter.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    _drop(Letter.objects.filter(expires_at__lt=timezone.now()), TOO_OLD)
    return send_all(outbox.take(Letter.objects.select_related("user"), BATCH), message)


def _drop(letters: QuerySet[Letter], why: str) -> None:
    """Do not send those of `letters` that wait, and wipe what stands in them: now, not when their next try is due."""
    waiting = letters.filter(status=Letter.Status.WAITING)
    waiting.update(status=Letter.Status.DROPPED, problem=why, **Letter().columns_when_over())


def message(letter: Letter) -> EmailMultiAlternatives:
    """Return the e-mail of a letter. Raises NotNeeded where nobody waits for it any more, GiveUp and TryLater."""
    if letter.expires_at and letter.expires_at < timezone.now():
        raise NotNeeded(TOO_OLD)
    if letter.kind == Letter.Kind.NOTICE:
        return mail_of(letter, letter.subject, letter.text)
    if not letter.user.is_active:
        raise NotNeeded("the account is closed")
    if letter.kind == Letter.Kind.CODE:
        return mail_of(letter, letter.subject, _opened(letter))
    if not is_address_of(letter.user, letter.address) or not _stamps.check_token(letter.user, letter.stamp):
        raise NotNeeded("the account was changed since")
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        context = {"user": letter.user, "email": letter.address, "password_reset_url": reset_url(letter.user)}
        subject = render_to_string(f"{RESET}_subject.txt", context)
        return mail_of(letter, subject, render_to_string(f"{RESET}_message.txt", context))


def _opened(letter: Letter) -> str:
    try:
        return sealing.opened(letter.sealed, spare=True)
    except sealing.NotOpenable as error:
        raise GiveUp(gettext_noop("The key that sealed this letter is gone.")) from error
    except sealing.NotSealable as error:
        raise TryLater(gettext_noop("One of the CREDENTIALS_KEYS of this site is not valid.")) from error


def reset_url(user: User) -> str:
    """Return the address of the page where `user` sets a new password: it works once, and opens the account."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return absolute(path)
