"""Users, and the workspaces that they share. A workspace is the paying tenant."""

from datetime import datetime, timedelta
from string import ascii_lowercase, digits
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.scoping import OwnedManager, WorkspaceManager

# How many random letters end a slug that nobody chose: two billion endings for each name.
SLUG_ENDING = 6


class UserManager(DjangoUserManager["User"]):
    """Makes users by e-mail address; there are no user names."""

    def _create_user(self, email: str, password: str | None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":  # type: ignore[override]
        return self._create_user(email, password, **fields)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":  # type: ignore[override]
        return self._create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractUser):
    """A person who signs in."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(max_length=10, blank=True, help_text="the one that they chose or signed up in")
    time_zone = models.CharField(max_length=64, default="UTC")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc]

    def __str__(self) -> str:
        return self.email


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def of(self, user: User) -> "WorkspaceQuerySet":
        """Workspaces that `user` is a member of."""
        return self.filter(memberships__user=user)

    def kept(self) -> "WorkspaceQuerySet":
        """Those that nobody deleted."""
        return self.filter(deleted_at__isnull=True)


class Workspace(models.Model):
    """The paying tenant: every hunt, lead and page of the app belongs to one."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, help_text="until it is purged, it can be read and brought back")
    deleted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    purged_at = models.DateTimeField(null=True, help_text="when its purge began: nothing brings it back after that")
    retention_months = models.PositiveSmallIntegerField(
        default=24, help_text="how long what was collected about people is kept"
    )
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    objects = WorkspaceManager.from_queryset(WorkspaceQuerySet)()

    KEPT_FOR: ClassVar = timedelta(days=14)
    LONGEST_RETENTION: ClassVar = 120  # months

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(retention_months__gte=1, retention_months__lte=120),
                name="people_are_kept_for_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kept_until(self) -> datetime | None:
        """Until when a deleted workspace can be brought back."""
        return self.deleted_at and self.deleted_at + self.KEPT_FOR

    @classmethod
    def start(cls, name: str, *, owner: User | None = None, slug: str = "") -> "Workspace":
        """Make a workspace, owned by `owner` where there is one; it is called `slug` if nobody else's is.

        A slug made of the name ends in random letters always: "acme-2" would tell that another tenant is called so.
        """
        if not slug or cls.objects.filter(slug=slug).exists():
            ending = get_random_string(SLUG_ENDING, ascii_lowercase + digits)
            slug = f"{(slug or slugify(name) or 'workspace')[:50]}-{ending}"
        workspace = cls.objects.create(name=name, slug=slug)
        if owner is not None:
            Membership.objects.create(workspace=workspace, user=owner, role=Membership.Role.OWNER)
        return workspace


class Membership(models.Model):
    """One person's place in one workspace."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        ADMIN = "admin", _("admin")
        MEMBER = "member", _("member")
        VIEWER = "viewer", _("viewer")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager["Membership"]()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} as {self.role}"


from accounts.api_models import KeptAnswer  # noqa: E402, F401  (and here)
from accounts.audit_models import AuditEntry  # noqa: E402, F401  (Django looks here)
from accounts.invitation_models import Invitation  # noqa: E402, F401  (and here)
from accounts.letter_models import KnownBrowser, Letter  # noqa: E402, F401  (and here)
from accounts.notification_models import Notification  # noqa: E402, F401  (and here)
from accounts.quota_models import WorkspaceQuota  # noqa: E402, F401  (and here)
from accounts.support_models import SupportOpening, SupportVisit  # noqa: E402, F401  (and here)
from accounts.token_models import ApiToken  # noqa: E402, F401  (and here)
