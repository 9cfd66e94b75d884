"""The API's hunts and runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, BodyIn, ProblemOut, Words, editor
from accounts.middleware import MemberRequest
from hunts import baselines, deleting, launch, preset_page, presets, reports
from hunts.brief import MAX_LENGTH, BriefUnreadable, read_brief
from hunts.forms import MOST_COMPANIES, MOST_DOLLARS, sources_for
from hunts.icp import Icp
from hunts.models import Hunt, Run
from hunts.preset_models import Trigger

hunts = Router(tags=["hunts"])
runs = Router(tags=["runs"])

MOST_ID = 2**63
Row = TypeVar("Row", bound=Model)


class RangeOut(Schema):
    """A closed range of whole numbers; null is an open end."""

    min: int | None
    max: int | None


class CriterionOut(Schema):
    """What companies are judged by: a sentence, how much it matters, and its weight."""

    key: str
    text: str
    kind: str
    weight: int
    facet: str


class ProfileOut(Schema):
    """The ideal customer profile as it was read out of the brief. Countries are ISO 3166 alpha-2 codes."""

    brief: str
    industries: list[str]
    keywords: list[str]
    excluded: list[str]
    countries: list[str]
    regions: list[str]
    events: list[str]
    roles: list[str]
    employees: RangeOut
    founded_year: RangeOut
    criteria: list[CriterionOut]
    language: str
    read_by: str


class HuntOut(Schema):
    """What to look for, saved. Each execution of it is a run."""

    id: int
    name: str
    source: str
    limit: int
    max_spend_microusd: int
    max_leads: int | None = Field(description="a run stops when it has so many qualified leads; null is no limit")
    created_at: datetime


class HuntDetailOut(HuntOut):
    """A hunt with its profile."""

    profile: ProfileOut

    @staticmethod
    def resolve_profile(hunt: Hunt) -> Icp:
        return hunt.icp


class HuntIn(BodyIn):
    """A new hunt. Nothing is started and nothing spent: start a run of it."""

    brief: Words = Field(max_length=MAX_LENGTH, description="the companies that you want, in your own words")
    source: Literal["directory", "exa", "sandbox"] = "directory"
    limit: int = Field(50, ge=1, le=MOST_COMPANIES, description="how many companies a run looks at")
    max_spend_microusd: int = Field(0, ge=0, le=MOST_DOLLARS * 1_000_000, description="what one run may spend")
    max_leads: int | None = Field(
        None,
        ge=1,
        le=MOST_COMPANIES,
        description="a run stops when it has so many qualified leads; null, or left out, is no limit",
    )


class HuntsOut(Schema):
    """A page of hunts, newest first, and the cursor of the next one (null after the last)."""

    items: list[HuntOut]
    next_cursor: int | None


class StepOut(Schema):
    """One step of the funnel, and how many companies have come at least that far."""

    name: str
    count: int


class ProgressOut(Schema):
    """How far a run is. Money is whole micro-dollars, `share` 0 to 1.

    Of the `found`, the workspace had `known` as leads before; `repeats` is how often the searches named one again.
    """

    found: int
    known: int
    new: int
    repeats: int
    judged: int
    qualified: int
    failed: int
    cached: int
    duplicates: int
    with_contact: int
    share: float
    eta_seconds: int | None
    seconds: float
    spent_microusd: int
    cap_microusd: int
    tiers: dict[str, int] = Field(alias="by_tier")
    funnel: list[StepOut]


class RunOut(Schema):
    """One execution of a hunt."""

    id: int
    hunt_id: int
    status: str
    note: str
    ceiling: str = Field(description="the limit of spending that it was paused at, '' where that is not why")
    summary: str
    source: str
    limit: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class WarningOut(Schema):
    """What a run has that the runs of the 30 days before it had not: a figure, their median, and what to do."""

    measure: str
    value: float
    average: float
    runs: int
    text: str
    advice: str

    @staticmethod
    def resolve_measure(deviation: baselines.Deviation) -> str:
        return deviation.measure.name

    @staticmethod
    def resolve_average(deviation: baselines.Deviation) -> float:
        return deviation.usual


class RunDetailOut(RunOut):
    """A run, how far it is, and, when it is over, in what it went unlike the ones before."""

    progress: ProgressOut
    warnings: list[WarningOut]

    @staticmethod
    def resolve_warnings(run: Run) -> list[baselines.Deviation]:
        return baselines.warnings_of(run)

    @staticmethod
    def resolve_progress(run: Run) -> reports.Progress:
        return reports.progress(run)


class NotStartedOut(ProblemOut):
    """Why nothing was started or changed; `run_id` is the run that is going on already, if that is why."""

    run_id: int | None = None


class RunsOut(Schema):
    """A page of runs, newest first, and the cursor of the next one (null after the last)."""

    items: list[RunOut]
    next_cursor: int | None


class PageIn(Schema):
    """Which page of a list."""

    cursor: int = Field(MOST_ID - 1, ge=0, lt=MOST_ID, description="`next_cursor` of the page before")
    limit: int = Field(50, ge=1, le=200)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the cursor of the next page."""

    items: list[Row]
    next_cursor: int | None


def page_of(rows: QuerySet[Row], asked: PageIn) -> Page[Row]:
    found = list(rows.filter(pk__lt=asked.cursor).order_by("-pk")[: asked.limit + 1])
    items = found[: asked.limit]
    return Page(items, items[-1].pk if len(found) > asked.limit else None)


