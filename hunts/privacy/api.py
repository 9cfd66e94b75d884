"""The API's people: find what is known of one, hand it out, and erase it. The same functions as the pages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, BodyIn, Email, ProblemOut, Text, needs
from accounts.middleware import MemberRequest
from accounts.roles import Right
from hunts.privacy import erasing, looking, page, perhaps, tasks
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from leads.wanted import NobodyMeant, Wanted

people = Router(tags=["people"])

NOT_YET: dict[Any, Any] = {**PROBLEMS_OF_ONE, 409: ProblemOut}
Number = Annotated[int, Field(ge=1, lt=2**63)]


class PersonIn(BodyIn):
    """Whom a request is about: at least one of e-mail address, name, phone number and profile.

    A name counts at the company of `company`, its domain; without one it counts everywhere in the workspace.
    """

    email: Email | None = None
    name: Annotated[Text, Field(max_length=200)] = ""
    company: Annotated[Text, Field(max_length=253)] = ""
    phone: Annotated[Text, Field(max_length=60)] = ""
    profile: Annotated[Text, Field(max_length=300)] = ""


class PersonOut(Schema):
    """Somebody, by all that is known of them."""

    emails: list[str]
    phones: list[str]
    profiles: list[str]
    names: list[str]
    domains: list[str]


class LookupOut(Schema):
    """How a search for a person stands. `person` is who is erased; `perhaps` are those who may be the same.

    `problem` says why it failed, or waits. It is deleted with what it found at `expires_at`.
    """

    id: int
    status: Literal["queued", "running", "done", "failed"]
    steps_done: int
    steps: int
    places: int
    problem: str
    person: PersonOut
    perhaps: list[PersonOut]
    asked_at: datetime
    finished_at: datetime | None
    expires_at: datetime


class PlaceOut(Schema):
    """One row that tells of the person. `told` has its words by column; `stays` says why erasing leaves it as it is."""

    table: str
    id: int | str
    what: str
    about_nobody_else: bool
    told: dict[str, list[str]]
    source: str
    first_collected_at: str | None
    last_seen_at: str | None
    stays: str = ""
    perhaps: str = Field("", description="the name of who it tells of, where that is only perhaps the person")


class DownloadOut(Schema):
    """A file of leads that somebody downloaded, and that may name the person."""

    at: datetime
    person: int | None
    what: str


class FilesOut(Schema):
    kept: str
    downloads: list[DownloadOut]


class ExportOut(Schema):
    """Everything that is known of a person, with source and date."""

    person: PersonOut
    items: list[PlaceOut]
    files: FilesOut
    is_suppressed: bool
    not_covered: str
    found_at: datetime


class EraseIn(BodyIn):
    """Who is erased besides: the first names of those in `perhaps` who are the same person."""

    also: Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=20)] = []


class ErasureOut(Schema):
    """How an erasure stands; `rows` were emptied or deleted. The two last are about what all workspaces read."""

    id: int
    status: Literal["running", "settling", "done"]
    rows: int
    problem: str
    asked_at: datetime
    finished_at: datetime | None
    asked_of_operator_at: datetime | None
    done_by_operator_at: datetime | None


@people.post("/lookups", response={202: LookupOut, **PROBLEMS}, operation_id="look_up_person")
def look_up_person(request: MemberRequest, body: PersonIn) -> Status[dict[str, Any]]:
    """Have a worker look for a person: owners and admins. Ask how it stands until it is done or failed."""
    needs(request, Right.MANAGE)
    try:
        wanted = Wanted.of(**body.dict(exclude_none=True))
    except NobodyMeant as error:
        raise HttpError(422, str(error)) from error
    lookup = looking.begin(wanted, request.workspace, by=request.user)
    tasks.nudge_lookup(lookup.pk)
    return Status(202, _lookup_out(lookup))


@people.get("/lookups/{lookup_id}", response={200: LookupOut, **PROBLEMS_OF_ONE}, operation_id="read_lookup")
def read_lookup(request: MemberRequest, lookup_id: Number) -> dict[str, Any]:
    """How a lookup stands, and who is meant."""
    return _lookup_out(_lookup(request, lookup_id))


@people.get("/lookups/{lookup_id}/export", response={200: ExportOut, **NOT_YET}, operation_id="export_person")
def export_person(request: MemberRequest, lookup_id: Number, response: HttpResponse) -> dict[str, Any]:
    """Everything that was found: owners only. 409 until the lookup is done."""
    needs(request, Right.OWN)
    told = page.hand_out(_done(request, lookup_id))
    response["Cache-Control"] = "no-store"
    return told


@people.post("/lookups/{lookup_id}/erase", response={202: ErasureOut, **NOT_YET}, operation_id="erase_person")
def erase_person(request: MemberRequest, lookup_id: Number, body: EraseIn) -> Status[dict[str, Any]]:
    """Erase the person of a lookup for good, and keep them out: owners and admins. 409 until the lookup is done."""
    needs(request, Right.MANAGE)
    row = _done(request, lookup_id)
    person = perhaps.chosen(row.person, row.like_them, body.also)
    erasure = erasing.begin(person, workspace_id=request.workspace.pk, by=request.user, is_whole=True)
    tasks.nudge(erasure.pk)
    return Status(202, _erasure_out(erasure))


@people.get("/erasures/{erasure_id}", response={200: ErasureOut, **PROBLEMS_OF_ONE}, operation_id="read_erasure")
def read_erasure(request: MemberRequest, erasure_id: Number) -> dict[str, Any]:
    """How an erasure stands: it goes over everything twice, the second time half an hour later."""
    needs(request, Right.MANAGE)
    rows = Erasure.objects.visible_to(request.workspace).select_related("shared_request")
    return _erasure_out(get_object_or_404(rows, pk=erasure_id))


def _lookup(request: MemberRequest, lookup_id: int) -> Lookup:
    needs(request, Right.MANAGE)
    return get_object_or_404(Lookup.objects.visible_to(request.workspace).kept(), pk=lookup_id)


def _done(request: MemberRequest, lookup_id: int) -> Lookup:
    row = _lookup(request, lookup_id)
    if row.status != Lookup.Status.DONE:
        raise HttpError(409, _("The lookup is not done: it is %s now.") % row.get_status_display())
    return row


def _lookup_out(row: Lookup) -> dict[str, Any]:
    names = ("id", "status", "problem", "asked_at", "finished_at", "expires_at")
    return {
        **{name: getattr(row, name) for name in names},
        "steps_done": row.step,
        "steps": page.STEPS_OF_A_LOOKUP,
        "places": row.count,
        "person": row.person.to_json(),
        "perhaps": [one.to_json() for one in row.like_them],
    }


def _erasure_out(row: Erasure) -> dict[str, Any]:
    names = ("id", "status", "problem", "asked_at", "finished_at")
    asked = getattr(row, "shared_request", None)
    return {
        **{name: getattr(row, name) for name in names},
        "rows": row.total,
        "asked_of_operator_at": asked and asked.asked_at,
        "done_by_operator_at": asked and asked.done_at,
    }
