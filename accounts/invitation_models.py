"""Invitations into a workspace, by e-mail."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User, Workspace
from accounts.outbox_models import OutgoingMessage
from accounts.scoping import OwnedManager


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Those that were neither accepted nor taken back; they may have expired."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def live(self, now: datetime | None = None) -> "InvitationQuerySet":
        """Those that can be accepted."""
        return self.open().filter(expires_at__gt=now or timezone.now())


class Invitation(OutgoingMessage):
    """A place in a workspace, kept for whoever proves that an e-mail address is theirs; and the e-mail that says so.

    Its token is in the e-mail alone: here is a keyed hash of it. Until the e-mail is sent, `nonce` is what the token is
    made of, together with a key that is in no table.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        REVOKED = "revoked", _("taken back")
        EXPIRED = "expired", _("expired")

    LASTS: ClassVar = timedelta(days=7)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(max_length=10, choices=Membership.Role.choices, default=Membership.Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    nonce = models.CharField(max_length=43, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, help_text="when somebody last wanted it sent")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = OwnedManager.from_queryset(InvitationQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation_an_address",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True), name="invitation_has_one_end"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_to_address",
            ),
            models.Index(fields=["not_before"], condition=Q(status="waiting"), name="invitation_to_claim"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="sending"), name="invitation_leases"),
            models.Index(fields=["claimed_by"], condition=Q(status="sending"), name="invitation_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.email} into {self.workspace_id} as {self.role}"

    @property
    def state(self) -> "Invitation.State":
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.OPEN if self.expires_at > timezone.now() else self.State.EXPIRED

    def columns_when_over(self) -> dict[str, Any]:
        return {"nonce": ""}
