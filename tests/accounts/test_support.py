"""Support: an operator sees what a person sees, for a reason and a while, changes nothing, and all of it is told."""

import re
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from accounts import support
from accounts.audit_models import AuditEntry, Verb
from accounts.members import Refused
from accounts.models import Membership, User
from accounts.support_doors import OPEN, UNREAD, changes
from accounts.support_middleware import ChangesNothing, _looking
from accounts.support_models import SupportOpening, SupportVisit
from accounts.taking_back import end_sessions
from accounts.visitors import living_sessions, visitor_of
from hunts.models import Hunt, Run
from tests.accounts.conftest import who
from tests.conftest import signed_in
from tests.factories import HuntFactory, JudgedLeadFactory, MembershipFactory, RunFactory, UserFactory
from tests.harness.addresses import addresses, world
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db

REASON = "Ticket 4711: the run stands still"


@pytest.fixture(autouse=True)
def strict(settings):
    settings.ADMIN_NEEDS_SECOND_STEP = True


@pytest.fixture
def operator(db) -> User:
    """Somebody of the support, without a right to anything else."""
    user = UserFactory(is_staff=True, email="ops@staff.example", first_name="Mira", last_name="Example")
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "add_supportvisit")))
    Authenticator.objects.create(user=user, type="totp", data={})
    return user


def begin(client: Client, person: User, reason: str = REASON):
    return client.post(f"/admin/accounts/user/{person.pk}/support/", {"reason": reason})


@pytest.fixture
def browser(operator) -> Client:
    return proved(signed_in(operator))


@pytest.fixture
def looking(browser, operator, owner) -> Client:
    """The operator's browser, looking as the owner."""
    # Which the page of a login writes.
    UserSession.objects.create(user=operator, session_key=browser.session.session_key, ip="203.0.113.7")
    assert begin(browser, owner).headers["Location"] == "/hunts/"
    return browser


def told(workspace) -> list[str]:
    return list(AuditEntry.objects.of_workspace(workspace).order_by("pk").values_list("verb", flat=True))


def test_the_console_offers_it_and_the_operator_sees_what_the_person_sees(browser, owner, workspace):
    hunt = HuntFactory(workspace=workspace, name="Makers of violins")
    assert f"/admin/accounts/user/{owner.pk}/support/" in browser.get(f"/admin/accounts/user/{owner.pk}/change/").text
    assert "can change nothing" in browser.get(f"/admin/accounts/user/{owner.pk}/support/").text
    begin(browser, owner)
    page = browser.get("/hunts/").text
    assert hunt.name in page
    assert f"You look as {owner.email}" in page and REASON in page and "60 minutes left" in page
    assert re.search(r'<form method="post" action="/support/end">', page)


def test_it_needs_a_fresh_proof_a_reason_and_the_right(operator, owner):
    client = signed_in(operator)
    assert begin(client, owner).headers["Location"].startswith("/accounts/reauthenticate/")
    assert "This field is required" in begin(proved(client), owner, reason=" ").text
    operator.user_permissions.remove(Permission.objects.get(codename="add_supportvisit"))
    assert begin(client, owner).status_code == 403
    assert not SupportVisit.objects.exists()


def test_an_operator_without_a_second_step_does_not_come_in(browser, owner):
    Authenticator.objects.all().delete()
    assert begin(browser, owner).status_code == 302
    assert not SupportVisit.objects.exists()


@pytest.mark.parametrize("values", [{"is_staff": True}, {"is_superuser": True}, {"is_active": False}])
def test_operators_and_accounts_that_are_off_are_closed_to_it(browser, operator, values):
    person = UserFactory(**values)
    assert begin(browser, person).status_code == 403
    assert f"/user/{person.pk}/support/" not in browser.get(f"/admin/accounts/user/{person.pk}/change/").text
    assert begin(browser, operator).status_code == 403


def test_customers_do_not_come_in(client_of_owner, stranger):
    assert begin(client_of_owner, stranger).status_code in (302, 403)
    assert client_of_owner.post("/support/end").status_code == 403


def test_the_operators_own_session_goes_on_under_other_keys_and_comes_back(browser, operator, owner):
    keys = [browser.session.session_key]
    begin(browser, owner)
    keys.append(browser.session.session_key)
    assert who(browser) == owner.email
    answer = browser.post("/support/end")
    keys.append(browser.session.session_key)
    assert answer.headers["Location"] == f"/admin/accounts/user/{owner.pk}/change/"
    assert who(browser) == operator.email
    assert len(set(keys)) == 3
    for old in keys[:2]:
        stale = Client()
        stale.cookies["sessionid"] = old
        assert who(stale) == ""


