"""The pipeline: the stages in order, and how a run is started, worked on, paused, resumed, cancelled and retried.

discover → dedupe → prescreen → crawl → qualify → enrich → score → deliver

Rows are the truth: a worker claims a batch of candidates, takes each through its stages on one event loop, and writes
what they say. Candidates flow independently; killed anywhere, the run goes on from its rows.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import workspaces
from accounts.failpoints import failpoint
from accounts.models import User
from billing import ledger
from billing.models import Budget
from hunts import (
    claims,
    company_lists,
    discovery,
    figures,
    lead_cap,
    leaving,
    loading,
    notices,
    places,
    reports,
    setbacks,
)
from hunts.languages import speaking
from hunts.models import Candidate, Hunt, Run, RunEvent
from hunts.patience import before_next_try
from hunts.pipeline_errors import AlreadyLive as AlreadyLive
from hunts.pipeline_errors import NotStarted as NotStarted
from hunts.preset_models import Known, Schedule, Trigger
from hunts.stages import crawl, dedupe, deliver, enrich, prescreen, qualify, score
from hunts.tools import Kit, open_kit
from hunts.way import StageFunction, Way
from hunts.work import Work
from integrations.errors import (
    CapReached,
    CredentialsRejected,
    LeadCapReached,
    PriceUnknown,
    ProviderError,
    RunStopped,
    Unavailable,
)
from leads.models import ScoringConfig

logger = structlog.get_logger(__name__)

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


def start(
    hunt: Hunt,
    *,
    by: User | None = None,
    sample: int | None = None,
    known: str = Known.REUSE,
    trigger: str = Trigger.PERSON,
    schedule: Schedule | None = None,
    max_spend_microusd: int | None = None,
) -> Run:
    """Make a run of `hunt`, or of its first `sample` companies, with its own budget; the caller nudges a worker.

    It may spend `max_spend_microusd`; without, what the hunt says. Raises AlreadyLive where a run of it, or a sample
    like this one, is going on: two presses of a button are one run. Raises NotStarted where the hunt was deleted, or
    the list of companies that it looks through, and TooManyRuns where as many are under way as the workspace may have.
    """
    cap = hunt.max_spend_microusd if max_spend_microusd is None else max_spend_microusd
    with one_live_run(hunt.pk, is_sample=sample is not None), transaction.atomic():
        _hold_hunt(hunt.pk)
        _see_that_it_is_the_only_one(hunt.pk, is_sample=sample is not None)
        if gone := company_lists.problem_of(hunt.source, hunt.company_list_id):
            raise NotStarted(gone)
        places.hold(hunt.workspace_id, "runs")
        return Run.objects.create(
            hunt=hunt,
            workspace_id=hunt.workspace_id,
            budget=Budget.objects.create(workspace_id=hunt.workspace_id, cap_microusd=cap, started_by=by),
            scoring_config=ScoringConfig.current(),
            icp_json=hunt.icp_json,
            source=hunt.source,
            company_list=hunt.company_list,
            limit=min(sample or hunt.limit, hunt.limit),
            max_leads=None if sample else hunt.max_leads,
            is_sample=sample is not None,
            known=known,
            trigger=trigger,
            schedule=schedule,
            started_by=by,
        )


def _hold_hunt(hunt_id: int) -> None:
    """Hold the hunt and its workspace: whoever deletes one sees the new run. Raises NotStarted or `IsDeleted`."""
    workspaces.hold_open(Hunt.objects.values_list("workspace_id", flat=True).get(pk=hunt_id))
    if not Hunt.objects.kept().filter(pk=hunt_id).update(name=F("name")):
        raise NotStarted(_("The hunt was deleted meanwhile. Bring it back to run it."))


def _see_that_it_is_the_only_one(hunt_id: int, *, is_sample: bool) -> None:
    """Raise AlreadyLive before anything is said of how many runs there are: pressed twice, it is that one run."""
    if live := Run.objects.live().filter(hunt_id=hunt_id, is_sample=is_sample).first():
        raise AlreadyLive(live)


@contextmanager
def one_live_run(hunt_id: int, *, is_sample: bool) -> Iterator[None]:
    """Raise AlreadyLive where the database says that what is done here would make a second live run of the hunt."""
    try:
        yield
    except IntegrityError:
        live = Run.objects.live().filter(hunt_id=hunt_id, is_sample=is_sample).first()
        if live is None:
            raise
        raise AlreadyLive(live) from None


def pause(run: Run, *, note: str = "", ceiling: str = "") -> bool:
    """Stop giving out work; calls that are under way end, and no new one starts. False when it was not running.

    `ceiling` is the limit of spending (`Run.Ceiling`) that it came to, '' where somebody paused it.
    """
    return move(run, Run.LIVE, Run.Status.PAUSED, note or _("Paused. Resume to go on."), ledger.close, ceiling=ceiling)


def resume(run: Run) -> bool:
    """Go on with a paused run; the caller nudges a worker. Raises AlreadyLive while another run of its hunt goes on.

    Raises TooManyRuns where as many are under way as the workspace may have.
    """
    with transaction.atomic():
        if not Run.objects.filter(pk=run.pk, status=Run.Status.PAUSED).exists():
            return False
        places.hold(run.workspace_id, "runs")
        return _resumed(run)


def _resumed(run: Run) -> bool:
    return move(run, (Run.Status.PAUSED,), Run.Status.QUEUED, "", ledger.reopen, **_with_all_tries())


def raise_limit(run: Run, cap_microusd: int) -> bool:
    """Allow a run to spend more; it still has to be resumed. False when that is not more than it may spend now."""
    return ledger.raise_cap(run.budget_id, cap_microusd)


def cancel(run: Run) -> bool:
    """End a run for good. What was done is kept; what was not begun never will be."""
    with transaction.atomic():
        stopped = move(
            run,
            (*Run.LIVE, Run.Status.PAUSED),
            Run.Status.CANCELLED,
            _("Cancelled. What was done is kept."),
            ledger.close,
            # A search that is under way must not add companies to a run that is over.
            discover_fence=F("discover_fence") + 1,
            discover_lease_expires_at=None,
        )
        if stopped:
            failpoint("run.cancelled")
            now = timezone.now()
            run.candidates.unfinished().update(
                status=Candidate.Status.CANCELLED, finished_at=now, changed_at=now, lease_expires_at=None
            )
            reports.conclude(run)
    return stopped


def retry(run: Run) -> bool:
    """Try failed candidates again, each from the stage that failed; what earlier stages found is used again.

    False, with nothing changed, while the run is live and where nothing of it failed. Raises AlreadyLive while another
    run of its hunt goes on. Whoever wants more done again looks at `hunts.retrying`.
    """
    with transaction.atomic():
        failed = run.candidates.filter(status=Candidate.Status.FAILED)
        has_begun = Run.objects.filter(pk=run.pk, discovered_at__isnull=False).exists()
        # A key that is rejected ends a run with companies that nobody has come to.
        if has_begun and not failed.exists() and not run.candidates.unfinished().exists():
            return False
        if not begin_again(run):
            return False
        failpoint("run.retried")
        failed.update(
            status=Candidate.Status.QUEUED,
            attempts=0,
            deaths=0,
            not_before=None,
            finished_at=None,
            reason="",
            changed_at=timezone.now(),
        )
        return True


def begin_again(run: Run, *, note: str = "") -> bool:
    """Take up a run that was over; False when it is not. Raises AlreadyLive while another run of its hunt goes on."""
    with transaction.atomic():
        _hold_hunt(run.hunt_id)
        if not Run.objects.filter(pk=run.pk, status__in=Run.OVER).exists():
            return False
        places.hold(run.workspace_id, "runs")
        return move(run, Run.OVER, Run.Status.QUEUED, "", ledger.reopen, line=note, **_with_all_tries())


def _with_all_tries() -> dict[str, Any]:
    """Return the columns of a run that somebody has begin again: what was in vain before does not count."""
    return {"resumed_at": timezone.now(), "attempts": 0, "discover_attempts": 0}


def move(
    run: Run,
    allowed: tuple[str, ...],
    to: str,
    note: str,
    budget: Callable[[int], None],
    *,
    line: str = "",
    ceiling: str = "",
    **columns: object,
) -> bool:
    """Change the run's status where it is one of `allowed`, and open or close its budget in the same transaction.

    `line` is what the log says of it, where that is not the `note`; `columns` of the run are written with it.
    """
    finished = timezone.now() if to in Run.OVER else None
    with one_live_run(run.hunt_id, is_sample=run.is_sample), transaction.atomic():
        if not Run.objects.filter(pk=run.pk, status__in=allowed, deleted_at__isnull=True).update(
            status=to, note=note, ceiling=ceiling, finished_at=finished, **columns
        ):
            return False
        failpoint("run.moved")
        budget(run.budget_id)
        RunEvent.objects.create(run=run, message=(line or note or str(Run.Status(to).label))[:500])
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
                return await _flow(run, kit, concurrency or settings.WORKER_CONCURRENCY, ends_at)
        except CapReached as error:
            await sync_to_async(_stop_at_cap)(run, error)
        except (CredentialsRejected, PriceUnknown) as error:
            await sync_to_async(reports.fail)(run, str(error))
        except RunStopped:
            logger.info("run.stopped")
    return False


def _begin(run_id: int) -> Run | None:
    claims.begin(run_id)
    return (
        Run.objects.filter(pk=run_id, status=Run.Status.RUNNING)
        .select_related("workspace", "scoring_config", "company_list")
        .first()
    )


async def _flow(run: Run, kit: Kit, concurrency: int, ends_at: float) -> bool:
    """Keep up to `concurrency` candidates in flight until the run is done or stopped, or the time is up."""
    await discovery.search(run, kit)
    flight: set[asyncio.Task[None]] = set()
    is_alone = has_got_on = False
    try:
        while True:
            must_leave = leaving.is_asked() or time.monotonic() >= ends_at
            if not must_leave and (not flight if is_alone else len(flight) <= concurrency * 3 // 4):
                batch = await sync_to_async(_taken)(run, kit, concurrency - len(flight), is_idle=not flight)
                is_alone = any(candidate.deaths >= claims.ALONE_AFTER for candidate, _work in batch)
                flight |= {asyncio.create_task(_advance(candidate, work, kit)) for candidate, work in batch}
            if not flight:
                if not await sync_to_async(_has_more)(run):
                    return False
                if must_leave:
                    return True
                if ends_at < math.inf and await sync_to_async(claims.waits)(run.pk):
                    return False  # the sweep calls a worker when the time has come
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                # Whoever was searching may have died over it.
                await discovery.search(run, kit)
                continue
            done, flight = await asyncio.wait(flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if not has_got_on:
                await sync_to_async(claims.got_on)(run.pk)
                has_got_on = True
    finally:
        # Interrupted or broken: what is in flight hands its claims back as it is cancelled.
        for task in flight:
            task.cancel()
        await asyncio.gather(*flight, return_exceptions=True)


def _has_more(run: Run) -> bool:
    """Return whether the run goes on; one that is done is concluded, one that has its leads is paused."""
    return reports.is_unfinished(run) and not lead_cap.stop(run, pause)


def _taken(run: Run, kit: Kit, room: int, *, is_idle: bool) -> list[tuple[Candidate, Work]]:
    """Take up to `room` candidates, what was abandoned included; a suspect one only where nothing else is in flight."""
    claims.sweep(run.pk)
    with lead_cap.room(run, room) as room:
        batch = claims.claim(run.pk, room) or (claims.claim_suspect(run.pk) if is_idle and room else [])
    try:
        return list(zip(batch, loading.works(run, batch, judge=kit.judge_name), strict=True))
    except Exception:
        # One of them cannot even be loaded: they come back as if their worker had died, and in the end one by one.
        claims.abandon(batch)
        raise


async def _advance(candidate: Candidate, work: Work, kit: Kit) -> None:
    """Take one candidate from stage to stage until its way is over, it must wait, or it is not ours any more."""
    way = Way(candidate, work, kit.for_candidate(candidate), STAGES)
    try:
        while not way.is_over:
            await way.go_on()
            if leaving.is_asked() and not way.is_over:
                await way.write()
                await sync_to_async(claims.hand_back)(candidate)
                return
    except claims.LeaseLost:
        logger.info("candidate.taken_over", candidate=candidate.pk)
    except RunStopped:
        await sync_to_async(claims.hand_back)(candidate)
    except CapReached as error:
        await sync_to_async(_at_cap)(candidate, error)
    except (Unavailable, TimeoutError) as error:
        await sync_to_async(setbacks.try_later)(candidate, error)
    except (ProviderError, PriceUnknown) as error:
        await sync_to_async(setbacks.fail)(candidate, str(error))
    except asyncio.CancelledError:
        await asyncio.shield(sync_to_async(claims.hand_back)(candidate))
        raise
    except (OperationalError, InterfaceError) as error:
        await sync_to_async(setbacks.database_failed)(candidate, error)
    except Exception:
        # A bug in one candidate's stage must not leave it claimed for ever, nor stop the others.
        logger.exception("stage.crashed", stage=candidate.stage, candidate=candidate.pk)
        await sync_to_async(setbacks.fail)(candidate, INTERNAL_ERROR)


def _at_cap(candidate: Candidate, reached: CapReached) -> None:
    """Wait where calls under way may leave room, else stop: the lead where it is its own limit, or the run."""
    if reached.may_pass:
        claims.hand_back(candidate, after=before_next_try(0), reason=_("Waits until calls under way are paid for."))
    elif isinstance(reached, LeadCapReached):
        setbacks.fail(candidate, str(reached))
    else:
        claims.hand_back(candidate)
        _stop_at_cap(candidate.run, reached)


def _stop_at_cap(run: Run, reached: CapReached) -> None:
    with transaction.atomic():
        if pause(run, note=reports.cap_note(run, reached), ceiling=reached.ceiling):
            figures.keep(run)
            notices.needs_you(run, "limit")
