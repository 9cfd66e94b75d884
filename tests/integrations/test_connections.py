"""A workspace's own keys and order: what it may ask, by which key, and that a key is seen by nobody."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database

from accounts import sealing
from config import checks
from integrations import connections
from integrations.models import Connection
from tests.factories import WorkspaceFactory
from tests.harness.language_model import Reply

pytestmark = pytest.mark.django_db

CANARY = "sk-canary-c0ffee1234567890"


def yes(_question) -> Reply:
    return Reply("yes")


@pytest.fixture
def house(vendors):
    """An installation with keys for Kimi and OpenAI."""
    return vendors(kimi=yes, openai=yes)


@pytest.fixture
def acme():
    return WorkspaceFactory()


def order_of(workspace) -> list[str]:
    return [access.name for access in connections.accesses(workspace.pk)]


def test_who_has_decided_nothing_has_the_order_and_models_of_the_settings(house, settings, acme):
    assert order_of(acme) == ["kimi/kimi-k2.6", "openai/gpt-4.1-mini"]
    settings.LANGUAGE_MODEL_ORDER = ["openai", "kimi", "local"]
    assert order_of(acme) == ["openai/gpt-4.1-mini", "kimi/kimi-k2.6"]
    settings.LANGUAGE_MODEL_ORDER = ["local"]
    assert order_of(acme) == []


def test_an_own_key_comes_first_and_is_used_in_place_of_the_installations(house, acme):
    connections.set_key(acme.pk, "openai", CANARY, by=None)
    first, second = connections.accesses(acme.pk)
    assert (first.name, first.api_key, first.is_own) == ("openai/gpt-4.1-mini", CANARY, True)
    assert (second.name, second.is_own) == ("kimi/kimi-k2.6", False)
    connections.remove_key(acme.pk, "openai")
    assert order_of(acme) == ["kimi/kimi-k2.6", "openai/gpt-4.1-mini"]


def test_an_own_key_works_for_a_model_that_the_operator_does_not_offer(house, settings, acme):
    settings.LANGUAGE_MODEL_ORDER = ["local"]
    settings.PROVIDERS["kimi"]["api_key"] = ""
    connections.set_key(acme.pk, "kimi", CANARY, by=None)
    assert order_of(acme) == ["kimi/kimi-k2.6"]


def test_an_order_that_was_made_by_hand_stays_and_a_new_key_goes_before_it(house, acme):
    connections.move(acme.pk, "openai", -1)
    assert order_of(acme) == ["openai/gpt-4.1-mini", "kimi/kimi-k2.6"]
    connections.move(acme.pk, "openai", -1)  # it is the first already
    assert order_of(acme) == ["openai/gpt-4.1-mini", "kimi/kimi-k2.6"]
    connections.set_key(acme.pk, "kimi", CANARY, by=None)
    assert order_of(acme) == ["kimi/kimi-k2.6", "openai/gpt-4.1-mini"]
    connections.move(acme.pk, "kimi", 1)
    assert order_of(acme) == ["openai/gpt-4.1-mini", "kimi/kimi-k2.6"]


def test_one_workspace_decides_nothing_for_another(house, acme):
    other = WorkspaceFactory()
    connections.set_key(acme.pk, "openai", CANARY, by=None)
    connections.switch(acme.pk, "kimi", on=False)
    assert order_of(acme) == ["openai/gpt-4.1-mini"]
    assert order_of(other) == ["kimi/kimi-k2.6", "openai/gpt-4.1-mini"]
    assert CANARY not in {access.api_key for access in connections.accesses(other.pk)}


def test_limits_are_those_of_the_settings_unless_the_owner_of_the_key_says_otherwise(house, settings, acme):
    settings.LANGUAGE_MODEL_LIMITS = {"kimi": {"requests": 200, "tokens": 2_000_000, "at_once": 50}}
    row = connections.set_key(acme.pk, "kimi", CANARY, by=None)
    row.requests_per_minute, row.calls_at_once = 5_000, 0
    row.save()
    limits = connections.accesses(acme.pk)[0].limits
    assert (limits.requests, limits.tokens, limits.at_once) == (5_000, 2_000_000, 0)
    row.remove_key()
    # The installation's key is the installation's to speak for.
    assert connections.accesses(acme.pk)[0].limits.requests == 200


def test_the_same_key_has_one_name_and_another_key_another(house):
    url = "https://vendor.example/v1"
    assert sealing.key_ref(url, CANARY) == sealing.key_ref(url, CANARY)
    assert len({sealing.key_ref(*of) for of in [(url, CANARY), (url, "sk-other"), ("https://x.example", CANARY)]}) == 3
    assert CANARY not in sealing.key_ref(url, CANARY)


def test_a_key_is_nowhere_in_the_database_and_in_no_representation(house, acme):
    row = connections.set_key(acme.pk, "kimi", CANARY, by=None)
    row.refresh_from_db()
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_connection")
        stored = str(cursor.fetchall())
    places = connections.places(acme.pk)
    assert CANARY not in stored + repr(row) + str(row) + repr(places)
    assert sealing.opened(row.sealed_key) == CANARY


def test_the_keys_that_seal_can_be_changed(house, settings, acme, capsys):
    old, new = settings.CREDENTIALS_KEYS[0], Fernet.generate_key().decode()
    connections.set_key(acme.pk, "kimi", CANARY, by=None)
    settings.CREDENTIALS_KEYS = [new, old]
    assert connections.accesses(acme.pk)[0].api_key == CANARY
    call_command("reseal")
    settings.CREDENTIALS_KEYS = [new]
    assert connections.accesses(acme.pk)[0].api_key == CANARY


def test_a_key_that_cannot_be_opened_is_told_and_not_replaced_by_anothers(house, settings, acme):
    connections.set_key(acme.pk, "kimi", CANARY, by=None)
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    assert order_of(acme) == ["openai/gpt-4.1-mini"]
    place = next(place for place in connections.places(acme.pk) if place.slug == "kimi")
    assert "Enter it again" in place.problem
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("reseal")


@pytest.mark.parametrize("keys", [pytest.param([], id="none"), pytest.param(["too-short"], id="not-fernet")])
def test_without_sealing_keys_nothing_is_kept_and_the_operator_is_told(house, settings, acme, keys):
    settings.CREDENTIALS_KEYS = keys
    with pytest.raises(sealing.NotSealable) as caught:
        connections.set_key(acme.pk, "kimi", CANARY, by=None)
    assert not any(key in str(caught.value) for key in keys)
    assert not Connection.objects.exclude(sealed_key="").exists()
    (message,) = checks.keys_of_customers_can_be_sealed(None)
    assert "CREDENTIALS_KEYS" in message.msg
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    assert checks.keys_of_customers_can_be_sealed(None) == []


def test_only_in_development_is_the_sealing_key_made_of_the_secret_key(settings):
    settings.CREDENTIALS_KEYS = []
    assert not sealing.is_ready()
    settings.DEBUG = True
    assert sealing.opened(sealing.seal(CANARY)) == CANARY


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        pytest.param(["kimi", "local"], [], id="known"),
        pytest.param(["kimi", "openia"], ["openia"], id="misspelt"),
        pytest.param(["kimi", "kimi"], ["kimi"], id="twice"),
    ],
)
def test_an_order_that_makes_no_sense_is_told_at_the_start(settings, order, wrong):
    settings.LANGUAGE_MODEL_ORDER = order
    assert [message.msg.split()[1] for message in checks.language_models_are_known(None)] == wrong
