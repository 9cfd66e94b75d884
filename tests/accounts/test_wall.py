"""Requests look at the rows of their workspace alone, also when a view forgot to ask; nothing stays on a connection.

On SQLite the managers see to that (`accounts.scoping`), on PostgreSQL the database does, too.
"""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory
from structlog.testing import capture_logs

from accounts import wall
from accounts.middleware import TenantMiddleware
from accounts.models import Workspace
from accounts.tokens import drawn
from accounts.wall import as_system, as_tenant, is_system, place_of
from hunts import logs
from hunts.models import RunEvent
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import LeadFactory, MembershipFactory, RunFactory
from tests.tenancy.world import build_world

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row-level security")
# Who may look across workspaces during a request, and how often in each file. A new one needs a reason.
SYSTEM_DOORS = {
    "accounts/adapter.py": 1,  # sign-up makes a workspace
    "accounts/audit.py": 1,  # what is done is written down for workspaces and for none
    "accounts/digests.py": 1,  # the clocks of a person are the same in all their workspaces
    "accounts/invitation_views.py": 2,  # an invitation is to a workspace that one is not in
    "accounts/operators.py": 1,  # the operators' console
    "accounts/personal_data.py": 1,  # what is known of a person, wherever it is
    "accounts/preferences.py": 2,  # the link in an e-mail, without a session; whether one has chosen anything anywhere
    "accounts/stale_pages.py": 1,  # the name of another workspace of the person's, whose page is still open
    "accounts/support.py": 1,  # the end of a look is told to every workspace that was opened
    "accounts/taking_back.py": 1,  # the API tokens of who was not the owner of an address
    "accounts/tokens.py": 1,  # which workspace a token is for
    "accounts/workspace_views.py": 3,  # the workspaces of a person, and the way from one to another
    "billing/ledger.py": 5,  # the installation's ceiling is above all workspaces
    "config/elsewhere.py": 1,  # a row that was not found may be in another workspace of the person's
    "hunts/company_lists.py": 1,  # numbers alone, of a table that is too big to be counted behind the wall
    "hunts/departing.py": 1,  # who deletes their account leaves all workspaces
    "hunts/forms.py": 1,  # a number alone, of a table that is too big to be counted behind the wall
    "hunts/logs.py": 1,  # keys of one run's lines alone, which the wall would ask about one by one
    "hunts/presets.py": 1,  # the installation's ceiling again
    "hunts/room.py": 1,  # and again
    "leads/counts.py": 1,  # a number alone, as the page beside it is looked up
    "leads/directory.py": 1,  # keys alone, by an index that a tenant cannot use
    "leads/paging.py": 1,  # the same
    "leads/searching.py": 1,  # the same
}
PAGES = ("/leads/?status=all", "/leads/export.csv?status=all", "/hunts/", "/hunts/presets/", "/hunts/conversations",
         "/hunts/deleted", "/lists/", "/api/lists", "/analytics/", "/api/leads?status=all", "/api/hunts",
         "/api/presets")  # fmt: skip


def who() -> tuple[str, str]:
    """Return which role and workspace the database itself says it answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, coalesce(current_setting('magnet.workspace', true), '')")
        return cursor.fetchone()


def nothing_stays() -> bool:
    """Return whether neither the context nor this thread's connection looks at the rows of a tenant."""
    return is_system() and (connection.vendor != "postgresql" or place_of(connection) is None)


@pytest.fixture
def unfiltered(monkeypatch):
    """Take the program's own filters away: whoever looks, every row is visible."""
    for model in apps.get_models():
        rows = type(model._default_manager.all())
        for name in ("visible_to", "of_workspace"):
            if name in vars(rows):
                monkeypatch.setattr(rows, name, lambda self, *_whose: self.all())


def doors() -> dict[str, int]:
    found = {}
    for app in ("accounts", "billing", "config", "enrichment", "hunts", "integrations", "leads"):
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if path.name != "wall.py" and (count := path.read_text(encoding="utf-8").count("as_system()")):
                found[path.relative_to(settings.BASE_DIR).as_posix()] = count
    return found


def test_few_functions_look_across_workspaces_and_they_are_known():
    assert doors() == SYSTEM_DOORS


