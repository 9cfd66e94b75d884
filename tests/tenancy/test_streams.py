"""The streams beside Django: not there for others, and closed within a second to who may not look any more.

That streams of runs end with a session, a membership and a token is in tests/hunts/test_live.py and
test_token_streams.py; here is the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import Membership, User
from accounts.token_models import ApiToken
from config import asgi
from config.asgi import application
from hunts import chat_stream, live
from hunts.chat_models import Message
from tests.hunts.test_live import Stream
from tests.tenancy.callers import Caller, cast_of
from tests.tenancy.walking import UNKNOWN
from tests.tenancy.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    made = build_world()
    for tenant in (made.a, made.b):
        # Somebody else's process is writing it, so that there is something to wait for.
        lease = {"lease_expires_at": timezone.now() + timedelta(minutes=5), "fence": 1}
        Message.objects.filter(pk=tenant["message"].pk).update(status=Message.Status.WRITING, **lease)
    return made


@asynccontextmanager
async def opened(path: str, caller: Caller) -> AsyncIterator[Stream]:
    headers = [(b"cookie", f"sessionid={caller.session}".encode())] if caller.session else []
    headers += [(b"authorization", f"Bearer {caller.token}".encode())] if caller.token else []
    stream = Stream()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    served = asyncio.create_task(application(scope, stream.receive, stream.sent.put))
    try:
        yield stream
    finally:
        stream.leaving.set()
        async with asyncio.timeout(10):
            await served


async def begun(path: str, caller: Caller) -> tuple[int, bytes]:
    """Return the status of a stream, and the first that it says."""
    async with opened(path, caller) as stream:
        return (await stream.next())["status"], (await stream.next())["body"]


def run_of(pk: int) -> str:
    return f"/hunts/runs/{pk}/stream"


def chat_of(pk: int, message: int) -> str:
    return f"/hunts/chat/{pk}/stream/{message}"


def test_these_are_all_streams_that_there_are():
    assert [name for name, module in vars(asgi).items() if hasattr(module, "STREAM")] == ["chat_stream", "live"]


def test_streams_of_others_are_not_there(world):
    a, b, cast = world.a, world.b, cast_of(world)
    mine = [run_of(a["run"].pk), chat_of(a["conversation"].pk, a["message"].pk)]
    nothing = async_to_sync(begun)(run_of(UNKNOWN), cast["owner"])
    foreign = [
        run_of(b["run"].pk),
        chat_of(b["conversation"].pk, b["message"].pk),
        chat_of(a["conversation"].pk, b["message"].pk),
        chat_of(b["conversation"].pk, a["message"].pk),
        chat_of(UNKNOWN, UNKNOWN),
    ]
    assert nothing[0] == 404
    for name in ("owner", "viewer", "token-full", "token-reader"):
        assert {async_to_sync(begun)(path, cast[name]) for path in foreign} == {nothing}, name
        assert [async_to_sync(begun)(path, cast[name])[0] for path in mine] == [200, 200], name
    for name in ("leaver", "nobody", "stranger", "token-leaver", "token-expired", "token-revoked"):
        assert {async_to_sync(begun)(path, cast[name]) for path in (*mine, *foreign)} == {nothing}, name


def _remove(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def _disable(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _log_out(user: User) -> None:
    Session.objects.all().delete()


def _revoke(user: User) -> None:
    ApiToken.objects.filter(user=user).update(revoked_at=timezone.now())


@pytest.mark.parametrize(
    ("kind", "who", "ends"),
    [
        ("run", "viewer", _disable),
        ("chat", "viewer", _remove),
        ("chat", "viewer", _disable),
        ("chat", "viewer", _log_out),
        ("chat", "token-viewer", _revoke),
        ("chat", "token-viewer", _remove),
    ],
)
def test_an_open_stream_ends_within_a_second_of_the_access(world, kind, who, ends):
    a, caller = world.a, cast_of(world)[who]
    path = run_of(a["run"].pk) if kind == "run" else chat_of(a["conversation"].pk, a["message"].pk)
    assert live.ACCESS_SECONDS < 1 and chat_stream.ACCESS_SECONDS < 1  # as they are, not as a test would have them
    assert async_to_sync(_time_to_end)(path, caller, ends, a.people["viewer"]) < 2  # and what a busy machine adds


async def _time_to_end(path: str, caller: Caller, ends: Callable[[User], None], user: User) -> float:
    async with opened(path, caller) as stream:
        assert (await stream.next())["status"] == 200
        await stream.next()
        begun_at = asyncio.get_running_loop().time()
        await sync_to_async(ends)(user)
        while (await stream.next()).get("more_body"):
            pass
        return asyncio.get_running_loop().time() - begun_at


@pytest.mark.parametrize("ends", [_remove, _disable])
def test_pages_and_tokens_are_closed_at_once(world, ends):
    """The very next request is that of somebody who has no part in the workspace."""
    cast, path = cast_of(world), f"/hunts/runs/{world.a['run'].pk}/"
    assert cast["viewer"].ask("GET", path).status == 200
    assert cast["token-viewer"].ask("GET", "/api/hunts").status == 200
    ends(world.a.people["viewer"])
    answer = cast["viewer"].ask("GET", path)
    assert answer.status == 302 and world.a.word not in answer.everything
    assert cast["token-viewer"].ask("GET", "/api/hunts").status == 401
