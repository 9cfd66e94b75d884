"""Deep research of a chosen lead: read more of its site, then answer a fixed plan of questions, each with its proof.

It works from rows as a run does: a worker claims a research, reads, and then answers one question after another, each
in one transaction; killed anywhere, the next worker goes on with the first open question, and what was paid for is not
paid again. Without a language model the best passages answer, and it says so.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import workspaces
from accounts.failpoints import failpoint
from accounts.models import User
from billing import ledger
from billing.models import Budget
from enrichment import pages
from enrichment.crawler import open_crawler
from enrichment.models import Snapshot
from enrichment.research import PAGES
from hunts import leaving, questions, research_answers
from hunts.icp import Icp
from hunts.languages import speaking
from hunts.meter import RunMeter
from hunts.models import Hunt
from hunts.patience import before_next_try
from hunts.research_answers import Answer, AnswerForm
from hunts.research_models import Research, ResearchQuestion, Statement
from integrations.capabilities import ReadPage, ReadSite
from integrations.chain import Chain, open_chain
from integrations.connections import accesses
from integrations.errors import BudgetRefused, ProviderError, RequestRejected, RunStopped, Unavailable
from integrations.gateway import Gateway
from leads import family
from leads.models import Lead

logger = structlog.get_logger(__name__)

MOST_PAGES = PAGES


class LeaseLost(Exception):
    """Somebody else has this research now, or stopped it: whatever was found out is not ours to write."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a research would do and cost at most. `model` is '' where there is none; None: a price is not known."""

    questions: int
    pages: int
    model: str
    worst_case_microusd: int | None


# ── begin, stop, try again ───────────────────────────────────────────────────────────────────────────────


def estimate(lead: Lead) -> Estimate:
    """Return what researching `lead` would do; it makes no call."""
    asked = len(questions.plan(context_of(lead)[0], _unsettled(lead)))
    models = accesses(lead.workspace_id)
    # By the dearest, for any may stand in, and each question may be asked a second time.
    costs = [
        access.open().worst_case_microusd(
            input_characters=research_answers.LONGEST_PROMPT,
            max_tokens=research_answers.MAX_TOKENS,
            json_schema=AnswerForm.model_json_schema(),
        )
        for access in models
    ]
    known = [cost for cost in costs if cost is not None]
    worst = 2 * asked * max(known, default=0) if len(known) == len(costs) else None
    return Estimate(asked, MOST_PAGES, models[0].name if models else "", worst)


def start(lead: Lead, *, by: User | None = None) -> Research:
    """Make a research of `lead` with its own budget, or return what is under way; the caller nudges a worker.

    Raises `workspaces.IsDeleted` where its workspace was deleted.
    """
    icp, hunt = context_of(lead)
    asked = questions.plan(icp, _unsettled(lead))
    cap = estimate(lead).worst_case_microusd or 0
    try:
        with transaction.atomic():
            workspaces.hold_open(lead.workspace_id)
            research = Research.objects.create(
                workspace_id=lead.workspace_id,
                lead=lead,
                hunt=hunt,
                budget=Budget.objects.create(workspace_id=lead.workspace_id, cap_microusd=cap, started_by=by),
                topics=list(icp.topics()),
                started_by=by,
            )
            ResearchQuestion.objects.bulk_create(
                ResearchQuestion(
                    research=research,
                    position=at,
                    key=one.key,
                    text=one.text[: research_answers.LONGEST_QUESTION],
                    looks_for=dict(one.looks_for),
                )
                for at, one in enumerate(asked)
            )
    except IntegrityError:
        return Research.objects.live().get(lead=lead)
    return research


def cancel(research: Research) -> bool:
    """Stop a research; what was answered is kept. False when it was not under way."""
    return _move(research, Research.LIVE, Research.Status.CANCELLED)


def retry(research: Research) -> bool:
    """Go on with a research that failed or was stopped, from where it ended; the caller nudges a worker."""
    try:
        return _move(research, (Research.Status.FAILED, Research.Status.CANCELLED), Research.Status.QUEUED)
    except IntegrityError:  # another research of the same lead is under way
        return False


def context_of(lead: Lead) -> tuple[Icp, Hunt | None]:
    """Return what the newest hunt that found the lead is about; an empty profile where there is none."""
    candidacy = family.candidacies(lead).select_related("run__hunt").order_by("-pk").first()
    return (candidacy.run.icp, candidacy.run.hunt) if candidacy else (Icp(), None)


