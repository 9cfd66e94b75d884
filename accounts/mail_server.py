"""The mail server as senders of the outbox meet it: one connection a batch, and trouble named by what comes next."""

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import outbox
from accounts.outbox import GiveUp, TryLater
from accounts.outbox_models import OutgoingMessage
from accounts.queueing import enqueue

M = TypeVar("M", bound=OutgoingMessage)


def nudge() -> None:
    """Have a worker send what is due once the transaction at hand has committed; a lost nudge is made up for."""
    transaction.on_commit(lambda: enqueue("accounts.post.send_due"))


def send_all(claimed: list[M], compose: Callable[[M], EmailMultiAlternatives]) -> int:
    """Send what is claimed over one connection; return how many there were.

    `compose` makes the e-mail of a row, or raises NotNeeded or GiveUp.
    """
    if claimed:
        with MailServer() as server:
            for message in outbox.in_time(claimed):
                outbox.send(message, lambda one: server.send(compose(one)))
    return len(claimed)


class MailServer:
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

    def send(self, mail: EmailMultiAlternatives) -> str:
        """Send one e-mail and return its address. Raises TryLater or GiveUp."""
        if self._problem:
            raise TryLater(self._problem)
        mail.connection = self._connection
        try:
            mail.send()
        except ValueError as error:
            raise GiveUp(gettext_noop("This is no address that mail can be sent to.")) from error
        except OSError as error:
            raise self._explained(error) from error
        return str(mail.to[0])

    def _explained(self, error: OSError) -> TryLater | GiveUp:
        """Tell a refusal of this message from trouble with the server; smtplib's errors differ by what they carry."""
        refused = next(iter(getattr(error, "recipients", {}).values()), None)
        code = refused[0] if refused else getattr(error, "smtp_code", None)
        if not isinstance(code, int) or code <= 0 or code == 421:
            self._problem = _unreachable(error)
            return TryLater(self._problem)
        is_about_sender = hasattr(error, "sender")  # ours: for the operator to mend
        if code >= 500 and not is_about_sender:
            return GiveUp(gettext_noop("The mail server refuses this message for good (%(code)s).") % {"code": code})
        return TryLater(gettext_noop("The mail server does not take this message now (%(code)s).") % {"code": code})


def _unreachable(error: OSError) -> str:
    return gettext_noop("The mail server cannot be reached (%(code)s).") % {"code": type(error).__name__}
