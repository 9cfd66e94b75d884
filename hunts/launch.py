"""What every door does to hunts and runs: save one, start it, and change a run with the workers woken."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from accounts.models import User, Workspace
from hunts import pipeline, tasks
from hunts.icp import Icp
from hunts.models import Hunt, Run
from leads.models import CompanyList

CHANGES: dict[str, Callable[[Run], bool]] = {
    "pause": pipeline.pause,
    "resume": pipeline.resume,
    "cancel": pipeline.cancel,
    "retry": pipeline.retry,
}
WAKE = {"resume", "retry"}


def save_hunt(
    workspace: Workspace,
    icp: Icp,
    *,
    source: str,
    limit: int,
    max_spend_microusd: int,
    company_list: CompanyList | None = None,
    by: User | None = None,
) -> Hunt:
    """Save what to look for, named by its brief."""
    return Hunt.objects.create(
        workspace=workspace,
        name=" ".join(icp.brief.split())[:200] or _("Hunt"),
        icp_json=icp.to_json(),
        source=source,
        company_list=company_list,
        limit=limit,
        max_spend_microusd=max_spend_microusd,
        created_by=by,
    )


def run(hunt: Hunt, *, by: User | None = None) -> Run:
    """Start a run of `hunt` and wake the workers."""
    started = pipeline.start(hunt, by=by)
    tasks.nudge(started.pk)
    return started


def change(run: Run, action: str) -> bool:
    """Pause, resume, cancel or retry `run`; False when it had moved on meanwhile. Raises KeyError (`action`)."""
    has_changed = CHANGES[action](run)
    if has_changed and action in WAKE:
        tasks.nudge(run.pk)
    if not has_changed:
        run.refresh_from_db(fields=["status"])
    return has_changed
