"""Rates that all workers keep together: the rule, and that it is one rule for several processes on either store."""

import json
import random

import pytest
from asgiref.sync import async_to_sync

from integrations.models import SharedDocument
from integrations.pace import LONGEST_CALL_SECONDS, Limits, NoPlace, Pace, Place
from integrations.shared import DatabaseShared, open_shared
from tests.harness.processes import PATIENCE, start_python

NOON = 1_800_000_000.0


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(db, clock):
    """Make a key's pace: `pace(requests=3)`; all of one test are of the same key."""
    return lambda **limits: Pace(DatabaseShared(clock=clock), "a-key", Limits(**limits))


def ask(pace: Pace, tokens: int = 1, within: float = 0.0, after: float = 0.0) -> Place | NoPlace:
    return async_to_sync(pace.ask)(tokens, within=within, after=after)


def test_a_minutes_worth_begins_at_once_and_the_next_when_the_first_is_a_minute_old(pace, clock):
    limited = pace(requests=3)
    assert [ask(limited).wait for _ in range(3)] == [0, 0, 0]
    refused = ask(limited)
    assert isinstance(refused, NoPlace) and 60 <= refused.wait <= 61
    clock.now += refused.wait
    assert isinstance(ask(limited), Place)


def test_a_place_in_the_future_is_kept_and_those_who_ask_later_come_later(pace):
    limited = pace(requests=2)
    waits = [ask(limited, within=200).wait for _ in range(6)]
    assert waits == sorted(waits)
    assert waits[:2] == [0, 0] and 60 <= waits[2] <= 62 and 120 <= waits[4] <= 124


def test_a_place_that_is_not_taken_costs_nothing(pace):
    limited = pace(requests=1)
    place = ask(limited)
    async_to_sync(limited.give_back)(place.id)
    assert isinstance(ask(limited), Place)


def test_tokens_are_counted_at_the_estimate_and_corrected_by_what_was_used(pace):
    limited = pace(tokens=1_000)
    place = ask(limited, tokens=800)
    assert isinstance(ask(limited, tokens=300), NoPlace)
    async_to_sync(limited.end)(place.id, used=500)
    assert isinstance(ask(limited, tokens=300), Place)
    async_to_sync(limited.end)(ask(limited, tokens=200).id, used=5_000)  # far more than estimated
    assert isinstance(ask(limited, tokens=1), NoPlace)


def test_a_call_that_is_larger_than_the_limit_has_the_whole_minute(pace):
    assert isinstance(ask(pace(tokens=1_000), tokens=50_000), Place)


def test_so_many_at_once_and_the_next_when_one_ends(pace):
    limited = pace(at_once=2)
    first, _second = ask(limited), ask(limited)
    assert ask(limited).is_full
    async_to_sync(limited.end)(first.id)
    assert isinstance(ask(limited), Place)


def test_the_place_of_a_worker_that_died_is_free_again(pace, clock):
    limited = pace(at_once=1)
    ask(limited)
    clock.now += LONGEST_CALL_SECONDS + 1
    assert isinstance(ask(limited), Place)


def test_a_key_that_rests_gives_its_next_place_after_the_rest(pace):
    limited = pace(requests=10)
    assert ask(limited, within=60, after=7).wait == pytest.approx(7)
    # Who asks later begins no earlier.
    assert ask(limited, within=60).wait == pytest.approx(7, abs=1)


def test_without_limits_nobody_waits(pace):
    assert {ask(pace(), tokens=10**9).wait for _ in range(5)} == {0}


@pytest.mark.parametrize("seed", range(4))
def test_no_minute_ever_has_more_than_the_limits(pace, clock, seed):
    limits = {"requests": 7, "tokens": 1_000}
    limited, chance = pace(**limits), random.Random(seed)
    begun: list[tuple[float, int]] = []
    for _ in range(120):
        clock.now += chance.expovariate(1 / 4)
        tokens = chance.randint(1, 400)
        place = ask(limited, tokens=tokens, within=30)
        if isinstance(place, Place):
            begun.append((clock.now + place.wait, tokens))
    for start, _tokens in begun:
        minute = [tokens for at, tokens in begun if start <= at < start + 60]
        assert len(minute) <= limits["requests"] and sum(minute) <= limits["tokens"]
    assert len(begun) > 20


def test_keys_do_not_share_their_pace(db, clock):
    shared = DatabaseShared(clock=clock)
    one, other = (Pace(shared, name, Limits(requests=1)) for name in ("one", "other"))
    assert isinstance(ask(one), Place) and isinstance(ask(other), Place)


PROCESS = """
import asyncio, json
from asgiref.sync import async_to_sync
from integrations.pace import Limits, Pace, Place
from integrations.shared import open_shared

async def ask():
    async with open_shared() as shared:
        pace = Pace(shared, sys.argv[1], Limits(requests=50))
        asked = [pace.ask(1, within=0) for _ in range(40)]
        return sum(isinstance(found, Place) for found in await asyncio.gather(*asked))

print(async_to_sync(ask)())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["database", "redis"])
def test_two_processes_keep_one_rate(store, settings, own_shared_keys):
    url = settings.REDIS_URL
    if store == "redis" and not url:
        pytest.skip("there is no Redis")
    used = {"REDIS_URL": url if store == "redis" else "", "REDIS_PREFIX": settings.REDIS_PREFIX}
    workers = [start_python(PROCESS, "a-key", **used) for _ in range(2)]
    given = [json.loads(worker.communicate(timeout=PATIENCE)[0]) for worker in workers]
    assert sum(given) == 50
    assert SharedDocument.objects.exists() is (store == "database")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["database", "redis"])
def test_a_document_is_changed_by_one_at_a_time(store, settings, own_shared_keys):
    if store == "redis" and not settings.REDIS_URL:
        pytest.skip("there is no Redis")
    settings.REDIS_URL = settings.REDIS_URL if store == "redis" else ""

    async def count() -> int:
        async with open_shared() as one, open_shared() as other:
            for shared in (one, other) * 10:
                await shared.change("counter", lambda document, now: document.update(n=document.get("n", 0) + 1))
            document, now = await one.read("counter")
            assert now > NOON - 10**9
            await one.change("counter", lambda document, now: document.clear())
            return document["n"]

    assert async_to_sync(count)() == 20
