"""What every door does to hunts and runs: save one, start it, and change a run with the workers woken."""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, quotas
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.members import holding
from accounts.models import User, Workspace
from billing.amounts import dollars
from hunts import pipeline, places, retrying, tasks
from hunts.chat_models import Conversation
from hunts.icp import Icp
from hunts.models import Hunt, Run
from hunts.preset_models import Known, Schedule, Trigger
from leads.models import CompanyList

CHANGES: dict[str, Callable[[Run], bool]] = {
    "pause": pipeline.pause,
    "resume": pipeline.resume,
    "cancel": pipeline.cancel,
    "retry": pipeline.retry,
}
WAKE = {"resume", "retry"}
VERBS = {
    "pause": Verb.RUN_PAUSED,
    "resume": Verb.RUN_RESUMED,
    "cancel": Verb.RUN_CANCELLED,
    "retry": Verb.RUN_RETRIED,
}


def save_hunt(
    workspace: Workspace,
    icp: Icp,
    *,
    source: str,
    limit: int,
    max_spend_microusd: int,
    max_leads: int | None = None,
    company_list: CompanyList | None = None,
    by: User | None = None,
) -> Hunt:
    """Save what to look for, named by its brief. Raises QuotaReached."""
    with transaction.atomic():
        places.hold(workspace.pk, "hunts")
        return Hunt.objects.create(
            workspace=workspace,
            name=_name(icp),
            icp_json=icp.to_json(),
            source=source,
            company_list=company_list,
            limit=limit,
            max_spend_microusd=max_spend_microusd,
            max_leads=max_leads,
            created_by=by,
        )


def hunt_of(
    conversation: Conversation,
    *,
    source: str,
    limit: int,
    max_spend_microusd: int,
    max_leads: int | None,
    company_list: CompanyList | None,
    by: User | None,
) -> Hunt:
    """Return the hunt of a conversation as it is now: the one that only had samples so far, or a new one."""
    stated = {
        "source": source,
        "limit": limit,
        "max_spend_microusd": max_spend_microusd,
        "max_leads": max_leads,
        "company_list": company_list,
    }
    hunt = Hunt.objects.kept().filter(conversations=conversation).first()
    if hunt is not None and not hunt.runs.filter(is_sample=False).exists() and not hunt.presets.kept().exists():
        Hunt.objects.filter(pk=hunt.pk).update(icp_json=conversation.icp_json, name=_name(conversation.icp), **stated)
        hunt.refresh_from_db()
        return hunt
    hunt = save_hunt(
        conversation.workspace,
        conversation.icp,
        source=source,
        limit=limit,
        max_spend_microusd=max_spend_microusd,
        max_leads=max_leads,
        company_list=company_list,
        by=by,
    )
    Conversation.objects.filter(pk=conversation.pk).update(hunt=hunt)
    return hunt


def _name(icp: Icp) -> str:
    return " ".join(icp.brief.split())[:200] or _("Hunt")


def run(
    hunt: Hunt,
    *,
    by: User | None = None,
    sample: int | None = None,
    known: str = Known.REUSE,
    trigger: str = Trigger.PERSON,
    schedule: Schedule | None = None,
    max_spend_microusd: int | None = None,
) -> Run:
    """Start a run of `hunt`, or of its first `sample` companies only, and wake the workers. See `pipeline.start`."""
    with transaction.atomic():
        started = pipeline.start(
            hunt,
            by=by,
            sample=sample,
            known=known,
            trigger=trigger,
            schedule=schedule,
            max_spend_microusd=max_spend_microusd,
        )
        # A schedule runs in the name of whoever set it, and nobody is there.
        _recorded(Verb.RUN_STARTED, started, by=by, more=f"({trigger})" if trigger != Trigger.PERSON else "")
    failpoint("run.started")
    tasks.nudge(started.pk)
    return started


def change(run: Run, action: str) -> bool:
    """Pause, resume, cancel or retry `run`; False when it had moved on meanwhile.

    Raises KeyError (`action`), and NotStarted where another run of the hunt goes on, or the hunt was deleted.
    """
    with transaction.atomic():
        has_changed = CHANGES[action](run)
        if has_changed:
            _recorded(VERBS[action], run)
    if has_changed and action in WAKE:
        tasks.nudge(run.pk)
    if not has_changed:
        run.refresh_from_db(fields=["status"])
    return has_changed


def retry(run: Run, asked: retrying.Asked, *, by: User | None = None) -> int:
    """Begin again what `asked` picks, wake the workers and return how many companies it is. See `retrying.retry`.

    Raises QuotaReached where `by` has it done too often.
    """
    quotas.take(run.workspace_id, "retries", by=by)
    with transaction.atomic():
        count = retrying.retry(run, asked)
        _recorded(Verb.RUN_RETRIED, run, more=f"({count})")
    tasks.nudge(run.pk)
    return count


def raise_limit(run: Run, cap_microusd: int) -> bool:
    """Allow a paused `run` to spend up to `cap_microusd` and go on; False, with nothing changed, when it cannot.

    It cannot where it is not paused (any more), or may spend as much already. Raises as `change`.
    """
    # Before the ceiling, as whoever deletes the workspace or resumes the run holds them (see `billing.ledger`).
    with holding(run.workspace_id):
        if pipeline.raise_limit(run, cap_microusd) and change(run, "resume"):
            _recorded(Verb.RUN_LIMIT_RAISED, run, more=f"→ {dollars(cap_microusd)}")
            return True
        transaction.set_rollback(True)
    return False


def _recorded(verb: Verb, run: Run, *, by: User | None = None, more: str = "") -> None:
    """Write into the audit log what was done to a run, which is named as its hunt is."""
    audit.record(verb, run, workspace_id=run.workspace_id, words=f"{run.hunt.name[:120]} {more}", by=by)
