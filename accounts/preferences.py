"""What people want to be told of, and how. Whoever has chosen nothing hears of everything that is theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.models import Membership, User, Workspace
from accounts.notification_models import CHOSEN, Kind, NotificationPreference, Reader
from accounts.wall import as_system


@dataclass(frozen=True, slots=True)
class Wish:
    """How one kind should reach somebody."""

    in_app: bool = True
    email: bool = True

    def __bool__(self) -> bool:
        return self.in_app or self.email


USUAL = Wish()


def wishes(user: User, workspace: Workspace) -> dict[Kind, Wish]:
    """Return what `user` wants of each kind that can be chosen."""
    rows = NotificationPreference.objects.filter(user=user, workspace=workspace)
    said = {row.kind: Wish(row.in_app, row.email) for row in rows}
    return {kind: said.get(kind, USUAL) for kind in CHOSEN}


def wishes_for(kind: Kind, user_ids: Iterable[int], workspace: Workspace) -> dict[int, Wish]:
    """Return what each of these people wants of `kind`."""
    ids = set(user_ids)
    rows = NotificationPreference.objects.filter(user_id__in=ids, workspace=workspace, kind=kind)
    said = {row.user_id: Wish(row.in_app, row.email) for row in rows}
    return {user_id: said.get(user_id, USUAL) for user_id in ids}


def choose(user: User, workspace: Workspace, chosen: Mapping[Kind, Wish]) -> None:
    """Keep what `user` wants; done twice, it is the same."""
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(user=user, workspace=workspace, kind=kind, in_app=wish.in_app, email=wish.email)
            for kind, wish in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "workspace", "kind"],
        update_fields=["in_app", "email"],
    )


@as_system()
def has_chosen(user: User) -> bool:
    """Return whether `user` has ever said what they want to hear of, and so looked at their clocks."""
    return NotificationPreference.objects.filter(user=user).exists()


@as_system()
def stop_email(user_id: int, workspace_id: int, kind: Kind) -> None:
    """Send no more e-mails of a kind; what the person sees in the app stays as it is."""
    if kind == Kind.DIGEST:
        Reader.objects.filter(user_id=user_id, workspace_id=workspace_id).update(digest_hour=None, next_digest_at=None)
        return
    if not Membership.objects.filter(user_id=user_id, workspace_id=workspace_id).exists():
        return
    NotificationPreference.objects.update_or_create(
        user_id=user_id,
        workspace_id=workspace_id,
        kind=kind,
        defaults={"email": False},
        create_defaults={"email": False, "in_app": USUAL.in_app},
    )
