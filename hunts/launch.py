"""What every door does to hunts and runs: save one, start it, and change a run with the workers woken."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from accounts.models import User, Workspace
from hunts import pipeline, tasks
from hunts.icp import Icp
from hunts.models import Conversation, Hunt, Run
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
        name=_name(icp),
        icp_json=icp.to_json(),
        source=source,
        company_list=company_list,
        limit=limit,
        max_spend_microusd=max_spend_microusd,
        created_by=by,
    )


def hunt_of(
    conversation: Conversation,
    *,
    source: str,
    limit: int,
    max_spend_microusd: int,
    company_list: CompanyList | None,
    by: User | None,
) -> Hunt:
    """Return the hunt of a conversation as it is now: the one that only had samples so far, or a new one."""
    stated = {
        "source": source,
        "limit": limit,
        "max_spend_microusd": max_spend_microusd,
        "company_list": company_list,
    }
    hunt = conversation.hunt
    if hunt is not None and not hunt.runs.filter(is_sample=False).exists():
        Hunt.objects.filter(pk=hunt.pk).update(icp_json=conversation.icp_json, name=_name(conversation.icp), **stated)
        hunt.refresh_from_db()
        return hunt
    hunt = save_hunt(
        conversation.workspace,
        conversation.icp,
        source=source,
        limit=limit,
        max_spend_microusd=max_spend_microusd,
        company_list=company_list,
        by=by,
    )
    Conversation.objects.filter(pk=conversation.pk).update(hunt=hunt)
    return hunt


def _name(icp: Icp) -> str:
    return " ".join(icp.brief.split())[:200] or _("Hunt")


def run(hunt: Hunt, *, by: User | None = None, sample: int | None = None) -> Run:
    """Start a run of `hunt`, or of its first `sample` companies only, and wake the workers."""
    started = pipeline.start(hunt, by=by, sample=sample)
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
