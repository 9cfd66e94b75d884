"""Live streams that are opened with an API token: whom they let in, and that they end with the token."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from accounts.models import Membership
from accounts.token_models import ApiToken
from config.asgi import application
from hunts import live
from tests.accounts.test_tokens import made_for
from tests.factories import MembershipFactory, RunFactory
from tests.hunts.test_live import Stream

pytestmark = pytest.mark.django_db(transaction=True)


async def asked(stream: Stream, run_id: int, token: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/hunts/runs/{run_id}/stream",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    await application(scope, stream.receive, stream.sent.put)


async def status(run_id: int, token: str) -> int:
    stream = Stream()
    served = asyncio.create_task(asked(stream, run_id, token))
    answer = (await stream.next())["status"]
    stream.leaving.set()
    await served
    return answer


@pytest.fixture
def member() -> Membership:
    return MembershipFactory()


@pytest.fixture
def run(member):
    return RunFactory(hunt__workspace=member.workspace)


def test_a_token_opens_the_streams_of_its_workspace_if_it_may_read(run, member):
    elsewhere = RunFactory(hunt__workspace=MembershipFactory(user=member.user).workspace)
    reads, runs = made_for(member.user)[1], made_for(member.user, "run")[1]
    told = [async_to_sync(status)(one.pk, token) for one, token in ((run, reads), (run, runs), (elsewhere, reads))]
    assert told == [200, 404, 404]
    assert async_to_sync(status)(run.pk, "mh_live_nonsense") == 404


def _revoke(row):
    row.revoke(by=row.user)


def _expire(row):
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _remove(row):
    Membership.objects.filter(user=row.user).delete()


def _disable(row):
    type(row.user).objects.filter(pk=row.user_id).update(is_active=False)


@pytest.mark.parametrize("ends", [_revoke, _expire, _remove, _disable])
def test_an_open_stream_ends_with_its_token_within_a_second(run, member, ends):
    async def walk() -> float:
        stream = Stream()
        served = asyncio.create_task(asked(stream, run.pk, token))
        assert (await stream.next())["status"] == 200
        assert "progress" in await stream.text()
        ended_at = asyncio.get_running_loop().time()
        await sync_to_async(ends)(row)
        while (await stream.next()).get("more_body"):
            pass
        took = asyncio.get_running_loop().time() - ended_at
        await served
        return took

    row, token = made_for(member.user)
    assert live.ACCESS_SECONDS < 1  # as it is, not as a test would have it
    assert async_to_sync(walk)() < 2  # a second, and what a busy machine adds
