"""The cast of the tests, and the world that they play in."""

import os

import pytest
from django.conf import settings as configured
from django.test import Client, TransactionTestCase, override_settings
from django.utils import translation
from django_q.brokers import get_broker
from django_q.conf import Conf

from accounts.models import Membership, User, Workspace
from integrations.sandbox.server import SandboxServer
from tests.factories import MembershipFactory
from tests.harness.emptying import empty

# The sync API of Playwright runs a loop in the test's thread; the ORM is used beside it, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session", autouse=True)
def own_redis_keys():
    """Keep the queue and the cache of test processes apart: all of them may share one Redis, but not one database."""
    own = f"magnet-test-{os.getpid()}"
    os.environ["REDIS_PREFIX"] = Conf.PREFIX = Conf.CLUSTER_NAME = own
    caches = {"default": configured.CACHES["default"] | {"KEY_PREFIX": own}}
    with override_settings(CACHES=caches, REDIS_PREFIX=own):
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


@pytest.fixture(autouse=True, scope="session")
def emptied_quickly():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


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