@pytest.mark.django_db
def test_on_sqlite_and_postgresql_alike_nothing_changes_for_who_asks_rightly(workspace):
    mine = LeadFactory(workspace=workspace)
    with as_tenant(workspace.pk):
        assert list(Lead.objects.all()) == [mine]
        with as_system():
            assert list(Lead.objects.all()) == [mine]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_a_page_that_forgot_to_ask_for_its_workspace_shows_nothing_of_another(unfiltered, address):
    world = build_world()
    text = signed_in(world.a.people["owner"]).get(address).content.decode()
    assert world.b.word not in text
    assert world.a.word in text or address in ("/analytics/", "/hunts/deleted"), "it shows what is its own"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/leads/{lead}/", "/hunts/runs/{run}/", "/hunts/{hunt}/", "/api/leads/{lead}"])
def test_a_row_of_another_workspace_is_not_there_though_nobody_asked_whose_it_is(unfiltered, address):
    world = build_world()
    names = {name: world.b[name].pk for name in ("lead", "run", "hunt")}
    answer = signed_in(world.a.people["owner"]).get(address.format(**names))
    assert answer.status_code == 404
    assert world.b.word not in answer.content.decode()


@pytest.mark.django_db
def test_an_api_token_opens_its_own_workspace_alone_whatever_session_comes_with_it(unfiltered):
    world = build_world()
    client = signed_in(world.b.people["owner"])
    answer = client.get("/api/leads?status=all", headers={"Authorization": f"Bearer {world.a.tokens['full']}"})
    assert world.a.word in answer.text and world.b.word not in answer.text
    refused = Client().get("/api/leads", headers={"Authorization": f"Bearer {drawn()}"})
    assert refused.status_code == 401


@on_postgresql
@pytest.mark.django_db
def test_a_request_is_answered_as_its_tenant_and_a_strangers_as_nobody(workspace, owner):
    seen = []
    request = RequestFactory().get("/")
    for request.workspace in (workspace, None):
        TenantMiddleware(lambda _request: seen.append(who()))(request)
        assert place_of(connection) is None
    assert seen == [("magnet_tenant", str(workspace.pk)), ("magnet_tenant", "")]


@on_postgresql
@pytest.mark.django_db
def test_nothing_stays_on_the_connection_after_a_request_that_broke(workspace):
    request = RequestFactory().get("/")
    request.workspace = workspace

    def broken(_request):
        assert who()[0] == "magnet_tenant"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    before = who()
    with pytest.raises(Exception, match="division by zero"):
        TenantMiddleware(broken)(request)
    assert place_of(connection) is None and who() == (before[0], "")


@on_postgresql
@pytest.mark.django_db
def test_a_transaction_that_is_rolled_back_takes_nobody_elsewhere(workspace):
    """Where the session is moved within a transaction, a rollback moves it back: the next statement moves it again."""
    other = MembershipFactory().workspace
    with as_tenant(workspace.pk):
        with pytest.raises(KeyError), transaction.atomic(), as_system():
            assert Workspace.objects.count() == 2
            raise KeyError
        assert who() == ("magnet_tenant", str(workspace.pk))
        with pytest.raises(KeyError), transaction.atomic(), as_tenant(other.pk):
            assert who() == ("magnet_tenant", str(other.pk))
            raise KeyError
        assert list(Workspace.objects.all()) == [workspace]
    assert Workspace.objects.count() == 2


