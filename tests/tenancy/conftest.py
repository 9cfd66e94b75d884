"""One world for all tests of a module; what a test changes in it is undone."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from tests.tenancy.callers import Caller, cast_of
from tests.tenancy.planting import SEALING_KEY
from tests.tenancy.world import World, build_world, digest_of, keys_of


@dataclass(frozen=True)
class Everything:
    """A world, who asks in it, and how it is before anybody does."""

    world: World
    cast: dict[str, Caller]
    ours: dict[str, str]
    theirs: dict[str, str]
    their_keys: frozenset[int]


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker, own_redis_keys) -> Iterator[Everything]:
    """The world of a module and who asks in it, in a transaction that never ends well."""
    nowhere = {slug: said | {"base_url": "http://127.0.0.1:9"} for slug, said in settings.PROVIDERS.items()}
    plenty = {
        "API_TOKEN_REQUESTS_A_MINUTE": 10**6,
        "API_SESSION_REQUESTS_A_MINUTE": 10**6,
        "QUOTAS": dict.fromkeys(settings.QUOTAS, 0),  # no limits
    }
    with (
        django_db_blocker.unblock(),
        override_settings(CREDENTIALS_KEYS=[SEALING_KEY], PROVIDERS=nowhere, **plenty),
        transaction.atomic(),
    ):
        world = build_world()
        yield Everything(world, cast_of(world), digest_of(world.a), digest_of(world.b), frozenset(keys_of(world.b)))
        transaction.set_rollback(True)


@pytest.fixture
def world(everything, db) -> World:
    """The world, in which whatever a test changes is undone after it."""
    return everything.world


@pytest.fixture
def cast(everything, db) -> dict[str, Caller]:
    return everything.cast


@pytest.fixture
def ours(everything) -> dict[str, str]:
    """A digest of what A has, as it was made."""
    return everything.ours


@pytest.fixture
def theirs(everything) -> dict[str, str]:
    """A digest of what B has, as it was made, and is to stay whatever somebody of A does."""
    return everything.theirs


@pytest.fixture
def their_keys(everything) -> frozenset[int]:
    return everything.their_keys