def test_the_person_finds_no_session_and_no_login_of_it(looking, owner, operator):
    looking.get("/hunts/")
    owner.refresh_from_db()
    assert owner.last_login is None
    assert not UserSession.objects.filter(user=owner).exists()
    assert UserSession.objects.get(user=operator).session_key == looking.session.session_key


def test_whoever_ends_the_operators_sessions_ends_the_look(looking, operator):
    end_sessions(operator)
    assert who(looking) == ""


def test_the_workspace_that_the_operator_was_in_is_theirs_again(browser, operator, owner, workspace):
    mine, other = (MembershipFactory(user=operator).workspace for _n in range(2))
    browser.post(f"/workspaces/{other.pk}/switch")
    begin(browser, owner)
    assert browser.get("/hunts/").wsgi_request.workspace == workspace
    browser.post("/support/end")
    assert browser.get("/hunts/").wsgi_request.workspace == other
    assert mine != other


def test_it_ends_needs_csrf_and_a_post(operator, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    support_page = f"/admin/accounts/user/{owner.pk}/support/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', proved(client).get(support_page).text)[1]
    client.post(support_page, {"reason": REASON, "csrfmiddlewaretoken": token})
    assert client.post("/support/end").status_code == 403
    assert client.get("/support/end").status_code == 405
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/hunts/").text)[1]
    assert client.post("/support/end", {"csrfmiddlewaretoken": token}).status_code == 302


def test_it_ends_by_itself(looking, operator, owner, workspace):
    looking.get("/hunts/")
    SupportVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    answer = looking.get("/hunts/", follow=True)
    assert "look as support has ended" in answer.text
    assert who(looking) == operator.email
    assert told(workspace).count(Verb.SUPPORT_ENDED) == 1


def test_what_a_page_that_is_too_old_sends_is_not_done_in_the_operators_name(looking, operator):
    mine = MembershipFactory(user=operator).workspace
    SupportVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert looking.post("/settings/workspace", {"name": "Renamed"}).status_code == 302
    mine.refresh_from_db()
    assert mine.name != "Renamed"


def test_the_queue_ends_those_whose_browser_was_closed(looking, workspace):
    looking.get("/hunts/")
    assert support.end_overdue() == 0
    SupportVisit.objects.update(ends_at=timezone.now() - timedelta(minutes=4))
    assert [support.end_overdue() for _ in range(2)] == [1, 0]
    visit = SupportVisit.objects.get()
    assert visit.ended_at == visit.ends_at
    assert told(workspace).count(Verb.SUPPORT_ENDED) == 1


@pytest.mark.parametrize("change", [{"is_staff": True}, {"is_active": False}])
def test_it_ends_when_the_person_becomes_somebody_whom_nobody_looks_as(looking, owner, operator, change):
    User.objects.filter(pk=owner.pk).update(**change)
    looking.get("/hunts/")
    assert who(looking) == operator.email


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_it_ends_with_the_operators_rights(looking, operator, owner, change):
    User.objects.filter(pk=operator.pk).update(**change)
    looking.get("/hunts/")
    assert who(looking) != owner.email


def test_an_account_that_is_gone_leaves_nothing_to_look_at(looking, owner, operator):
    owner.delete()
    looking.get("/hunts/")
    assert who(looking) == operator.email


def test_an_operator_looks_as_one_person_at_a_time(looking, operator, owner, stranger):
    other = proved(signed_in(operator))
    begin(other, stranger)
    assert who(other) == stranger.email
    looking.get("/hunts/")
    assert who(looking) == operator.email
    with pytest.raises(IntegrityError), transaction.atomic():
        SupportVisit.objects.create(operator=operator, person=owner, reason="r", ends_at=timezone.now())


# --- what is written down --------------------------------------------------------------------------


def test_each_workspace_that_is_opened_is_told_from_when_to_when_why_and_as_whom(looking, operator, owner, workspace):
    other = MembershipFactory(user=owner).workspace
    unopened = MembershipFactory(user=owner).workspace
    looking.get("/hunts/")
    looking.get("/leads/", {"q": "a private search"})
    looking.get(f"/hunts/?workspace={other.pk}", follow=True)
    looking.post("/support/end")
    assert told(workspace) == ["support.began", "support.looked", "support.looked", "support.ended"]
    assert told(other) == ["support.began", "support.looked", "support.ended"]
    assert told(unopened) == []
    entries = AuditEntry.objects.of_workspace(workspace)
    assert {entry.actor for entry in entries} == {operator}
    assert [entry.words for entry in entries.filter(verb="support.looked").order_by("pk")] == [
        f"/hunts/ (as no. {owner.pk})", f"/leads/ (as no. {owner.pk})",
    ]  # fmt: skip
    assert all(REASON in entry.words for entry in entries.filter(verb__in=("support.began", "support.ended")))
    assert entries.get(verb="support.began").object_id == str(owner.pk)


def test_owners_read_it_without_the_operators_address(looking, operator, client_of_owner, owner):
    looking.get("/hunts/")
    looking.post("/support/end")
    page = client_of_owner.get("/settings/audit").text
    assert "Support (Mira Example)" in page and REASON in page and owner.email in page
    assert operator.email not in page


def test_who_reads_of_a_look_in_the_console_is_in_the_log_of_what_was_looked_at(looking, operator, workspace):
    mine = MembershipFactory(user=operator).workspace
    looking.get("/hunts/")
    root = proved(signed_in(User.objects.create_superuser("root@staff.example", "a-good-password")))
    Authenticator.objects.create(user=User.objects.get(email="root@staff.example"), type="totp", data={})
    assert root.get(f"/admin/accounts/supportvisit/{SupportVisit.objects.get().pk}/change/").status_code == 200
    assert told(workspace)[-1] == Verb.STAFF_LOOKED
    assert told(mine) == []


def test_what_is_asked_at_once_is_told_once(looking, owner, workspace):
    visit = SupportVisit.objects.get()
    for _turn in range(2):
        support.opened(visit, workspace)
    assert told(workspace) == ["support.began"]
    assert SupportOpening.objects.count() == 1


# --- what is shut ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        *("/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/accounts/2fa/webauthn/"),
        *("/accounts/sessions/", "/accounts/3rdparty/", "/accounts/logout/", "/accounts/reauthenticate/"),
        *("/account/", "/account/data", "/account/delete", "/settings/tokens", "/settings/workspace/delete"),
        *("/invitation", "/leads/export.csv", "/admin/", "/api/docs", "/api/leads", "/api/tokens"),
    ],
)
def test_what_people_own_is_shut(looking, workspace, page):
    answer = looking.get(page)
    assert answer.status_code == 403
    assert "Support only looks" in answer.text and "/support/end" in answer.text
    assert told(workspace)[-1] == Verb.SUPPORT_REFUSED