def end(session: int) -> None:
    """End a session of the database, as a restart of it does."""
    other = connection.copy("default")
    with as_system(), other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [session])
    other.close()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_new_connection_in_the_middle_of_a_request_is_behind_the_wall_too(workspace):
    MembershipFactory()
    with as_tenant(workspace.pk):
        assert Workspace.objects.count() == 1
        end(connection.connection.info.backend_pid)
        with pytest.raises(Exception, match=r"terminat|closed|lost"):
            Workspace.objects.count()
        connection.close()
        assert Workspace.objects.count() == 1
    assert Workspace.objects.count() == 2


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reads", [1, 3, None])
def test_a_download_that_streams_is_its_tenants_to_the_end_and_leaves_nothing_when_it_is_dropped(reads, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)  # the next request would have this one
    member = MembershipFactory()
    run = RunFactory(hunt__workspace=member.workspace)
    RunEvent.objects.bulk_create(RunEvent(run=run, message=f"Looked at {n}.") for n in range(2_500))
    foreign = RunFactory()
    RunEvent.objects.create(run=foreign, message="Theirs.")
    answer = signed_in(member.user).get(f"/hunts/runs/{run.pk}/log.txt")
    pieces = iter(answer.streaming_content)
    taken = [next(pieces) for _ in range(reads)] if reads else list(pieces)
    assert taken and all(b"Looked at" in piece for piece in taken)
    assert len(taken) == (reads or 2_500)
    answer.close()
    assert place_of(connection) is None and who()[1] == ""
    # The same with a query that asks for everything: what is made after the request is still behind the wall.
    request = RequestFactory().get("/")
    request.workspace = member.workspace
    wanted = logs.wanted({})
    for shown, lines in ((run, 2_500), (foreign, 0)):
        stream = TenantMiddleware(lambda _request, shown=shown: streaming(logs.text_file(shown, wanted)))(request)
        assert len(list(stream.streaming_content)) == lines


def streaming(pieces):
    return StreamingHttpResponse(pieces)


@pytest.mark.django_db
def test_what_is_asked_for_when_the_request_is_long_over_is_its_tenants_too(workspace):
    mine, _foreign = LeadFactory(workspace=workspace), LeadFactory()
    request = RequestFactory().get("/")
    request.workspace = workspace

    def names():
        for lead in Lead.objects.all():
            yield lead.name.encode()

    answer = TenantMiddleware(lambda _request: streaming(names()))(request)
    assert Lead.objects.count() == 2
    assert list(answer.streaming_content) == [mine.name.encode()]
    assert nothing_stays()


@pytest.mark.django_db(transaction=True)
def test_threads_that_answer_two_tenants_at_once_never_mix_them_up(unfiltered):
    world = build_world()
    turns = threading.Barrier(4)

    def ask(who_asks):
        client = signed_in(who_asks.people["owner"])
        other = world.b if who_asks is world.a else world.a
        turns.wait(timeout=60)
        try:
            for address in ("/api/leads?status=all", "/leads/?status=all", "/api/hunts") * 3:
                text = client.get(address).content.decode()
                assert who_asks.word in text and other.word not in text
            return nothing_stays()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, [world.a, world.b, world.a, world.b])) == [True] * 4


@pytest.mark.django_db(transaction=True)
async def test_tasks_that_share_one_connection_never_mix_their_tenants_up():
    """Code that is not of a request, such as the writer of chat answers, shares one thread and its connection."""
    world = await sync_to_async(build_world)()

    async def look(tenant):
        with as_tenant(tenant.workspace.pk):
            for _ in range(20):
                names = await sync_to_async(lambda: [lead.name for lead in Lead.objects.all()])()
                assert names and all(tenant.word in name for name in names)
                await asyncio.sleep(0)

    await asyncio.gather(*(look(tenant) for tenant in (world.a, world.b) * 3))
    assert await sync_to_async(lambda: Workspace.objects.count())() == 2


@pytest.mark.django_db(transaction=True)
async def test_requests_over_asgi_at_the_same_time_see_their_own(unfiltered):
    world = await sync_to_async(build_world)()

    async def ask(tenant, other):
        client = AsyncClient()
        await client.aforce_login(tenant.people["owner"])
        for _ in range(4):
            answer = await client.get("/api/leads?status=all")
            assert json.loads(answer.content) and tenant.word in answer.text and other.word not in answer.text

    pairs = ((world.a, world.b), (world.b, world.a)) * 2
    await asyncio.gather(*(ask(*pair) for pair in pairs))
    assert await sync_to_async(nothing_stays)()


@on_postgresql
@pytest.mark.django_db
def test_a_database_without_a_wall_is_served_and_that_is_reported(workspace, settings):
    settings.DATABASE_ROLE_PREFIX = "nobody_made_these"
    try:
        with capture_logs() as logged, as_tenant(workspace.pk):
            assert list(Workspace.objects.all()) == [workspace]
            assert who()[1] == ""
        assert [(line["event"], line["log_level"]) for line in logged] == [("row_security.missing", "error")]
    finally:
        wall._unwalled.clear()
