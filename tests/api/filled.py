"""A workspace in which every operation of the API finds a row that it can do something to."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Membership, User, Workspace
from accounts.token_models import ApiToken, Scope
from accounts.tokens import check_of, digests
from hunts import deleting, presets, schedules
from hunts.models import Run
from hunts.privacy import erasing
from hunts.recurrence import Recurrence
from hunts.schedules import Plan
from leads import distinct, merging
from leads.wanted import Wanted
from tests.factories import (
    CandidateFactory,
    CompanyFactory,
    CompanyListFactory,
    HuntFactory,
    InvitationFactory,
    JudgedLeadFactory,
    MembershipFactory,
    RunFactory,
)
from tests.harness.addresses import world


@dataclass(frozen=True)
class Filled:
    """A workspace with its rows: `ids` by the name of a parameter, `of` by operation where it needs another one,
    `rows` as `tests.harness.addresses` names them.
    """

    workspace: Workspace
    owner: User
    ids: dict[str, Any]
    of: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def id_for(self, operation: str, name: str) -> Any:
        """Return the row that a parameter or a field of an operation should name; None where it names none."""
        return self.of.get(operation, {}).get(name, self.ids.get(name))


def filled(workspace: Workspace, owner: User) -> Filled:
    """Make the rows."""
    CompanyFactory()  # the directory is a source that has something
    rows = world(workspace, owner)
    lead, other, third, fourth = rows["lead"], *(JudgedLeadFactory(workspace=workspace).pk for _n in range(3))
    distinct.keep_apart(lead, other, by=owner)
    merge = merging.merge(lead, third, by=owner)
    preset = presets.Preset.objects.get(pk=rows["preset"])
    plan = Plan(Recurrence("daily", time(9), "UTC", weekday=None, day=None), "reuse", 1_000_000)
    schedules.put(preset, plan, by=owner, seen=0)
    ids = {
        **{f"{name}_id": rows[name] for name in ("hunt", "run", "lead", "preset", "notification")},
        "lookup_id": rows["lookup"],
        "erasure_id": erasing.begin(Wanted.of(email="gone@people.example"), workspace_id=workspace.pk, by=owner).pk,
        "hunt": rows["hunt"],
        "other": other,
        "merge_id": merge.pk,
        "version": preset.version,
        "member_id": MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).pk,
        "invitation_id": InvitationFactory(
            workspace=workspace, invited_by=owner, asked_at=timezone.now() - timedelta(hours=1)
        ).pk,
        "token_id": token_of(owner, workspace, Scope.READ, name="another")[0].pk,
        "company_list_id": CompanyListFactory(workspace=workspace).pk,
        "list_id": rows["company_list"],
    }
    return Filled(workspace, owner, ids, _of_their_own(workspace, owner, fourth), rows)


def _of_their_own(workspace: Workspace, owner: User, lead: int) -> dict[str, dict[str, Any]]:
    """Return the rows that some operations need: what is over, deleted, paused, or not yet begun."""
    idle = HuntFactory(workspace=workspace)
    gone = HuntFactory(workspace=workspace)
    deleting.delete_hunt(gone)
    over, removed, paused = (
        RunFactory(hunt__workspace=workspace, status=status)
        for status in (Run.Status.SUCCEEDED, Run.Status.SUCCEEDED, Run.Status.PAUSED)
    )
    failed = CandidateFactory(run=over, status="failed", stage="crawl")
    deleting.delete_run(removed)
    fresh = presets.save(HuntFactory(workspace=workspace), "Another", by=owner, is_shared=True, known="reuse")
    return {
        "start_run": {"hunt_id": idle.pk},
        "create_preset": {"hunt_id": idle.pk},
        "restore_hunt": {"hunt_id": gone.pk},
        "delete_run": {"run_id": over.pk},
        "retry_run": {"run_id": over.pk, "candidate_ids": [failed.pk]},
        "restore_run": {"run_id": removed.pk},
        "restore_company_list": {"list_id": CompanyListFactory(workspace=workspace, deleted_at=timezone.now()).pk},
        "raise_limit": {"run_id": paused.pk},
        "change_run": {"run_id": paused.pk},
        "run_preset": {"preset_id": fresh.pk},
        "put_schedule": {"version": 1},
        "merge_lead": {"other": lead},
        "keep_apart": {"other": lead},
    }


def token_of(person: User, workspace: Workspace, *scopes: Scope, name: str = "a program") -> tuple[ApiToken, str]:
    """Make a token of a person without asking what else was done; return its row and the token."""
    random = f"{ApiToken.objects.count():030d}"
    token = f"mh_live_{random}{check_of(random)}"
    row = ApiToken.objects.create(
        workspace=workspace,
        user=person,
        name=name,
        shown=token[:12],
        digest=digests(token)[0],
        scopes=[str(scope) for scope in scopes],
    )
    return row, token
