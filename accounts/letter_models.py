"""E-mails to a person about their own account: what was changed, who came in, how to get back in."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.outbox_models import OutgoingMessage


class Letter(OutgoingMessage):
    """One e-mail to one person. A notice says what happened and carries no secret; its text is wiped once it is sent.

    The link that sets a new password opens the account: it is made when the e-mail is sent, and stands in no table.
    What stands here is a `stamp` of the account as it was when the link was asked for, which opens nothing. A code is
    known to the browser that asked for it and can be made by nobody else: its letter is `sealed` (`accounts.sealing`)
    until it is sent, replaced by another, or too old.
    """

    class Kind(models.TextChoices):
        NOTICE = "notice", _("notice")
        PASSWORD_RESET = "password_reset", _("a link to set a new password")
        CODE = "code", _("a code or link that proves an address")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.NOTICE)
    address = models.EmailField()
    language = models.CharField(max_length=10, blank=True)
    stamp = models.CharField(max_length=64, blank=True, help_text="of the account, where a change makes it void")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    sealed = models.TextField(blank=True, help_text="the text of a code's letter")
    expires_at = models.DateTimeField(null=True, help_text="from when on nobody waits for it")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["not_before"], condition=Q(status="waiting"), name="letter_to_claim"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="sending"), name="letter_leases"),
            models.Index(fields=["claimed_by"], condition=Q(status="sending"), name="letter_by_sender"),
            models.Index(fields=["created_at"], name="letter_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}: {self.status}"

    def columns_when_over(self) -> dict[str, Any]:
        return {"text": "", "sealed": ""}


class KnownBrowser(models.Model):
    """A browser in a network that a person has logged in from: another one is told to them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_browsers")
    browser = models.CharField(max_length=60, blank=True, help_text="its family and system, such as `Firefox, Windows`")
    network = models.CharField(max_length=43, blank=True)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "browser", "network"], name="one_browser_a_network"),
        ]

    def __str__(self) -> str:
        return f"{self.browser} in {self.network}"
