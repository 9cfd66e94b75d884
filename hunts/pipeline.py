"""The pipeline: the stages in order, and how a run is started, worked on, paused, resumed, cancelled and retried.

discover → dedupe → prescreen → crawl → qualify → enrich → score → deliver

Rows are the truth: a worker claims a batch of candidates, takes each through its stages on one event loop, and
writes one transaction a stage. Candidates flow independently; killed anywhere, the run goes on from its rows.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from billing import ledger
from billing.models import Budget
from hunts import claims, loading, recording, reports, searches
from hunts.languages import speaking
from hunts.models import Candidate, Hunt, Run, RunEvent
from hunts.stages import crawl, dedupe, deliver, discover, enrich, prescreen, qualify, score
from hunts.tools import Kit, open_kit
from hunts.work import Tools, Verdict, Work
from integrations.errors import CapReached, CredentialsRejected, PriceUnknown, ProviderError, RunStopped, Unavailable
from integrations.pace import AtLimit
from leads.models import ScoringConfig

logger = structlog.get_logger(__name__)

StageFunction = Callable[[Work, Tools], Awaitable[Verdict]]

STAGES: dict[str, StageFunction] = {
    "dedupe": dedupe.run,
    "prescreen": prescreen.run,
    "crawl": crawl.run,
    "qualify": qualify.run,
    "enrich": enrich.run,
    "score": score.run,
    "deliver": deliver.run,
}

INTERNAL_ERROR = "Something went wrong on our side while working on this company; it was reported. Retry it."

# How long an idle worker waits before it looks again for candidates whose time has come.
LOOK_AGAIN_SECONDS = 0.5


def start(hunt: Hunt, *, by: User | None = None, sample: int | None = None) -> Run:
    """Make a run of `hunt`, or of its first `sample` companies, with its own budget; the caller nudges a worker."""
    with transaction.atomic():
        return Run.objects.create(
            hunt=hunt,
            workspace_id=hunt.workspace_id,
            budget=Budget.objects.create(workspace_id=hunt.workspace_id, cap_microusd=hunt.max_spend_microusd),
            scoring_config=ScoringConfig.current(),
            icp_json=hunt.icp_json,
            source=hunt.source,
            company_list=hunt.company_list,
            limit=min(sample or hunt.limit, hunt.limit),
            is_sample=sample is not None,
            started_by=by,
        )


def pause(run: Run, *, note: str = "") -> bool:
    """Stop giving out work; calls that are under way end, and no new one starts. False when it was not running."""
    return _move(run, Run.LIVE, Run.Status.PAUSED, note or _("Paused. Resume to go on."), ledger.close)


def resume(run: Run) -> bool:
    """Go on with a paused run; the caller nudges a worker."""
    return _move(run, (Run.Status.PAUSED,), Run.Status.QUEUED, "", ledger.reopen)


def raise_limit(run: Run, cap_microusd: int) -> bool:
    """Allow a run to spend more; it still has to be resumed. False when that is not more than it may spend now."""
    return ledger.raise_cap(run.budget_id, cap_microusd)


def cancel(run: Run) -> bool:
    """End a run for good. What was done is kept; what was not begun never will be."""
    stopped = _move(
        run, (*Run.LIVE, Run.Status.PAUSED), Run.Status.CANCELLED, _("Cancelled. What was done is kept."), ledger.close
    )
    if stopped:
        now = timezone.now()
        run.candidates.unfinished().update(
            status=Candidate.Status.CANCELLED, finished_at=now, changed_at=now, lease_expires_at=None
        )
        reports.conclude(run)
    return stopped


def retry(run: Run) -> bool:
    """Try failed candidates again, each from the stage that failed; what earlier stages found is used again.

    False, with nothing changed, while the run is live and where nothing of it failed.
    """
    with transaction.atomic():
        failed = run.candidates.filter(status=Candidate.Status.FAILED)
        has_begun = Run.objects.filter(pk=run.pk, discovered_at__isnull=False).exists()
        if has_begun and not failed.exists():
            return False
        if not _move(run, Run.OVER, Run.Status.QUEUED, "", ledger.reopen):
            return False
        failed.update(
            status=Candidate.Status.QUEUED,
            attempts=0,
            not_before=None,
            finished_at=None,
            reason="",
            changed_at=timezone.now(),
        )
        return True


def _move(run: Run, allowed: tuple[str, ...], to: str, note: str, budget: Callable[[int], None]) -> bool:
    """Change the run's status where it is one of `allowed`, and open or close its budget in the same transaction."""
    with transaction.atomic():
        if not Run.objects.filter(pk=run.pk, status__in=allowed).update(
            status=to, note=note, finished_at=timezone.now() if to in Run.OVER else None
        ):
            return False
        budget(run.budget_id)
        RunEvent.objects.create(run=run, message=note or f"{to}")
    run.refresh_from_db()
    return True


async def work_on(run_id: int, *, concurrency: int | None = None, slice_seconds: float | None = None) -> bool:
    """Be a worker for one run until it is over or stopped, or for `slice_seconds`; True when it needs more work."""
    run = await sync_to_async(_begin)(run_id)
    if run is None:
        return False
    ends_at = time.monotonic() + slice_seconds if slice_seconds else math.inf
    # What is noted on the way is read by the customer, in the language that they wrote in.
    with structlog.contextvars.bound_contextvars(run_id=run_id), speaking(run.icp.language):
        try:
            async with open_kit(run) as kit:
                if not await _discover(run, kit):
                    return False
                return await _flow(run, kit, concurrency or settings.WORKER_CONCURRENCY, ends_at)
        except CredentialsRejected as error:
            await sync_to_async(reports.fail)(run, error.message)
            return False