def _unsettled(lead: Lead) -> list[str] | None:
    """Return the keys of the criteria that the newest judgement did not answer with yes; None without one."""
    if lead.assessment is None:
        return None
    return list(lead.assessment.evidence.exclude(verdict="yes").values_list("criterion", flat=True))


def _move(research: Research, allowed: Sequence[str], to: str) -> bool:
    """Change the status where it is one of `allowed`; its budget is open only while it is live."""
    is_live = to in Research.LIVE
    with transaction.atomic():
        moved = Research.objects.filter(pk=research.pk, status__in=allowed).update(
            status=to,
            fence=F("fence") + 1,
            attempts=0,
            problem="",
            not_before=None,
            lease_expires_at=None,
            finished_at=None if is_live else timezone.now(),
        )
        if moved:
            (ledger.reopen if is_live else ledger.close)(research.budget_id)
    research.refresh_from_db()
    return bool(moved)


# ── the work ─────────────────────────────────────────────────────────────────────────────────────────────


async def work_on(research_id: int, *, slice_seconds: float | None = None) -> bool:
    """Be the worker of a research until it is over, must wait, is somebody else's, or for `slice_seconds`.

    Return True when it needs more work at once.
    """
    research = await sync_to_async(_claim)(research_id)
    if research is None:
        return False
    ends_at = time.monotonic() + slice_seconds if slice_seconds is not None else math.inf
    language = research.hunt.icp.language if research.hunt else settings.LANGUAGE_CODE
    with structlog.contextvars.bound_contextvars(research_id=research_id), speaking(language):
        try:
            return await _go_on(research, ends_at)
        except (LeaseLost, RunStopped):
            logger.info("research.left")
        except (Unavailable, TimeoutError) as error:
            await sync_to_async(_try_later)(research, error)
        except asyncio.CancelledError:
            await asyncio.shield(sync_to_async(_hand_back)(research))
            raise
    return False


async def _go_on(research: Research, ends_at: float) -> bool:
    async with AsyncExitStack() as stack:
        if research.pages is None and not await _read(research, stack):
            return False
        texts = await sync_to_async(pages.reload)(research.pages or [], research.workspace_id)
        meter = RunMeter(research.budget_id, lead_id=research.lead_id)
        gateway = Gateway(meter, workspace_id=research.workspace_id, run_ref=f"research:{research.pk}")
        chain = await stack.enter_async_context(open_chain(research.workspace_id))
        for question in await sync_to_async(_open_questions)(research):
            if time.monotonic() >= ends_at or leaving.is_asked():
                await sync_to_async(_hand_back)(research)
                return True
            await gateway.permit("research", "answer")
            asked = gateway.on_behalf_of(f"question:{question.pk}")
            async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
                answer, note = await _answered(question, texts, chain, asked, is_last_try=_is_last_try(research))
            failpoint("research.answered")
            await sync_to_async(_record)(research, question, answer, note)
    await sync_to_async(_finish)(research, Research.Status.SUCCEEDED)
    return False


async def _read(research: Research, stack: AsyncExitStack) -> bool:
    """Read the lead's site and keep which pages it was; False when there is nothing to go by."""
    lead = research.lead
    crawler = await open_crawler(stack, workspace_id=research.workspace_id)
    async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
        site = await crawler.reader.read_site(
            lead.website or f"https://{lead.handle}/", topics=research.topics, max_pages=MOST_PAGES
        )
    return await sync_to_async(_record_pages)(research, site)


async def _answered(
    question: ResearchQuestion, texts: Sequence[ReadPage], chain: Chain, gateway: Gateway, *, is_last_try: bool
) -> tuple[Answer, str]:
    """Return the answer of the first model that gives one, else that of the passages, and who did not answer and why.

    Raises Unavailable, where waiting may help and this is not the last try, and RunStopped.
    """
    notes = [] if chain.tiers else [_("No language model is set up, so the best passages answer.")]
    while chain.tiers:
        model = chain.through(gateway)
        try:
            answer = await research_answers.by_model(model, question.text, question.looks_for, texts)
        except RunStopped:
            raise
        except RequestRejected as error:
            notes += [*model.passed_over, str(error)]
            chain = chain.without(model.answered_by) if model.answered_by else Chain()
        except (ProviderError, BudgetRefused) as error:
            if isinstance(error, Unavailable) and not is_last_try:
                raise
            notes += [*model.passed_over, str(error)]
            break
        else:
            return answer, " ".join([*notes, *model.passed_over])
    return research_answers.by_passages(question.looks_for, texts), " ".join(dict.fromkeys(notes))


def _is_last_try(research: Research) -> bool:
    return research.attempts >= settings.CANDIDATE_MAX_ATTEMPTS


