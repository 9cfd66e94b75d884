"""The stream of a run's page, spoken to as a server does: no thread, no socket, one look for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Membership
from config.asgi import application
from hunts import deleting, live, pipeline
from hunts.models import Run
from tests.conftest import signed_in
from tests.factories import CandidateFactory, MembershipFactory, RunFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Look often, so that the tests do not wait."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live, "ACCESS_SECONDS", 0.05)


@pytest.fixture
def member() -> Membership:
    return MembershipFactory()


@pytest.fixture
def run(member) -> Run:
    return RunFactory(hunt__workspace=member.workspace)


class Stream:
    """What a browser sees of one stream."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict] = asyncio.Queue()
        self.leaving = asyncio.Event()

    async def receive(self) -> dict:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def next(self) -> dict:
        async with asyncio.timeout(10):
            return await self.sent.get()

    async def text(self) -> str:
        return (await self.next())["body"].decode()


@asynccontextmanager
async def opened(run_id: int, client: Client | None, query: str = "") -> AsyncIterator[Stream]:
    cookie = client.cookies["sessionid"].value if client else ""
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/hunts/runs/{run_id}/stream",
        "query_string": query.encode(),
        "headers": [(b"cookie", f"sessionid={cookie}".encode())] if client else [],
    }
    stream = Stream()
    served = asyncio.create_task(application(scope, stream.receive, stream.sent.put))
    try:
        yield stream
    finally:
        stream.leaving.set()
        async with asyncio.timeout(10):
            await served


async def _status(run_id: int, client: Client | None) -> int:
    async with opened(run_id, client) as stream:
        return (await stream.next())["status"]


def test_strangers_and_unknown_runs_are_answered_alike(run):
    stranger = signed_in(MembershipFactory().user)
    assert async_to_sync(_status)(run.pk, None) == 404
    assert async_to_sync(_status)(run.pk, stranger) == 404
    assert async_to_sync(_status)(run.pk + 1_000, stranger) == 404


def test_a_deleted_run_has_no_stream(run, member):
    client = signed_in(member.user)
    pipeline.cancel(run)
    assert async_to_sync(_status)(run.pk, client) == 200
    deleting.delete_run(run)
    assert async_to_sync(_status)(run.pk, client) == 404


def test_a_page_is_told_how_things_stand_and_then_what_changes(run, member):
    async def walk() -> None:
        async with opened(run.pk, client) as stream:
            assert (await stream.next())["status"] == 200
            assert "Wonder Works" not in await stream.text()
            await sync_to_async(CandidateFactory)(run=run, lead__name="Wonder Works")
            assert "Wonder Works" in await stream.text()

    client = signed_in(member.user)
    async_to_sync(walk)()


def test_nothing_is_sent_while_nothing_changes(run, member):
    async def walk() -> None:
        async with opened(run.pk, client) as stream:
            await stream.next()
            await stream.next()
            await asyncio.sleep(0.3)  # six looks
            assert stream.sent.empty()

    client = signed_in(member.user)
    async_to_sync(walk)()


def test_the_end_of_a_run_ends_its_stream(run, member):
    async def walk() -> None:
        async with opened(run.pk, client) as stream:
            await stream.next()
            await stream.next()
            await sync_to_async(pipeline.cancel)(run)
            last = await stream.text()
            assert "state-cancelled" in last
            assert last.endswith("event: over\ndata: over\n\n")
            assert await stream.next() == {"type": "http.response.body", "body": b""}

    client = signed_in(member.user)
    async_to_sync(walk)()


@pytest.mark.parametrize("loses", [Membership, Session])
def test_who_loses_access_is_shown_nothing_more(run, member, loses):
    async def walk() -> None:
        async with opened(run.pk, client) as stream:
            await stream.next()
            await stream.next()
            await sync_to_async(loses.objects.all().delete)()
            await sync_to_async(CandidateFactory)(run=run, lead__name="Wonder Works")
            said = b""
            while message := (await stream.next())["body"]:
                said += message
            assert b"Wonder Works" not in said

    client = signed_in(member.user)
    async_to_sync(walk)()


def test_many_pages_share_one_look(run, member, monkeypatch):
    looks = []

    def counted(viewers):
        looks.append(len(viewers))
        return look(viewers)

    async def walk() -> None:
        async with opened(run.pk, client) as one, opened(run.pk, client) as two, opened(run.pk, client) as three:
            for stream in (one, two, three):
                await stream.next()
                await stream.next()
            looks.clear()
            await asyncio.sleep(0.3)
            assert set(looks) == {3}
            assert len(looks) <= 7

    look = live._look
    monkeypatch.setattr(live, "_look", counted)
    client = signed_in(member.user)
    async_to_sync(walk)()