@pytest.mark.parametrize(
    "page",
    [
        *("/settings/workspace", "/settings/members/invite", "/settings/spending/limits", "/language", "/hunts/new"),
        *("/accounts/logout/", "/settings/tokens/new", "/api/hunts", "/api/tokens", "/inbox/read"),
    ],
)
def test_nothing_is_sent_in_the_persons_name(looking, workspace, page):
    before = Hunt.objects.count(), Membership.objects.count(), workspace.name
    for method in ("post", "put", "patch", "delete"):
        assert getattr(looking, method)(page, {"name": "Renamed"}).status_code == 403
    workspace.refresh_from_db()
    assert before == (Hunt.objects.count(), Membership.objects.count(), workspace.name)


def test_no_run_is_started_paused_or_paid_for(looking, workspace):
    run = RunFactory(hunt__workspace=workspace)
    for page in (f"/hunts/{run.hunt_id}/run", f"/hunts/runs/{run.pk}/pause", f"/hunts/runs/{run.pk}/raise"):
        assert looking.post(page, {"limit": "900"}).status_code == 403
    run.refresh_from_db()
    assert (run.status, run.hunt.runs.count()) == ("running", 1)


def routes(patterns=None, space: str = "") -> set[str]:
    found = set()
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            found |= routes(one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern) and one.name:
            found.add(f"{space}{one.name}")
    return found


def test_every_page_that_is_open_is_there_and_the_rest_is_shut():
    assert routes() >= OPEN
    assert not [name for name in OPEN if re.search("account|mfa|admin|api|token|export|delete_|accept", name)]