def _begin(run_id: int) -> Run | None:
    now = timezone.now()
    Run.objects.filter(pk=run_id, status=Run.Status.QUEUED).update(status=Run.Status.RUNNING)
    Run.objects.filter(pk=run_id, started_at__isnull=True).update(started_at=now)
    return (
        Run.objects.filter(pk=run_id, status=Run.Status.RUNNING)
        .select_related("workspace", "scoring_config", "company_list")
        .first()
    )


async def _discover(run: Run, kit: Kit) -> bool:
    """Do the run's discovery unless it is done or being done elsewhere; False when the run ended over it."""
    fence = await sync_to_async(claims.claim_discovery)(run.pk)
    if fence is None:
        return True
    try:
        async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
            plan = searches.plan(run.icp, source=run.source, limit=run.limit)
            found = await discover.run(plan, kit.searcher, limit=run.limit)
    except RunStopped:
        await sync_to_async(claims.drop_discovery)(run.pk, fence)
        return False
    except CapReached:
        await sync_to_async(claims.drop_discovery)(run.pk, fence)
        await sync_to_async(pause)(run, note=await sync_to_async(reports.cap_note)(run))
        return False
    except (ProviderError, PriceUnknown, TimeoutError) as error:
        await sync_to_async(claims.drop_discovery)(run.pk, fence)
        await sync_to_async(reports.fail)(run, str(error) or _("The search took too long. Retry it."))
        return False
    await sync_to_async(recording.record_discovery)(run, fence, found.companies, found.plan_json)
    return True


async def _flow(run: Run, kit: Kit, concurrency: int, ends_at: float) -> bool:
    """Keep up to `concurrency` candidates in flight until the run is done or stopped, or the time is up."""
    flight: set[asyncio.Task[None]] = set()
    try:
        while True:
            if len(flight) <= concurrency * 3 // 4 and time.monotonic() < ends_at:
                await sync_to_async(claims.sweep)(run.pk)
                batch = await sync_to_async(claims.claim)(run.pk, concurrency - len(flight))
                works = await sync_to_async(loading.works)(run, batch, judge=kit.judge_name)
                flight |= {
                    asyncio.create_task(_advance(one, work, kit)) for one, work in zip(batch, works, strict=True)
                }
            if not flight:
                if not await sync_to_async(reports.is_unfinished)(run):
                    return False
                if time.monotonic() >= ends_at:
                    return True
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            done, flight = await asyncio.wait(flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        # Interrupted or broken: what is in flight hands its claims back as it is cancelled.
        for task in flight:
            task.cancel()
        await asyncio.gather(*flight, return_exceptions=True)


async def _advance(candidate: Candidate, work: Work, kit: Kit) -> None:
    """Take one candidate from stage to stage until its way is over, it must wait, or it is not ours any more."""
    tools = kit.for_candidate(candidate)
    is_over = False
    try:
        while not is_over:
            async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
                verdict = await STAGES[candidate.stage](work, tools)
            work = verdict.added_to(work)
            is_over = await sync_to_async(recording.record)(candidate, verdict, work)
    except claims.LeaseLost:
        logger.info("candidate.taken_over", candidate=candidate.pk)
    except RunStopped:
        await sync_to_async(claims.hand_back)(candidate)
    except CapReached:
        await sync_to_async(claims.hand_back)(candidate)
        await sync_to_async(_stop_at_cap)(candidate.run)
    except (Unavailable, TimeoutError) as error:
        await sync_to_async(_try_later)(candidate, error)
    except (ProviderError, PriceUnknown) as error:
        await _fail(candidate, str(error))
    except asyncio.CancelledError:
        await asyncio.shield(sync_to_async(claims.hand_back)(candidate))
        raise
    except Exception:
        # A bug in one candidate's stage must not leave it claimed for ever, nor stop the others.
        logger.exception("stage.crashed", stage=candidate.stage, candidate=candidate.pk)
        await _fail(candidate, INTERNAL_ERROR)


async def _fail(candidate: Candidate, message: str) -> None:
    try:
        await sync_to_async(recording.record_failure)(candidate, message)
    except claims.LeaseLost:
        logger.info("candidate.taken_over", candidate=candidate.pk)


def _try_later(candidate: Candidate, error: Unavailable | TimeoutError) -> None:
    """Put the candidate back for a later try, a little later each time; after the last one it fails."""
    message = str(error) or _("It took too long.")
    if isinstance(error, AtLimit):
        # Nothing was sent: waiting for our own pace is no try, or a slow key would leave a run to the rules.
        claims.hand_back(candidate, after=timedelta(seconds=error.retry_after or 1), reason=message)
        return
    if candidate.attempts >= settings.CANDIDATE_MAX_ATTEMPTS:
        recording.record_failure(candidate, message)
        return
    asked_for = error.retry_after if isinstance(error, Unavailable) else None
    wait = timedelta(seconds=asked_for or 2**candidate.attempts)
    claims.hand_back(candidate, after=wait, reason=message, is_try=True)


def _stop_at_cap(run: Run) -> None:
    pause(run, note=reports.cap_note(run))