@hunts.get("", response={200: HuntsOut, **PROBLEMS}, operation_id="list_hunts")
def list_hunts(request: MemberRequest, asked: Query[PageIn]) -> Page[Hunt]:
    """Hunts of the workspace, newest first."""
    return page_of(Hunt.objects.visible_to(request.workspace), asked)


@hunts.post("", response={201: HuntDetailOut, 409: ProblemOut, **PROBLEMS}, operation_id="create_hunt")
def create_hunt(request: MemberRequest, asked: HuntIn) -> Status[Hunt]:
    """Read a brief and save what it asks for; 409 where the workspace has as many hunts as it may."""
    editor(request)
    try:
        icp = read_brief(asked.brief)
    except BriefUnreadable as error:
        raise HttpError(422, str(error)) from error
    offered = {source["value"]: source["problem"] for source in sources_for(request.workspace)}
    if refused := offered.get(asked.source, _("This source is not available here.")):
        raise HttpError(422, str(refused))
    hunt = launch.save_hunt(
        request.workspace,
        icp,
        source=asked.source,
        limit=asked.limit,
        max_spend_microusd=asked.max_spend_microusd,
        max_leads=asked.max_leads,
        by=request.user,
    )
    return Status(201, hunt)


@hunts.get("/{int:hunt_id}", response={200: HuntDetailOut, **PROBLEMS_OF_ONE}, operation_id="read_hunt")
def read_hunt(request: MemberRequest, hunt_id: int) -> Hunt:
    """One hunt with its profile."""
    return get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=hunt_id)


@hunts.get("/{int:hunt_id}/runs", response={200: RunsOut, **PROBLEMS_OF_ONE}, operation_id="list_runs")
def list_runs(request: MemberRequest, hunt_id: int, asked: Query[PageIn]) -> Page[Run]:
    """The runs of a hunt, newest first."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=hunt_id)
    return page_of(hunt.runs.kept().select_related("figures"), asked)


@hunts.post(
    "/{int:hunt_id}/runs",
    response={201: RunDetailOut, 409: NotStartedOut, **PROBLEMS_OF_ONE},
    operation_id="start_run",
)
def start_run(request: MemberRequest, hunt_id: int) -> Status[Run]:
    """Start a run of a hunt; it may spend up to the hunt's limit. 409 with `run_id` where one is going on already.

    Where the hunt was saved as a preset, it leaves out or shows known companies as that says.
    """
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=hunt_id)
    editor(request)
    preset = preset_page.preset_of(hunt, request.workspace, request.user)
    try:
        return Status(201, presets.run_hunt(hunt, preset, by=request.user, trigger=Trigger.API))
    except presets.NotPossible as error:
        raise HttpError(409, str(error)) from error


@hunts.delete("/{int:hunt_id}", response={204: None, **PROBLEMS_OF_ONE}, operation_id="delete_hunt")
def delete_hunt(request: MemberRequest, hunt_id: int) -> Status[None]:
    """Delete a hunt with its runs; what is going on is cancelled. Leads stay, and it can be restored for 30 days."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=hunt_id)
    editor(request)
    deleting.delete_hunt(hunt)
    return Status(204, None)


@hunts.post(
    "/{int:hunt_id}/restore",
    response={200: HuntDetailOut, 409: ProblemOut, **PROBLEMS_OF_ONE},
    operation_id="restore_hunt",
)
def restore_hunt(request: MemberRequest, hunt_id: int) -> Hunt:
    """Bring a deleted hunt back, with its runs; those that were cancelled stay cancelled.

    409 where the workspace has as many hunts as it may.
    """
    hunt = get_object_or_404(deleting.deleted_hunts(request.workspace), pk=hunt_id)
    editor(request)
    deleting.restore_hunt(hunt)
    return hunt


@runs.get("/{int:run_id}", response={200: RunDetailOut, **PROBLEMS_OF_ONE}, operation_id="read_run")
def read_run(request: MemberRequest, run_id: int) -> Run:
    """One run, and how far it is."""
    return get_object_or_404(Run.objects.visible_to(request.workspace), pk=run_id)


@runs.delete("/{int:run_id}", response={204: None, 409: ProblemOut, **PROBLEMS_OF_ONE}, operation_id="delete_run")
def delete_run(request: MemberRequest, run_id: int) -> Status[None]:
    """Delete a run that is over (409 while it is not). Leads stay, and it can be restored for 30 days."""
    run = get_object_or_404(Run.objects.visible_to(request.workspace), pk=run_id)
    editor(request)
    if not deleting.delete_run(run):
        raise HttpError(409, _("The run is not over. Cancel it first; then it can be deleted."))
    return Status(204, None)


@runs.post(
    "/{int:run_id}/{action}",
    response={200: RunDetailOut, 409: NotStartedOut, **PROBLEMS_OF_ONE},
    operation_id="change_run",
)
def change_run(request: MemberRequest, run_id: int, action: Literal["pause", "resume", "cancel"]) -> Run:
    """Pause, resume or cancel a run; 409 where it has moved on meanwhile, or another run of its hunt goes on."""
    run = get_object_or_404(Run.objects.visible_to(request.workspace), pk=run_id)
    editor(request)
    if not launch.change(run, action):
        raise HttpError(409, _("The run has moved on meanwhile: it is %s now.") % run.get_status_display())
    return run
