"""Who may do what in a workspace: the one table of rights that every door asks."""

from enum import StrEnum

from django.http import HttpRequest

from accounts.models import Membership, Workspace

Role = Membership.Role


class Right(StrEnum):
    """What somebody may be allowed."""

    READ = "read"  # see hunts, leads, figures and members
    CHANGE = "change"  # start and stop runs, change hunts and leads, spend within the limits
    MANAGE = "manage"  # members, invitations, connections, models, spending limits, tokens of others
    OWN = "own"  # hand the workspace on, delete it


# From the lowest to the highest; each may do what those before it may, and one thing more.
LADDER: tuple[tuple[Role, Right], ...] = (
    (Role.VIEWER, Right.READ),
    (Role.MEMBER, Right.CHANGE),
    (Role.ADMIN, Right.MANAGE),
    (Role.OWNER, Right.OWN),
)
RANK: dict[str, int] = {role: rank for rank, (role, _right) in enumerate(LADDER)}
_NEEDED: dict[Right, int] = {right: rank for rank, (_role, right) in enumerate(LADDER)}


def role_in_hand(who: HttpRequest | Membership) -> str:
    """Return the role of a membership, or that of whoever sent a request, in the workspace that they work in."""
    if isinstance(who, Membership):
        return who.role
    role: str = who.workspace.role  # type: ignore[attr-defined]  # as `middleware.workspace_of` found it
    return role


def may(who: HttpRequest | Membership, right: Right) -> bool:
    """Return whether `who`, a membership or a member's request, has a right. A deleted workspace can only be read."""
    workspace: Workspace = who.workspace  # type: ignore[union-attr]
    if workspace.deleted_at is not None and right is not Right.READ:
        return False
    return RANK[role_in_hand(who)] >= _NEEDED[right]


def rights_of(who: HttpRequest | Membership) -> list[Right]:
    """Return what `who` may do, the least first."""
    return [right for right in Right if may(who, right)]


def reaches(role: str, other: str) -> bool:
    """Return whether `role` is as high as `other`: nobody gives, takes or changes a role above their own."""
    return RANK[role] >= RANK[other]


def roles_up_to(role: str) -> list[Role]:
    """Return the roles that somebody with `role` may give, the lowest first."""
    return [one for one, _right in LADDER if reaches(role, one)]
