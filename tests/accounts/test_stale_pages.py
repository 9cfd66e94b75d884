"""Two tabs, two workspaces: nothing is sent into the wrong one, and what is in the other one is told of."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User, Workspace
from config.elsewhere import PAGES
from config.tenancy import OWNED
from tests.conftest import signed_in
from tests.factories import HuntFactory, LeadFactory, MembershipFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db) -> User:
    """An owner of two workspaces, "First" and "Second"."""
    user = MembershipFactory(workspace=WorkspaceFactory(name="First")).user
    MembershipFactory(user=user, workspace=WorkspaceFactory(name="Second"))
    return user


@pytest.fixture
def first(ada) -> Workspace:
    return ada.workspaces.get(name="First")


@pytest.fixture
def second(ada) -> Workspace:
    return ada.workspaces.get(name="Second")


@pytest.fixture
def in_second(ada, second) -> Client:
    """Ada's browser, after she went to Second in another tab."""
    client = signed_in(ada)
    client.post(f"/workspaces/{second.pk}/switch")
    return client


def rename(client: Client, page_of: int | str | None, **headers: str):
    told = {"name": "Renamed"} | ({} if page_of is None else {"of-workspace": str(page_of)})
    return client.post("/settings/workspace", told, headers=headers)


def names() -> set[str]:
    return set(Workspace.objects.values_list("name", flat=True))


def test_a_page_says_which_workspace_it_is_of(in_second, second):
    assert f'data-workspace="{second.pk}"' in in_second.get("/hunts/").text
    assert "data-workspace" not in Client().get("/accounts/login/").text


def test_what_is_sent_from_a_page_of_another_workspace_changes_nothing_and_says_how_to_go_back(in_second, first):
    answer = rename(in_second, first.pk)
    assert answer.status_code == 409
    assert "It belongs to “First”; you are in “Second” now" in answer.text
    assert f"/workspaces/{first.pk}/switch" in answer.text
    assert names() == {"First", "Second"}
    in_second.post(f"/workspaces/{first.pk}/switch")
    assert rename(in_second, first.pk).status_code == 302
    assert names() == {"Renamed", "Second"}


def test_a_part_of_a_page_is_answered_by_a_part(in_second, first):
    answer = rename(in_second, None, **{"X-Of-Workspace": str(first.pk), "HX-Request": "true"})
    assert (answer.status_code, answer["X-Of-Workspace"]) == (409, "another")
    assert "<html" not in answer.text
    assert names() == {"First", "Second"}


@pytest.mark.parametrize("kind", ["foreign", "unknown", "nonsense"])
def test_a_workspace_that_is_not_ones_own_is_not_named_whether_it_is_there_or_not(in_second, kind):
    foreign = WorkspaceFactory(name="Secret Ltd").pk
    said = {"foreign": str(foreign), "unknown": "999999", "nonsense": "'; --" * 9}[kind]
    answer = rename(in_second, said)
    assert answer.status_code == 409
    assert "Secret" not in answer.text
    assert "You are no member of it" in answer.text


def test_who_was_removed_from_the_workspace_of_the_page_is_told(in_second, ada, first):
    Membership.objects.filter(user=ada, workspace=first).delete()
    assert "You are no member of it" in rename(in_second, first.pk).text


def test_without_the_script_forms_work_as_ever(in_second):
    assert rename(in_second, None).status_code == 302
    assert "Renamed" in names()


def test_going_to_another_workspace_works_from_any_tab(in_second, first):
    answer = in_second.post(f"/workspaces/{first.pk}/switch", {"of-workspace": str(first.pk)})
    assert answer.status_code == 302


@pytest.mark.parametrize("deleted", [False, True])
def test_a_row_in_another_workspace_of_mine_is_told_of_and_opened_from_there(in_second, first, deleted):
    lead = LeadFactory(workspace=first, name="Acme")
    if deleted:
        lead.delete()
    answer = in_second.get(f"/leads/{lead.pk or 1}/")
    assert answer.status_code == 404
    assert ("in your workspace “First”" in answer.text) is not deleted
    if not deleted:
        assert "Acme" in in_second.get(f"/leads/{lead.pk}/?workspace={first.pk}", follow=True).text


def said(answer) -> str:
    """Return what a page says, without what differs from one answer to the next."""
    return answer.text.partition("<main")[2].partition("</main>")[0]


def test_a_row_of_somebody_else_is_as_unknown_as_one_that_never_was(in_second):
    there, nowhere = in_second.get(f"/hunts/{HuntFactory().pk}/"), in_second.get("/hunts/999999/")
    assert there.status_code == nowhere.status_code == 404
    assert said(there) == said(nowhere) != ""


def test_only_a_page_that_is_not_found_asks_for_other_workspaces_and_once(in_second, first, second):
    def asked(lead_id: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            in_second.get(f"/leads/{lead_id}/")
        return sum('FROM "leads_lead"' in one["sql"] and "accounts_membership" in one["sql"] for one in queries)

    assert asked(LeadFactory(workspace=second).pk) == 0
    assert asked(LeadFactory(workspace=first).pk) == 1
    assert asked(999_999) == 1


def test_every_page_that_looks_elsewhere_names_a_table_that_a_workspace_owns():
    assert {label for label in PAGES.values() if label not in OWNED} == set()
