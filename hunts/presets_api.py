"""The API's presets and their schedules."""

from datetime import datetime, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import AfterValidator, ConfigDict, Field, StrictBool, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, BodyIn, ProblemOut, Words, editor
from accounts.middleware import MemberRequest
from hunts import listing, presets, schedules
from hunts.api import MOST_ID, HuntDetailOut, NotStartedOut, RunDetailOut
from hunts.forms import MOST_COMPANIES, MOST_DOLLARS, sources_for
from hunts.models import Hunt, Run
from hunts.preset_models import Preset, Schedule, Trigger
from hunts.presets import LONGEST_NAME, NotPossible, Outdated, Terms
from hunts.recurrence import Recurrence
from hunts.schedules import Plan
from leads.models import CompanyList

router = Router(tags=["presets"])

KnownIn = Literal["reuse", "leave_out"]
# What a field that may be left out, and not be null, is while it is.
LeftOut = SkipJsonSchema[None]
MOST_MICROUSD = MOST_DOLLARS * 1_000_000
MAY_BE_REFUSED: dict[Any, Any] = {409: ProblemOut, **PROBLEMS_OF_ONE}
MAY_NOT_START: dict[Any, Any] = {409: NotStartedOut, **PROBLEMS_OF_ONE}


# Of a day by the clocks of a place: without an offset, which RFC 3339 would have.
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"
# Which of them a schedule has: as `_has_its_day` says, for whoever reads the description.
DAYS: dict[str, Any] = {
    "oneOf": [
        {"properties": {"frequency": {"const": name}, **{key: {"type": kind} for key, kind in days.items()}}, **more}
        for name, days, more in (
            ("daily", {"weekday": "null", "day": "null"}, {}),
            ("weekly", {"weekday": "integer", "day": "null"}, {"required": ["weekday"]}),
            ("monthly", {"weekday": "null", "day": "integer"}, {"required": ["day"]}),
        )
    ]
}


