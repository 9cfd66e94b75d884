"""API tokens: what a program shows instead of a person's session."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import Membership, User, Workspace
from accounts.scoping import OwnedManager

# How exactly it is known when a token was last used: so that a busy one is written once a minute.
USED_WITHIN = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a token may be used for. An operation of the API needs exactly one of them."""

    READ = "read", _("Read: look at hunts, runs, leads and costs")
    WRITE = "write", _("Write: change hunts, presets and leads")
    RUN = "run", _("Run: start and stop runs, which spends money")
    ADMIN = "admin", _("Admin: manage members, invitations and API tokens")


_CHANGES = frozenset({Scope.READ, Scope.WRITE, Scope.RUN})
# What a token may at most, by what its person is in the workspace at that moment.
AT_MOST: dict[str, frozenset[Scope]] = {
    Membership.Role.VIEWER: frozenset({Scope.READ}),
    Membership.Role.MEMBER: _CHANGES,
    Membership.Role.ADMIN: _CHANGES | {Scope.ADMIN},
    Membership.Role.OWNER: _CHANGES | {Scope.ADMIN},
}


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def with_role(self) -> "ApiTokenQuerySet":
        """With `role`: what the token's person is in its workspace now; None where they left or were disabled.

        A place that is younger than the token is none of its: who left and came back makes new tokens.
        """
        places = Membership.objects.filter(
            workspace=OuterRef("workspace"),
            user=OuterRef("user"),
            user__is_active=True,
            created_at__lte=OuterRef("created_at"),
        )
        return self.annotate(role=Subquery(places.values("role")[:1]))  # type: ignore[no-redef]  # declared in the model

    def usable(self) -> "ApiTokenQuerySet":
        """Tokens that open the door now, with `role`."""
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        return self.with_role().filter(alive, revoked_at__isnull=True, role__isnull=False)  # type: ignore[misc]

    def seen_by(self, user: User, workspace: Workspace, *, all_of_them: bool) -> "ApiTokenQuerySet":
        """The tokens of a workspace that a person finds in the list: their own, or everybody's; the newest first."""
        tokens = self.filter(workspace=workspace).select_related("user").order_by("-pk")
        return tokens if all_of_them else tokens.filter(user=user)


class ApiToken(models.Model):
    """One person's token for one workspace. The token itself is not kept, only a keyed hash of it (`tokens.digest`)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    shown = models.CharField(max_length=16, help_text="how the token begins, to tell it from others")
    digest = models.CharField(max_length=64, unique=True, help_text="HMAC-SHA256 of the token, hexadecimal")
    scopes = models.JSONField(default=list, help_text="names of Scope")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, help_text="null: it does not expire")
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    # Set by `with_role`.
    role: str | None

    objects = OwnedManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "user"], name="api_token_of")]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown}…)"

    @property
    def is_over(self) -> bool:
        """True where its time is up, whatever else it is."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def state(self) -> str:
        """`active`, or why it is not: `revoked`, `expired`, `left` (its person). Needs `with_role`."""
        if self.revoked_at:
            return "revoked"
        if self.is_over:
            return "expired"
        return "active" if self.role else "left"

    @property
    def scope_names(self) -> list[str]:
        """Return what it may be used for, in words."""
        return [str(Scope(name).label) for name in Scope.values if name in self.scopes]

    def allows(self, scope: Scope) -> bool:
        """True where it has the scope and its person may that still. Needs `with_role`."""
        return scope in self.scopes and scope in AT_MOST.get(self.role or "", frozenset())

    def note_use(self, now: datetime) -> None:
        """Keep when it was used, unless that was kept a minute ago or less."""
        before = now - USED_WITHIN
        if self.last_used_at is None or self.last_used_at <= before:
            stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
            ApiToken.objects.filter(stale, pk=self.pk).update(last_used_at=now)

    def revoke(self, *, by: User) -> None:
        """End it at once; done twice, the first time counts."""
        now = timezone.now()
        with transaction.atomic():
            if ApiToken.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=now, revoked_by=by):
                audit.record(Verb.TOKEN_REVOKED, self, workspace_id=self.workspace_id, words=self.name, by=by)
