"""A run's search for companies: claimed, asked and recorded like a stage, but for the run as a whole."""

import asyncio

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.translation import gettext as _

from accounts.failpoints import failpoint
from hunts import claims, company_lists, recording, reports, searches
from hunts.models import Run, RunEvent
from hunts.patience import before_next_try
from hunts.stages import discover
from hunts.stages.discover import Discovery
from hunts.tools import Kit
from integrations.errors import BudgetRefused, CapReached, PriceUnknown, ProviderError, RequestRejected, Unavailable

logger = structlog.get_logger(__name__)


async def search(run: Run, kit: Kit) -> None:
    """Do the run's discovery, unless it is done, being done elsewhere, or has to wait; where it fails, the run does.

    Raises RunStopped, and CapReached where calls under way cannot make room.
    """
    fence = await sync_to_async(claims.claim_discovery)(run.pk)
    if fence is None:
        return
    try:
        found = await _found(run, kit)
    except PriceUnknown as error:
        await sync_to_async(_failed)(run, fence, str(error))
    except CapReached as error:
        wait = before_next_try(0) if error.may_pass else None
        await sync_to_async(claims.drop_discovery)(run.pk, fence, after=wait)
        if not error.may_pass:
            raise
    except BudgetRefused:
        await sync_to_async(claims.drop_discovery)(run.pk, fence)
        raise
    except (Unavailable, TimeoutError) as error:
        await sync_to_async(_try_later)(run, fence, error)
    except ProviderError as error:
        await sync_to_async(_failed)(run, fence, str(error))
    except asyncio.CancelledError:
        await asyncio.shield(sync_to_async(claims.drop_discovery)(run.pk, fence))
        raise
    else:
        await sync_to_async(_record)(run, fence, found)


async def _found(run: Run, kit: Kit) -> Discovery:
    await sync_to_async(_see_that_its_list_is_there)(run)
    async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
        plan = searches.plan(run.icp, source=run.source, limit=run.limit)
        return await discover.run(plan, kit.searcher, limit=run.limit)


def _see_that_its_list_is_there(run: Run) -> None:
    """Raise RequestRejected where the list was deleted since the run was started: without it, it would search all."""
    if gone := company_lists.problem_of(run.source, run.company_list_id):
        raise RequestRejected(gone)


def _record(run: Run, fence: int, found: Discovery) -> None:
    failpoint("discovery.found")
    try:
        recording.record_discovery(run, fence, found.companies, found.plan_json, repeats=found.repeats)
    except claims.LeaseLost:
        logger.info("discovery.taken_over", run=run.pk)
    failpoint("discovery.recorded")


def _try_later(run: Run, fence: int, error: Unavailable | TimeoutError) -> None:
    """Search again a little later; after the last try the run fails."""
    message = str(error) or _("The search took too long. Retry it.")
    tries = Run.objects.values_list("discover_attempts", flat=True).get(pk=run.pk)
    if tries >= settings.CANDIDATE_MAX_ATTEMPTS:
        _failed(run, fence, message)
        return
    asked_for = error.retry_after if isinstance(error, Unavailable) else None
    if claims.drop_discovery(run.pk, fence, after=before_next_try(tries, asked_for), is_try=True):
        RunEvent.objects.create(run=run, level=RunEvent.Level.WARNING, stage="discover", message=message[:500])


def _failed(run: Run, fence: int, message: str) -> None:
    """End the run, if its discovery is still ours."""
    if claims.drop_discovery(run.pk, fence):
        reports.fail(run, message)
