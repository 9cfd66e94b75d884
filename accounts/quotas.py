"""How much a workspace may have, and how often its people may do what costs us: one table, one error, for every door.

A place (a run under way, a member) is taken while the workspace's row is held, so that two who press at once do not
both get the last one. A rate is counted by `rate_limits`. What is allowed stands in the settings (`LIMIT_…`), and for
one workspace in a row that operators set; 0 is no limit.
"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import audit, rate_limits
from accounts.audit_models import Verb
from accounts.invitation_models import Invitation
from accounts.members import Refused, holding
from accounts.models import Membership, User, Workspace
from accounts.notification_models import Kind
from accounts.notifications import notify
from accounts.quota_models import WorkspaceQuota
from accounts.quota_table import NEARLY, QUOTAS, Quota
from accounts.token_models import ApiToken


class QuotaReached(Refused):
    """Nothing was done: it would be more than is allowed. The message says what to do, and when there is room again.

    `rate` is what is left of a rate, for the API's headers; None where places are full.
    """

    def __init__(self, limit: Quota, *, used: int, allowed: int, rate: rate_limits.Quota | None = None) -> None:
        seconds = rate.reset if rate else 0
        said = {"used": used, "allowed": allowed, "seconds": seconds, "minutes": -(-seconds // 60)}
        super().__init__(str(limit.refusal) % said)
        self.limit, self.used, self.allowed, self.rate = limit, used, allowed, rate


def allowed(workspace_id: int, name: str) -> int:
    """Return how much of something a workspace may have; 0 for no limit. One query."""
    raised = WorkspaceQuota.objects.filter(workspace=workspace_id, name=name).values_list("allowed", flat=True).first()
    return settings.QUOTAS[name] if raised is None else raised


def all_allowed(workspace_id: int) -> dict[str, int]:
    """Return what a workspace may have of everything, by name. One query."""
    raised = WorkspaceQuota.objects.filter(workspace=workspace_id).values_list("name", "allowed")
    return {**settings.QUOTAS, **dict(raised)}


def hold_place(
    workspace_id: int,
    name: str,
    used: Callable[[int], int],
    *,
    more: int = 1,
    error: type[QuotaReached] = QuotaReached,
) -> None:
    """See that there is room for so many more of something, of which `used` tells how many a workspace has.

    Nothing more always fits. To be called within a transaction: nobody else takes the place until it ends.
    Raises `error`.
    """
    with holding(workspace_id) as workspace:
        most = allowed(workspace_id, name)
        if not most:
            return
        taken = used(workspace_id)
        if more and taken + more > most:
            raise error(QUOTAS[name], used=taken, allowed=most)
        if taken < most * NEARLY <= taken + more:
            _warn(workspace, name, used=taken + more, allowed=most)


def hold_person(workspace_id: int) -> None:
    """See that there is a place for one more member or invitation, within a transaction. Raises QuotaReached."""
    hold_place(workspace_id, "people", lambda of: number_of(people_of(of)))


def _warn(workspace: Workspace, name: str, *, used: int, allowed: int) -> None:
    """Tell the owners and admins that little is left: once a day at most, when the share is crossed."""
    said = {"why": "places", "limit": name, "used": used, "allowed": allowed}
    # Keys are a person's, who may be in several workspaces.
    key = f"limit:{workspace.pk}:{name}:{allowed}:{timezone.localdate().isoformat()}"
    notify(workspace, Kind.NEEDS_YOU, key, url=reverse("limits"), parameters=said)


def take(workspace_id: int, name: str, *, by: User | None, error: type[QuotaReached] = QuotaReached) -> None:
    """Count one use of what is limited by the hour or the minute. Raises `error`.

    What nobody in particular does, such as a schedule or a command, is not counted.
    """
    quota = QUOTAS[name]
    if by is None and not quota.is_shared:
        return
    most = allowed(workspace_id, name)
    holder = f"{name}:{workspace_id}" if quota.is_shared or by is None else f"{name}:{workspace_id}:{by.pk}"
    rate = rate_limits.take(holder, most, policy=name, seconds=quota.seconds)
    if rate is not None and rate.remaining is None:
        raise error(quota, used=most, allowed=most, rate=rate)


def allow(workspace: Workspace, name: str, number: int, *, by: User) -> None:
    """Let a workspace have `number` of something from now on, more or fewer than is usual; 0: without a limit."""
    WorkspaceQuota.objects.update_or_create(workspace=workspace, name=name, defaults={"allowed": number, "set_by": by})
    audit.record(Verb.QUOTA_CHANGED, workspace, workspace_id=workspace.pk, words=f"{name}: {number}", by=by)


def people_of(workspace_id: int) -> tuple[QuerySet[Model], ...]:
    """Return who has a place: members, and those whose invitation can be accepted."""
    invited = Invitation.objects.live().filter(workspace=workspace_id)
    return Membership.objects.filter(workspace=workspace_id), invited


def tokens_of(workspace_id: int) -> tuple[QuerySet[Model], ...]:
    """Return the tokens that open a door: neither expired ones nor those of people who left."""
    return (ApiToken.objects.usable().filter(workspace=workspace_id),)


def number_of(rows: tuple[QuerySet[Model], ...]) -> int:
    return sum(some.count() for some in rows)
