"""Names are looked up within a time limit, and slow ones do not hold up the others."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from integrations.egress.errors import LookupFailed, NotResolved, Refused
from integrations.egress.fetch import fetch
from integrations.egress.lookup import Lookups, looked_up
from integrations.egress.policy import Policy
from integrations.egress.proxy import FilteringProxy
from integrations.egress.transport import guarded_client, places
from tests.harness.fake_web import Listener
from tests.integrations.egress.test_filtering_proxy import say
from tests.integrations.egress.test_policy import INSIDE_NAMES


def answer(*addresses: str) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]


class NameServer:
    """Stands in for the system's resolver; it is silent about every name that begins with `silent`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.threads: set[int] = set()
        self.is_over = threading.Event()

    def getaddrinfo(self, host: str, port: int, **options: object) -> Sequence[tuple[Any, ...]]:
        self.asked.append(host)
        self.threads.add(threading.get_ident())
        if host.startswith("silent"):
            self.is_over.wait()
        return answer("93.184.216.34", "93.184.216.34", "93.184.216.35")


async def silence(host: str, port: int) -> list[str]:
    await asyncio.Event().wait()
    return []


async def test_it_returns_each_address_once() -> None:
    assert await Lookups(NameServer().getaddrinfo).addresses("acme.com", 80) == ["93.184.216.34", "93.184.216.35"]


@pytest.mark.parametrize(("written", "address"), [("127.0.0.1", "127.0.0.1"), ("2606:2800:0::1", "2606:2800::1")])
async def test_an_address_is_not_looked_up(written: str, address: str) -> None:
    server = NameServer()
    assert await Lookups(server.getaddrinfo).addresses(written, 80) == [address]
    assert server.asked == []


async def test_silent_names_do_not_hold_up_the_others() -> None:
    server = NameServer()
    lookups = Lookups(server.getaddrinfo, max_threads=60)
    silent = [asyncio.create_task(lookups.addresses(f"silent{number}.com", 80)) for number in range(50)]
    assert await lookups.addresses("acme.com", 80)
    assert not any(task.done() for task in silent)
    for task in silent:
        task.cancel()
    await asyncio.gather(*silent, return_exceptions=True)
    assert await lookups.addresses("acme.com", 80)
    server.is_over.set()


async def test_a_lookup_that_was_given_up_while_it_waited_is_not_made() -> None:
    server = NameServer()
    lookups = Lookups(server.getaddrinfo, max_threads=1)
    silent = asyncio.create_task(lookups.addresses("silent.com", 80))
    waiting = asyncio.create_task(lookups.addresses("waiting.com", 80))
    last = asyncio.create_task(lookups.addresses("last.com", 80))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    server.is_over.set()
    await asyncio.gather(silent, last)
    assert server.asked == ["silent.com", "last.com"]


async def test_names_that_are_asked_one_after_the_other_share_threads() -> None:
    server = NameServer()
    lookups = Lookups(server.getaddrinfo, max_threads=100)
    for _ in range(20):
        await lookups.addresses("acme.com", 80)
    # Not one: a thread that has just answered may not be seen to be free yet.
    assert len(server.threads) <= 10


def test_an_answer_for_a_loop_that_is_gone_harms_nobody() -> None:
    server = NameServer()
    lookups = Lookups(server.getaddrinfo, max_threads=1)

    async def give_up() -> None:
        with pytest.raises(LookupFailed):
            await looked_up(lookups.addresses, "silent.com", 80, seconds=0.01)

    asyncio.run(give_up())
    server.is_over.set()
    assert asyncio.run(lookups.addresses("acme.com", 80))


@pytest.mark.parametrize(
    "error, is_passing",
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (UnicodeError("label too long"), False),
    ],
    ids=["unknown", "no name server", "no name"],
)
async def test_a_name_that_does_not_exist_is_told_from_a_name_server_that_fails(
    error: Exception, is_passing: bool
) -> None:
    def failing(*_: object, **__: object) -> Sequence[tuple[Any, ...]]:
        raise error

    with pytest.raises(NotResolved) as raised:
        await Lookups(failing).addresses("acme.com", 80)
    assert isinstance(raised.value, LookupFailed) is raised.value.is_passing is is_passing


async def test_a_silent_name_server_is_not_waited_for_longer_than_a_lookup_may_take() -> None:
    with pytest.raises(LookupFailed, match="did not answer in time"):
        await places(Policy(), "acme.com", 80, silence, lookup_seconds=0.01)


async def test_nothing_is_remembered_so_that_each_connection_is_judged_by_its_own_answer(inside: Listener) -> None:
    policy = Policy(ports=frozenset({inside.port}))
    answers = iter([["203.0.114.1", "10.0.0.1"], ["127.0.0.1"], ["::1"]])

    async def changing(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async with guarded_client(policy, resolver=changing) as client:
        for _ in range(3):
            with pytest.raises(Refused):
                await fetch(client, f"http://rebind.com:{inside.port}/", policy=policy)
    assert next(answers, None) is None
    assert inside.accepts == 0


@pytest.mark.parametrize("name", INSIDE_NAMES)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "64:ff9b::7f00:1"])
async def test_a_name_that_leads_inside_gets_no_connection(inside: Listener, name: str, address: str) -> None:
    policy = Policy(ports=frozenset({inside.port}))

    async def leading_inside(host: str, port: int) -> Sequence[str]:
        return [address]

    async with guarded_client(policy, resolver=leading_inside) as client:
        with pytest.raises(Refused):
            await fetch(client, f"http://{name}:{inside.port}/", policy=policy)
    async with FilteringProxy(policy, resolver=leading_inside) as proxy:
        authority = f"{name}:{inside.port}"
        assert b" 403 " in await say(proxy, f"CONNECT {authority} HTTP/1.1\r\n\r\n")
        assert b" 403 " in await say(proxy, f"GET http://{authority}/ HTTP/1.1\r\nHost: {authority}\r\n\r\n")
    assert inside.accepts == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_listener_that_must_count_nothing_does_count(inside: Listener, host: str) -> None:
    try:
        reader, writer = await asyncio.open_connection(host, inside.port)
    except OSError:
        pytest.skip(f"no {host} on this machine")
    await reader.read()
    writer.close()
    assert inside.accepts == 1