# ── its rows ─────────────────────────────────────────────────────────────────────────────────────────────


def _claim(research_id: int) -> Research | None:
    """Take a research that is due; one whose workers died too often fails."""
    mine = Research.objects.due().filter(pk=research_id)
    spent = mine.filter(attempts__gte=settings.CANDIDATE_MAX_ATTEMPTS, status=Research.Status.RUNNING).first()
    if spent is not None:
        with contextlib.suppress(LeaseLost):
            fail(spent, _("Stopped: its worker died %(count)s times.") % {"count": settings.CANDIDATE_MAX_ATTEMPTS})
        return None
    if not mine.update(
        status=Research.Status.RUNNING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_expires_at=Research.lease_end(),
        not_before=None,
        problem="",
    ):
        return None
    return Research.objects.select_related("lead", "hunt").get(pk=research_id)


def _hold_on(research: Research, **columns: object) -> None:
    """Write `columns` of a research that is still ours, and keep it for another step. Raises LeaseLost."""
    mine = Research.objects.filter(pk=research.pk, fence=research.fence, status=Research.Status.RUNNING)
    if not mine.update(**{"lease_expires_at": Research.lease_end(), **columns}):
        raise LeaseLost
    failpoint("research.held_on")
    for name, value in columns.items():
        if not hasattr(value, "resolve_expression"):  # what the database works out stays there
            setattr(research, name, value)


def _record_pages(research: Research, site: ReadSite) -> bool:
    lead = research.lead
    texts = list(site.pages)
    if lead.record:
        texts.append(pages.record_page(lead.source_url, lead.record))
    if not texts:
        fail(research, site.problem or _("No page of the site could be read."))
        return False
    with transaction.atomic():
        Snapshot.keep([page.text for page in texts])
        kept = [{"url": page.url, "title": page.title, "sha256": page.sha256} for page in texts]
        _hold_on(research, pages=kept, site_problem=site.problem[:500], attempts=0)
    return True


def _open_questions(research: Research) -> list[ResearchQuestion]:
    return list(research.questions.filter(status=ResearchQuestion.Status.OPEN))


def _record(research: Research, question: ResearchQuestion, answer: Answer, note: str) -> None:
    """Save an answer with its proof, all or nothing, while the research is ours."""
    status = ResearchQuestion.Status.ANSWERED if answer.statements else ResearchQuestion.Status.NOTHING
    with transaction.atomic():
        _hold_on(research, attempts=0)
        ResearchQuestion.objects.filter(pk=question.pk).update(
            status=status,
            answered_by=answer.answered_by[:100],
            prompt_version=answer.prompt_version,
            note=note[:500],
            left_out=answer.left_out,
            answered_at=timezone.now(),
        )
        Statement.objects.bulk_create(
            Statement(
                question=question,
                position=at,
                text=said.text[:1_000],
                quote=said.place.text,
                url=said.place.url,
                snapshot_id=said.place.sha256,
                start=said.place.start,
                end=said.place.end,
                fetched_at=said.place.fetched_at,
            )
            for at, said in enumerate(answer.statements)
        )


def fail(research: Research, problem: str) -> None:
    """End a research with a reason that can be shown. Raises LeaseLost."""
    _finish(research, Research.Status.FAILED, problem)


def _finish(research: Research, status: str, problem: str = "") -> None:
    with transaction.atomic():
        _hold_on(
            research,
            status=status,
            problem=problem[:500],
            finished_at=timezone.now(),
            lease_expires_at=None,
            attempts=0,
        )
        ledger.close(research.budget_id)


def _try_later(research: Research, error: Unavailable | TimeoutError) -> None:
    """Put the research back for a later try, a little later each time; after the last one it fails."""
    message = str(error) or _("It took too long.")
    try:
        if research.attempts >= settings.CANDIDATE_MAX_ATTEMPTS:
            fail(research, message)
            return
        asked_for = error.retry_after if isinstance(error, Unavailable) else None
        _hold_on(
            research,
            status=Research.Status.QUEUED,
            problem=message[:500],
            not_before=Now() + before_next_try(research.attempts, asked_for),
            lease_expires_at=None,
        )
    except LeaseLost:
        logger.info("research.left")


def _hand_back(research: Research) -> None:
    """Give the claim up, unfinished, at once: the worker was told to go."""
    Research.objects.filter(pk=research.pk, fence=research.fence, status=Research.Status.RUNNING).update(
        status=Research.Status.QUEUED, attempts=0, lease_expires_at=None
    )
