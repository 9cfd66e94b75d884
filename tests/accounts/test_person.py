"""What somebody can have of us: everything that is known of them, and to be forgotten."""

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts.models import Membership, User, Workspace
from accounts.personal_data import known_of, naming_people
from hunts.models import Run
from tests.accounts.conftest import is_in, log_in
from tests.factories import HuntFactory, MembershipFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"


@pytest.fixture
def ada() -> User:
    return MembershipFactory(user=UserFactory(email=ADA, password=PASSWORD)).user


@pytest.fixture
def browser(ada):
    client = log_in(ADA, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_the_file_names_every_table_that_names_the_person_and_no_secret(ada, browser):
    Authenticator.objects.create(user=ada, type="totp", data={"secret": "the-secret-of-the-app"})
    HuntFactory(workspace=ada.workspaces.get(), created_by=ada, name="Secret plans of the workspace")
    answer = browser.post("/account/data")
    told = json.loads(answer.content)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert told["person"]["email"] == ADA
    tables = {row["table"] for row in told["rows"]}
    assert {"account.emailaddress", "accounts.membership", "mfa.authenticator", "usersessions.usersession"} <= tables
    assert {row["as"] for row in told["rows"] if row["table"] == "hunts.hunt"} == {"created_by"}
    text = answer.content.decode()
    assert ada.password not in text
    assert "the-secret-of-the-app" not in text
    assert UserSession.objects.get(user=ada).session_key not in text
    assert "Secret plans" not in text


def test_the_file_says_nothing_of_anybody_else(ada):
    stranger = MembershipFactory().user
    assert stranger.email not in json.dumps(known_of(ada))


def test_every_column_that_names_a_person_is_looked_into():
    named = {f"{column.model._meta.label_lower}.{column.name}" for column in naming_people()}
    assert {"accounts.membership.user", "hunts.hunt.created_by", "billing.budget.started_by"} <= named
    assert len(named) > 15


@pytest.mark.parametrize("path", ["/account/data", "/account/delete"])
def test_the_password_is_asked_for_once_more(ada, path):
    client = log_in(ADA, PASSWORD)
    answer = client.post(path, {"email": ADA})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]
    assert User.objects.filter(pk=ada.pk).exists()


def test_a_deleted_account_is_gone_and_takes_a_workspace_that_is_its_alone_with_it(ada, browser):
    workspace = ada.workspaces.get()
    run = RunFactory(hunt__workspace=workspace)
    page = browser.get("/account/delete").text
    assert workspace.name in page
    browser.post("/account/delete", {"email": ADA})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert not is_in(browser)
    assert not is_in(log_in(ADA, PASSWORD))
    workspace.refresh_from_db()
    assert workspace.deleted_at
    run.refresh_from_db()
    assert run.status in (Run.Status.CANCELLED, "cancelling")


def test_nobody_leaves_others_in_a_workspace_without_an_owner(ada, browser):
    workspace = ada.workspaces.get()
    other = MembershipFactory(workspace=workspace, role=Membership.Role.ADMIN)
    assert "nobody else owns them" in browser.post("/account/delete", {"email": ADA}).text
    assert User.objects.filter(pk=ada.pk).exists()
    Membership.objects.filter(pk=other.pk).update(role=Membership.Role.OWNER)
    browser.post("/account/delete", {"email": ADA})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert Workspace.objects.get(pk=workspace.pk).deleted_at is None
    assert list(workspace.members.all()) == [other.user]


def test_a_slip_of_the_hand_deletes_nothing(ada, browser):
    assert "not the address of your account" in browser.post("/account/delete", {"email": "x@y.example"}).text
    assert User.objects.filter(pk=ada.pk).exists()
