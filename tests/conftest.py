"""The cast of the tests, and the world that they play in."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.test import Client, TransactionTestCase, override_settings
from django.utils import translation
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Schedule

from accounts.models import Membership, User, Workspace
from integrations.sandbox.server import SandboxServer
from tests.factories import MembershipFactory
from tests.harness.databases import database_of
from tests.harness.emptying import empty
from tests.harness.nursery import Nursery

# The sync API of Playwright runs a loop in the test's thread; the ORM is used beside it, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session", autouse=True)
def own_redis_keys():
    """Keep the queue and the cache of test processes apart: all of them may share one Redis, but not one database."""
    own = f"magnet-test-{os.getpid()}"
    os.environ["REDIS_PREFIX"] = Conf.PREFIX = Conf.CLUSTER_NAME = own
    caches = {"default": configured.CACHES["default"] | {"KEY_PREFIX": own}}
    if configured.REDIS_URL:
        caches["default"]["BACKEND"] = "tests.harness.own_cache.OwnRedisCache"
    with override_settings(CACHES=caches, REDIS_PREFIX=own):
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_hashed_quickly():
    """A hash that is slow to guess takes as long as the whole of most tests, and nobody guesses here."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[quick, *configured.PASSWORD_HASHERS]):
        yield


@pytest.fixture(scope="session", autouse=True)
def operators_without_a_second_step():
    """Most tests look at what operators find in the console; that they need a second step has tests of its own."""
    with override_settings(ADMIN_NEEDS_SECOND_STEP=False):
        yield


@pytest.fixture(autouse=True)
def english():
    """Begin in English: a request that was answered in another language leaves its thread in it."""
    translation.activate(configured.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def empty_queue():
    """What a test queued ends with it: a transaction takes its rows back, but not what Redis was told."""
    yield
    if configured.Q_CLUSTER.get("redis"):
        get_broker().delete_queue()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment, django_db_blocker, django_db_keepdb, tmp_path_factory, worker_id
) -> Iterator[None]:
    shared = tmp_path_factory.getbasetemp().parent
    with django_db_blocker.unblock(), database_of(worker_id, shared, is_kept=django_db_keepdb):
        yield


@pytest.fixture(autouse=True, scope="session")
def emptied_quickly():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True, scope="session")
def queue_schedules(django_db_setup, django_db_blocker) -> dict[str, Schedule]:
    """What migrations told the queue to do again and again, by function: tests that commit empty that table, too."""
    with django_db_blocker.unblock():
        return {schedule.func: schedule for schedule in Schedule.objects.all()}


@pytest.fixture
def workspace(db) -> Workspace:
    return MembershipFactory().workspace


@pytest.fixture
def owner(workspace) -> User:
    return workspace.members.get(memberships__role=Membership.Role.OWNER)


@pytest.fixture
def stranger(db) -> User:
    """Somebody with a workspace of their own."""
    return MembershipFactory().user


@pytest.fixture
def viewer(workspace) -> User:
    return MembershipFactory(workspace=workspace, role=Membership.Role.VIEWER).user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client_of_owner(owner) -> Client:
    return signed_in(owner)


@pytest.fixture
def client_of_stranger(stranger) -> Client:
    return signed_in(stranger)


@pytest.fixture(scope="session")
def sandbox_server():
    with SandboxServer(port=0, slowness=0.02) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server, settings):
    """The outside world on loopback, at the address that the settings name."""
    providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
    providers["sandbox"]["base_url"] = sandbox_server.base_url
    settings.PROVIDERS = providers
    return sandbox_server


@pytest.fixture(scope="session")
def nursery_of_all(django_db_setup, own_redis_keys) -> Iterator[Nursery]:
    # It ends before the database does, which nobody may be connected to then.
    with Nursery(SITE_TURN_SECONDS="3") as nursery:
        yield nursery


@pytest.fixture
def nursery(nursery_of_all) -> Iterator[Nursery]:
    """Processes for one test, forked from one that is prepared once: its start costs as much as many tests."""
    yield nursery_of_all
    nursery_of_all.end_all()
