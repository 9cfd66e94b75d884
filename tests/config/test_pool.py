"""A real server whose requests share a few connections to PostgreSQL: many people, leavers, lost connections."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from django.conf import settings as configured
from django.db import connection, transaction

from config import checks
from config.asgi import application
from config.pages import COME_BACK_SECONDS
from hunts.models import Run
from tests.conftest import signed_in
from tests.factories import MembershipFactory, RunFactory
from tests.harness.processes import PATIENCE, ROOT, environment, until

pytestmark = pytest.mark.django_db(transaction=True)

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no connections to share")
SIZE = 10
RUNNING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@contextmanager
def server(**more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a server of its own, and its address."""
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", "0", "--no-access-log"]
    env = environment(SECRET_KEY=configured.SECRET_KEY, DB_POOL_SIZE=str(SIZE), ALLOWED_HOSTS="127.0.0.1", **more)
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if found := RUNNING.search(line):
                break
        else:
            pytest.fail("".join(said))
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def own_connections() -> set[int]:
    """Those that were open before the server was."""
    return connected()


def connected() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def cookies(run: Run) -> dict[str, str]:
    user = run.workspace.members.get()
    return {configured.SESSION_COOKIE_NAME: signed_in(user).cookies[configured.SESSION_COOKIE_NAME].value}


@pytest.fixture
def runs() -> list[Run]:
    """Of two workspaces, each with a member."""
    return [RunFactory(hunt__workspace=MembershipFactory().workspace, hunt__name=name) for name in ("Ovens", "Pianos")]


def client(address: str, who: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, cookies=who, timeout=PATIENCE)


@on_postgresql
def test_many_people_share_few_connections_and_see_their_own(own_connections, runs):
    first, second = (cookies(run) for run in runs)

    async def asked(address: str) -> list[tuple[int, bool, bool]]:
        async with client(address, first) as one, client(address, second) as other:
            answers = await asyncio.gather(*(who.get("/hunts/") for _time in range(3 * SIZE) for who in (one, other)))
        return [(answer.status_code, "Ovens" in answer.text, "Pianos" in answer.text) for answer in answers]

    with server() as (_process, address):
        seen = asyncio.run(asked(address))
        assert len(connected() - own_connections) <= SIZE
    assert seen == [(200, True, False), (200, False, True)] * (3 * SIZE)


@on_postgresql
def test_who_leaves_in_the_middle_takes_no_connection_away(own_connections, runs):
    pages = ("/hunts/", f"/hunts/runs/{runs[0].pk}/", "/leads/export.csv", f"/hunts/runs/{runs[0].pk}/stream")

    who = cookies(runs[0])

    async def left(one: httpx.AsyncClient, page: str, seconds: float) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds), one.stream("GET", page) as answer:
                async for _piece in answer.aiter_raw():
                    pass
                raise TimeoutError  # it was answered before we left

    async def asked(address: str) -> list[int]:
        async with client(address, who) as one:
            for round_ in range(4):
                await asyncio.gather(*(left(one, page, 0.01 * (1 + 7 * round_)) for page in pages for _ in range(SIZE)))
            return [answer.status_code for answer in await asyncio.gather(*(one.get("/leads/") for _ in range(SIZE)))]

    with server() as (_process, address):
        assert asyncio.run(asked(address)) == [200] * SIZE
        assert len(connected() - own_connections) <= SIZE


@on_postgresql
def test_who_gets_no_connection_in_time_is_told_to_come_back(runs):
    who = cookies(runs[0])

    def get(path: str) -> httpx.Response:
        return httpx.get(f"{address}{path}", cookies=who, timeout=PATIENCE)

    # With DEBUG Django shows what broke instead; without, pages need `collectstatic`, and the API does not.
    with server(DEBUG="false", SECURE_SSL_REDIRECT="false") as (_process, address), ThreadPoolExecutor(SIZE) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE hunts_hunt IN ACCESS EXCLUSIVE MODE")
            held = [pool.submit(get, "/api/hunts") for _time in range(SIZE)]
            until(lambda: waiting() == SIZE)
            page, api = get("/hunts/"), get("/api/hunts")
        assert [answer.result().status_code for answer in held] == [200] * SIZE
    assert (page.status_code, api.status_code) == (503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == str(COME_BACK_SECONDS)
    assert "Wait for a few seconds" in page.text
    assert api.headers["Content-Type"].startswith("application/problem+json") and api.json()["status"] == 503


def waiting() -> int:
    """Return how many connections wait for the table of hunts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'hunts_hunt'::regclass")
        return cursor.fetchone()[0]


@on_postgresql
def test_connections_that_the_server_lost_are_replaced_and_those_it_has_end_with_it(own_connections, runs):
    with server() as (process, address), httpx.Client(base_url=address, cookies=cookies(runs[0])) as one:
        assert one.get("/hunts/").status_code == 200
        with connection.cursor() as cursor:
            lost = connected() - own_connections
            cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [list(lost)])
        until(lambda: not connected() & lost)
        assert one.get("/hunts/").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    until(lambda: connected() <= own_connections)


def test_a_server_is_told_when_it_may_begin_and_end(settings):
    settings.DB_POOL_SIZE = 0  # this process keeps its own connections

    async def served() -> list[str]:
        told = iter(["lifespan.startup", "lifespan.shutdown"])
        said: list[str] = []

        async def receive() -> dict[str, str]:
            return {"type": next(told)}

        async def send(message: dict[str, str]) -> None:
            said.append(message["type"])

        await application({"type": "lifespan"}, receive, send)
        return said

    assert asyncio.run(served()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(("size", "problems"), [(0, []), (10, []), (9, ["magnet.E010"]), (-1, ["magnet.E010"])])
def test_a_pool_that_live_pages_would_empty_is_refused(settings, size, problems):
    settings.DB_POOL_SIZE = size
    assert [one.id for one in checks.connections_suffice_for_streams(None)] == problems
