"""The API's company lists."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts.api import PROBLEMS, PROBLEMS_OF_ONE, BodyIn, ProblemOut, Words, editor
from accounts.middleware import MemberRequest
from hunts import company_lists
from hunts.api import PageIn, page_of
from hunts.company_lists import LONGEST_NAME
from leads.models import CompanyList

router = Router(tags=["lists"])
MAY_BE_REFUSED: dict[Any, Any] = {409: ProblemOut, **PROBLEMS_OF_ONE}


class CompanyListOut(Schema):
    """A file of companies that was uploaded: hunts look through it, alone or with the rest of the directory."""

    id: int
    name: str
    companies: int
    created_at: datetime
    uploaded_by: str = Field(description="their e-mail address; empty where nobody is known")


class CompanyListDetailOut(CompanyListOut):
    """A list, and how many hunts, presets and schedules look through it: they cannot run once it is deleted."""

    hunts: int
    presets: int
    schedules: int


class CompanyListsOut(Schema):
    """A page of lists, newest first, and the cursor of the next one (null after the last)."""

    items: list[CompanyListOut]
    next_cursor: int | None


class ListNameIn(BodyIn):
    """What a list is to be called."""

    name: Words = Field(max_length=LONGEST_NAME)


def _told(lists: Iterable[CompanyList]) -> list[dict[str, Any]]:
    rows = list(lists)
    sizes = company_lists.sizes(rows)
    return [
        {
            "id": one.pk,
            "name": one.name,
            "companies": sizes.get(one.pk, 0),
            "created_at": one.created_at,
            "uploaded_by": one.uploaded_by.email if one.uploaded_by else "",
        }
        for one in rows
    ]


def _one(request: MemberRequest, list_id: int) -> CompanyList:
    lists = CompanyList.objects.visible_to(request.workspace).select_related("workspace", "uploaded_by")
    return get_object_or_404(lists, pk=list_id)


@router.get("", response={200: CompanyListsOut, **PROBLEMS}, operation_id="list_company_lists")
def list_company_lists(request: MemberRequest, asked: Query[PageIn]) -> dict[str, object]:
    """The lists that the workspace uploaded, newest first."""
    page = page_of(CompanyList.objects.visible_to(request.workspace).select_related("uploaded_by"), asked)
    return {"items": _told(page.items), "next_cursor": page.next_cursor}


@router.get("/{int:list_id}", response={200: CompanyListDetailOut, **PROBLEMS_OF_ONE}, operation_id="read_company_list")
def read_company_list(request: MemberRequest, list_id: int) -> dict[str, object]:
    """One list, and what looks through it."""
    companies = _one(request, list_id)
    uses = company_lists.uses_of(companies, request.user)
    used = {"hunts": uses.hunt_count, "presets": uses.preset_count, "schedules": uses.schedules}
    return _told([companies])[0] | used


@router.patch("/{int:list_id}", response={200: CompanyListOut, **MAY_BE_REFUSED}, operation_id="rename_company_list")
def rename_company_list(request: MemberRequest, list_id: int, asked: ListNameIn) -> dict[str, object]:
    """Give a list another name; 409 where another list has it."""
    companies = _one(request, list_id)
    editor(request)
    try:
        company_lists.rename(companies, asked.name)
    except company_lists.NotPossible as error:
        raise HttpError(409, str(error)) from error
    return _told([companies])[0]


@router.delete("/{int:list_id}", response={204: None, **PROBLEMS_OF_ONE}, operation_id="delete_company_list")
def delete_company_list(request: MemberRequest, list_id: int) -> Status[None]:
    """Delete a list: nothing searches it any more. Past runs and leads stay, and it can be restored for 30 days."""
    companies = _one(request, list_id)
    editor(request)
    company_lists.delete(companies)
    return Status(204, None)


@router.post(
    "/{int:list_id}/restore", response={200: CompanyListOut, **MAY_BE_REFUSED}, operation_id="restore_company_list"
)
def restore_company_list(request: MemberRequest, list_id: int) -> dict[str, object]:
    """Bring a deleted list back; 409 where another one has its name by now, or the workspace has no room for it."""
    companies = get_object_or_404(company_lists.deleted(request.workspace).select_related("uploaded_by"), pk=list_id)
    editor(request)
    try:
        company_lists.restore(companies)
    except company_lists.NotPossible as error:
        raise HttpError(409, str(error)) from error
    return _told([companies])[0]