def test_the_pages_that_are_open_change_nothing(looking, workspace, owner):
    """Each is opened with rows to show; a page that wrote would be refused by the guard of the database."""
    run = RunFactory(hunt__workspace=workspace)
    lead = JudgedLeadFactory(workspace=workspace)
    pages = [
        *(
            "/",
            "/hunts/",
            "/hunts/new",
            "/hunts/presets/",
            "/lists/",
            "/hunts/conversations",
            "/hunts/deleted",
            "/analytics/",
        ),
        *(f"/hunts/{run.hunt_id}/", f"/hunts/runs/{run.pk}/", "/leads/", f"/leads/{lead.pk}/", "/lists/"),
        *(f"/leads/{lead.pk}/costs", f"/leads/{lead.pk}/research", "/settings/models", "/settings/notifications"),
        *("/settings/spending", "/settings/audit", "/inbox/", "/workspaces/", "/workspaces/menu"),
        *("/settings/workspace", "/settings/members", "/about/crawler"),
    ]
    answers = {page: looking.get(page, follow=True).status_code for page in pages}
    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_no_link_of_a_page_that_is_open_leads_to_one_that_is_shut(looking, workspace, owner):
    pages = [page for page in addresses(world(workspace, owner)) if name_of(page) in OPEN]
    shut = set()
    for page in [*pages, f"/hunts/runs/{Run.objects.get().pk}/?tab=log"]:
        answer = looking.get(page, follow=True)
        links = [] if answer.streaming else re.findall(r'(?:href|hx-get)="([^"#][^"]*)"', answer.text)
        own = {urlsplit(urljoin(page, link)).path for link in links if not re.match(r"\w+:", link)}
        shut |= {(page, path) for path in own if name_of(path) not in OPEN | {UNREAD} and "/static/" not in path}
    assert shut == set()


def name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def test_the_inbox_does_not_count_it_as_a_look_of_the_person(looking):
    assert looking.get("/inbox/unread").status_code == 204


def test_the_database_refuses_what_a_page_would_change_nevertheless(workspace):
    with connection.execute_wrapper(_looking):
        assert Hunt.objects.count() == 0
        with pytest.raises(ChangesNothing):
            workspace.save()
        with pytest.raises(ChangesNothing):
            HuntFactory(workspace=workspace)
        with pytest.raises(ChangesNothing):
            Membership.objects.all().delete()


@pytest.mark.parametrize(
    ("sql", "is_change"),
    [
        ('INSERT INTO "hunts_hunt" ("name") VALUES (%s)', True),
        ('  update "hunts_hunt" SET "name" = %s', True),
        ('INSERT OR IGNORE INTO "hunts_hunt" VALUES (1)', True),
        ('DELETE FROM "hunts_hunt"', True),
        ('INSERT INTO "accounts_auditentry" ("verb") VALUES (%s)', False),
        ('SELECT "hunts_hunt"."id" FROM "hunts_hunt" FOR UPDATE', False),
        ("SAVEPOINT s1", False),
    ],
)
def test_statements_that_change_are_told_from_others(sql, is_change):
    assert changes(sql) is is_change


def test_a_reason_is_asked_for_behind_the_door_too(operator, owner, rf):
    request = rf.post("/")
    request.user = operator
    with pytest.raises(Refused, match="what it is for"):
        support.begin(request, owner, reason=" ")


# --- live pages ------------------------------------------------------------------------------------


def scope(client: Client) -> dict:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"headers": [(b"cookie", cookies.encode())]}


def test_live_pages_show_what_the_person_sees_begin_nothing_and_end_with_it(looking, owner, workspace):
    looking.get("/hunts/")
    visitor = visitor_of(scope(looking))
    assert (visitor.user_id, visitor.only_looks) == (owner.pk, True)
    assert visitor.still_reads(workspace.pk)
    SupportVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert not visitor.still_reads(workspace.pk)
    assert visitor_of(scope(looking)) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_live_pages_end_with_the_operators_rights(looking, operator, workspace, change):
    visitor = visitor_of(scope(looking))
    looking.get("/hunts/")
    assert visitor.still_reads(workspace.pk)
    User.objects.filter(pk=operator.pk).update(**change)
    assert not visitor.still_reads(workspace.pk)


def test_live_pages_end_when_the_operator_ends_it(looking, operator, workspace):
    visitor = visitor_of(scope(looking))
    looking.post("/support/end")
    assert living_sessions({visitor.session_key}) == set()
    after = visitor_of(scope(looking))
    assert (after.user_id, after.only_looks) == (operator.pk, False)