@cache
def _zones() -> list[str]:
    """Return the names of all time zones: to look for them is a walk through hundreds of files."""
    return sorted(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin")
    return name


def _with_zones(schema: dict[str, Any]) -> None:
    schema["enum"] = _zones()


class ScheduleOut(Schema):
    """When a preset runs by itself; `next_at` counts while `paused_at` is null."""

    frequency: str
    weekday: int | None
    day: int | None
    at: Annotated[time, WithJsonSchema({"type": "string", "pattern": CLOCK})]
    time_zone: str
    known: str
    max_spend_microusd: int
    next_at: datetime
    paused_at: datetime | None
    pause_reason: str
    version: int


class PresetOut(Schema):
    """A hunt under a name. `version` counts its changes: a change names the version that it was made on."""

    id: int
    hunt_id: int
    name: str
    is_shared: bool
    known: str
    version: int
    created_at: datetime
    changed_at: datetime
    schedule: ScheduleOut | None

    @staticmethod
    def resolve_schedule(preset: Preset) -> Schedule | None:
        return listing.schedule_of(preset)


class PresetDetailOut(PresetOut):
    """A preset with its hunt: the profile, the source and the limits."""

    hunt: HuntDetailOut


class PresetsOut(Schema):
    """The presets that one may see: shared ones and one's own, by name."""

    items: list[PresetOut]


class PresetIn(BodyIn):
    """A hunt to keep under a name. A hunt that is a preset already is copied."""

    hunt_id: int = Field(ge=1, lt=MOST_ID)
    name: Words = Field(max_length=LONGEST_NAME)
    is_shared: StrictBool = False
    known: KnownIn = "reuse"


class PresetChange(BodyIn):
    """What to change; what is left out stays. `version` is the one that the change was made on."""

    version: int = Field(ge=1, lt=2**31)
    name: Annotated[Words, Field(max_length=LONGEST_NAME)] | LeftOut = None
    is_shared: StrictBool | LeftOut = None
    known: KnownIn | LeftOut = None
    source: Literal["directory", "exa", "file", "sandbox"] | LeftOut = None
    company_list_id: int | None = Field(None, ge=1, lt=MOST_ID, description="where `source` is `file`")
    limit: Annotated[int, Field(ge=1, le=MOST_COMPANIES)] | LeftOut = None
    max_leads: int | None = Field(None, ge=1, le=MOST_COMPANIES)
    max_spend_microusd: Annotated[int, Field(ge=0, le=MOST_MICROUSD)] | LeftOut = None


class ScheduleIn(BodyIn):
    """When a preset is to run by itself, in the name of whoever sends this.

    A time that a day does not have, where clocks are put forward, is due at the first minute after it that exists.
    """

    model_config = ConfigDict(json_schema_extra=DAYS)

    frequency: Literal["daily", "weekly", "monthly"]
    weekday: int | None = Field(None, ge=0, le=6, description="0 is Monday; of a weekly one")
    day: int | None = Field(None, ge=1, le=31, description="or the month's last day; of a monthly one")
    at: str = Field(pattern=CLOCK, description="by the clocks of the time zone: 09:00")
    time_zone: Annotated[str, AfterValidator(_known_zone), Field(json_schema_extra=_with_zones)] = "UTC"
    known: KnownIn = "leave_out"
    max_spend_microusd: int = Field(ge=0, le=MOST_MICROUSD, description="what one run may spend")
    version: int = Field(0, ge=0, lt=2**31, description="of the schedule that this takes the place of; 0: of none")

    @model_validator(mode="after")
    def _has_its_day(self) -> "ScheduleIn":
        if (self.weekday is not None) != (self.frequency == "weekly"):
            raise ValueError("a weekly schedule, and no other, has a weekday")
        if (self.day is not None) != (self.frequency == "monthly"):
            raise ValueError("a monthly schedule, and no other, has a day")
        return self

    @property
    def plan(self) -> Plan:
        at = time.fromisoformat(self.at).replace(second=0, microsecond=0)
        when = Recurrence(self.frequency, at, self.time_zone, weekday=self.weekday, day=self.day)
        return Plan(when, self.known, self.max_spend_microusd)


def _one(request: MemberRequest, preset_id: int) -> Preset:
    visible = Preset.objects.visible_to(request.workspace, request.user)
    return get_object_or_404(visible.select_related("hunt__workspace", "workspace", "schedule"), pk=preset_id)


@router.get("", response={200: PresetsOut, **PROBLEMS}, operation_id="list_presets")
def list_presets(request: MemberRequest) -> dict[str, object]:
    """The presets that one may see."""
    visible = Preset.objects.visible_to(request.workspace, request.user)
    return {"items": list(visible.select_related("schedule").order_by("name", "pk"))}


@router.post("", response={201: PresetDetailOut, **MAY_BE_REFUSED}, operation_id="create_preset")
def create_preset(request: MemberRequest, asked: PresetIn) -> Status[Preset]:
    """Keep a hunt under a name; 409 where another preset has the name."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=asked.hunt_id)
    editor(request)
    try:
        preset = presets.save(hunt, asked.name, by=request.user, is_shared=asked.is_shared, known=asked.known)
    except NotPossible as error:
        raise HttpError(409, str(error)) from error
    return Status(201, preset)


@router.get("/{int:preset_id}", response={200: PresetDetailOut, **PROBLEMS_OF_ONE}, operation_id="read_preset")
def read_preset(request: MemberRequest, preset_id: int) -> Preset:
    """One preset with its profile and limits."""
    return _one(request, preset_id)


@router.patch("/{int:preset_id}", response={200: PresetDetailOut, **MAY_BE_REFUSED}, operation_id="change_preset")
def change_preset(request: MemberRequest, preset_id: int, asked: PresetChange) -> Preset:
    """Change a preset; 409 where somebody else changed it since `version`, or another one has the name."""
    preset = _one(request, preset_id)
    editor(request)
    try:
        presets.change(preset, _changed(preset, asked), seen=asked.version, by=request.user)
    except NotPossible as error:
        raise HttpError(409, str(error)) from error
    return _one(request, preset_id)


def _changed(preset: Preset, asked: PresetChange) -> Terms:
    """Return the terms of a preset with what was sent in their place. Raises HttpError for what cannot be."""
    sent = asked.dict(exclude_unset=True, exclude={"version", "company_list_id"})
    if empty := [name for name, value in sent.items() if value is None and name != "max_leads"]:
        raise HttpError(422, _("%(name)s cannot be null: leave it out.") % {"name": empty[0]})
    now = presets.terms_of(preset)
    source = sent.get("source", now.source)
    company_list = now.company_list
    if asked.company_list_id is not None:
        company_list = get_object_or_404(CompanyList.objects.visible_to(preset.workspace), pk=asked.company_list_id)
    if source == "file" and (company_list is None or company_list.deleted_at):
        raise HttpError(422, _("Choose the file to look through."))
    problems = {one["value"]: one["problem"] for one in sources_for(preset.workspace)}
    if source != now.source and (refused := problems.get(source, _("This source is not available here."))):
        raise HttpError(422, str(refused))
    values = {name: getattr(now, name) for name in Terms.__slots__} | sent
    return Terms(**(values | {"company_list": company_list}))


@router.delete("/{int:preset_id}", response={204: None, **PROBLEMS_OF_ONE}, operation_id="delete_preset")
def delete_preset(request: MemberRequest, preset_id: int) -> Status[None]:
    """Delete a preset and its schedule; its hunt, runs and leads stay."""
    preset = _one(request, preset_id)
    editor(request)
    presets.delete(preset)
    return Status(204, None)


@router.post("/{int:preset_id}/run", response={201: RunDetailOut, **MAY_NOT_START}, operation_id="run_preset")
def run_preset(request: MemberRequest, preset_id: int) -> Status[Run]:
    """Start a run of a preset; 409 where one is going on (with its `run_id`), or it cannot start as it is."""
    preset = _one(request, preset_id)
    editor(request)
    try:
        return Status(201, presets.run(preset, by=request.user, trigger=Trigger.API))
    except NotPossible as error:
        raise HttpError(409, str(error)) from error


@router.post("/{int:preset_id}/clone", response={201: PresetDetailOut, **MAY_BE_REFUSED}, operation_id="clone_preset")
def clone_preset(request: MemberRequest, preset_id: int) -> Status[Preset]:
    """Make a private copy of a preset, without its schedule; 409 where another request took its name meanwhile."""
    preset = _one(request, preset_id)
    editor(request)
    try:
        return Status(201, presets.clone(preset, by=request.user))
    except NotPossible as error:
        raise HttpError(409, str(error)) from error


@router.put("/{int:preset_id}/schedule", response={200: ScheduleOut, **MAY_BE_REFUSED}, operation_id="put_schedule")
def put_schedule(request: MemberRequest, preset_id: int, asked: ScheduleIn) -> Schedule:
    """Give a preset this schedule; 409 where somebody else changed it since `version`."""
    preset = _one(request, preset_id)
    editor(request)
    try:
        return schedules.put(preset, asked.plan, by=request.user, seen=asked.version)
    except Outdated as error:
        raise HttpError(409, str(error)) from error


@router.delete("/{int:preset_id}/schedule", response={204: None, **PROBLEMS_OF_ONE}, operation_id="delete_schedule")
def delete_schedule(request: MemberRequest, preset_id: int) -> Status[None]:
    """Delete the schedule of a preset; its runs stay."""
    preset = _one(request, preset_id)
    editor(request)
    schedules.remove(get_object_or_404(Schedule.objects.kept(), preset=preset))
    return Status(204, None)
