"""The API's further operations on runs: retry from a stage, raise the limit, read the companies and the log."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Body, Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS_OF_ONE, BodyIn, Text, editor
from accounts.middleware import MemberRequest
from hunts import deleting, launch, logs, retrying, runpage
from hunts.api import MOST_ID, NotStartedOut, PageIn, RunDetailOut
from hunts.forms import MOST_DOLLARS
from hunts.models import Candidate, Run

router = Router(tags=["runs"])

RetryStage = Literal["prescreen", "crawl", "qualify", "enrich", "score", "deliver"]
CandidateId = Annotated[int, Field(ge=1, lt=MOST_ID)]
MOST_CANDIDATES = 900  # an address may have 1,000 values in all


class RetryAsked(Schema):
    """What to do again. Without a stage, what failed, each company where it failed."""

    stage: RetryStage | None = None
    # The list stands bare in its annotation, or a query of several is not read as one.
    candidate_ids: list[CandidateId] | None = Field(default=None, min_length=1, max_length=MOST_CANDIDATES)
    failed_only: bool = False

    @property
    def asked(self) -> retrying.Asked:
        ids = None if self.candidate_ids is None else tuple(self.candidate_ids)
        return retrying.Asked(self.stage or "", ids, self.failed_only)


class RetryIn(RetryAsked, BodyIn):
    """The same, as a body."""


class RetryPreviewOut(Schema):
    """What a retry would do. Money is whole micro-dollars; `problem` says why it cannot be done now, or ''."""

    stage: str
    companies: int = Field(alias="count")
    from_earlier: int = Field(description="companies that begin before the stage, because their pages are not kept")
    does: str
    reuses: str
    worst_case_microusd: int
    left_microusd: int = Field(description="what the run may still spend; it stops there")
    problem: str

    @staticmethod
    def resolve_stage(preview: retrying.Preview) -> str:
        return preview.asked.stage


class LimitIn(BodyIn):
    """A new spending limit, higher than the one that the run has now."""

    max_spend_microusd: int = Field(ge=0, le=MOST_DOLLARS * 1_000_000)


class CandidateOut(Schema):
    """One company's way through a run."""

    id: int
    lead_id: int
    name: str
    handle: str
    stage: str
    status: str
    reason: str
    tier: str
    score: float | None
    is_cached: bool

    @staticmethod
    def resolve_name(candidate: Candidate) -> str:
        return candidate.lead.name

    @staticmethod
    def resolve_handle(candidate: Candidate) -> str:
        return candidate.lead.handle


class CandidatesOut(Schema):
    """A page of companies, those found last first, and the cursor of the next one (null after the last)."""

    items: list[CandidateOut]
    next_cursor: int | None


class CandidatesIn(PageIn):
    """Which companies: by default those that were not rejected."""

    show: Literal["", "qualified", "failed", "hidden", "all"] = ""


class LogIn(Schema):
    """Which lines of a log; the cursor is `next_cursor` of the page before."""

    level: Literal["", "info", "warning", "error"] = ""
    stage: Literal["", "run", "discover", "dedupe", "prescreen", "crawl", "qualify", "enrich", "score", "deliver"] = ""
    q: Text = Field("", max_length=logs.LONGEST_SEARCH)
    cursor: Text = Field("", max_length=30)
    limit: int = Field(100, ge=1, le=500)


class LogLineOut(Schema):
    """One line of a log."""

    id: int
    created_at: datetime
    level: str
    stage: str
    message: str
    candidate_id: int | None


class LogOut(Schema):
    """A page of lines: errors, warnings, then the others, each newest first; and how many lines of each level.

    Where words are looked for, no more than 1,000 lines of a level are counted.
    """

    items: list[LogLineOut]
    counts: dict[str, int]
    next_cursor: str | None


def _run(request: MemberRequest, run_id: int) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.workspace).select_related("hunt", "figures"), pk=run_id)


@router.get("/{int:run_id}/retry", response={200: RetryPreviewOut, **PROBLEMS_OF_ONE}, operation_id="preview_retry")
def preview_retry(request: MemberRequest, run_id: int, asked: Query[RetryAsked]) -> retrying.Preview:
    """What a retry would do, use again and cost at most. Changes nothing."""
    return retrying.preview(_run(request, run_id), asked.asked)


@router.post(
    "/{int:run_id}/retry", response={200: RunDetailOut, 409: NotStartedOut, **PROBLEMS_OF_ONE}, operation_id="retry_run"
)
def retry_run(request: MemberRequest, run_id: int, asked: Annotated[RetryIn | None, Body()] = None) -> Run:
    """Begin again from a stage: all that came to it, what failed, or single companies. Without a body, what failed.

    409 where nothing can be done again now: the run is going on, somebody was first, or nothing came that far.
    """
    run = _run(request, run_id)
    editor(request)
    launch.retry(run, (asked or RetryIn()).asked, by=request.user)
    return run


@router.post(
    "/{int:run_id}/limit",
    response={200: RunDetailOut, 409: NotStartedOut, **PROBLEMS_OF_ONE},
    operation_id="raise_limit",
)
def raise_limit(request: MemberRequest, run_id: int, asked: LimitIn) -> Run:
    """Allow a paused run to spend more, and go on; 409 where it is not paused, or that is not more."""
    run = _run(request, run_id)
    editor(request)
    if not launch.raise_limit(run, asked.max_spend_microusd):
        raise HttpError(409, _("The run is not paused, or this is not more than it may spend now."))
    return run


@router.get(
    "/{int:run_id}/candidates", response={200: CandidatesOut, **PROBLEMS_OF_ONE}, operation_id="list_candidates"
)
def list_candidates(request: MemberRequest, run_id: int, asked: Query[CandidatesIn]) -> dict[str, Any]:
    """The companies of a run, with what became of each and why."""
    found = _run(request, run_id).candidates.filter(runpage.SHOWN[asked.show], pk__lt=asked.cursor)
    rows = list(found.select_related("lead").order_by("-pk")[: asked.limit + 1])
    items = rows[: asked.limit]
    return {"items": items, "next_cursor": items[-1].pk if len(rows) > asked.limit else None}


@router.get("/{int:run_id}/log", response={200: LogOut, **PROBLEMS_OF_ONE}, operation_id="read_log")
def read_log(request: MemberRequest, run_id: int, asked: Query[LogIn]) -> dict[str, Any]:
    """The log of a run by level, stage and words."""
    run, wanted = _run(request, run_id), logs.wanted(asked.dict())
    page, counts = logs.look(run, wanted, asked.cursor, size=asked.limit)
    return {"items": page.lines, "counts": counts, "next_cursor": page.following or None}


@router.post("/{int:run_id}/restore", response={200: RunDetailOut, **PROBLEMS_OF_ONE}, operation_id="restore_run")
def restore_run(request: MemberRequest, run_id: int) -> Run:
    """Bring a deleted run back."""
    run = get_object_or_404(deleting.deleted_runs(request.workspace), pk=run_id)
    editor(request)
    deleting.restore_run(run)
    return run
