"""A workspace with something on every page, the people who look at it, and all of its forms."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.admin import site as admin_site
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from tests.api.filled import filled
from tests.factories import MembershipFactory
from tests.forms.found import Form, forms_of
from tests.harness.addresses import addresses

PASSWORD = "a-good-password"
# Whoever presses these is somebody else after it, or nobody.
LEAVES = ("/accounts/logout/", "/account/delete", "/settings/workspace/delete")


@pytest.fixture(autouse=True)
def unheard_and_unlimited(settings):
    """Hundreds of refusals, each logged, take longer than the requests; and nobody here is slowed down."""
    settings.ACCOUNT_RATE_LIMITS = False
    cache.clear()
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@dataclass(frozen=True)
class Place:
    """A workspace with something on every page, its owner and an operator, and the addresses that they go to."""

    owner: User
    operator: User
    site: list[str]
    console: list[str]


@pytest.fixture(scope="module")
def place(django_db_setup, django_db_blocker, own_redis_keys) -> Iterator[Place]:
    """The world of a module, in a transaction that never ends well; what a test changes in it is undone before."""
    with django_db_blocker.unblock(), override_settings(ACCOUNT_RATE_LIMITS=False), transaction.atomic():
        member = MembershipFactory()
        operator = User.objects.create_superuser("operator@people.example", PASSWORD)
        rows = filled(member.workspace, member.user).rows
        for_people = [one for one in addresses(rows) if not one.startswith(("/api/", "/admin/"))]
        yield Place(member.user, operator, for_people, ["/admin/", *_console()])
        transaction.set_rollback(True)


@pytest.fixture
def site(place, db) -> list[str]:
    """Every address that people, and not programs, go to."""
    return place.site


@pytest.fixture
def console(place, db) -> list[str]:
    """The pages of the console: every list, what adds a row, and the first row of each."""
    return place.console


@pytest.fixture
def owners_browser(place, db) -> Client:
    return _browser_of_owner(place)


@pytest.fixture
def operators_browser(place, db) -> Client:
    return _browser_of_operator(place)


def _browser_of_owner(place: Place) -> Client:
    """They came in by their password just now, so that no page asks for it again."""
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": place.owner.email, "password": PASSWORD})
    return client


def _browser_of_operator(place: Place) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(place.operator)
    return client


@pytest.fixture(scope="module")
def forms_of_owner(place, django_db_blocker) -> list[Form]:
    with django_db_blocker.unblock():
        return forms_on(_browser_of_owner(place), place.site)


@pytest.fixture
def owners_forms(forms_of_owner, db) -> list[Form]:
    return forms_of_owner


@pytest.fixture
def operators_forms(operators_browser, console) -> list[Form]:
    return forms_on(operators_browser, console)


@pytest.fixture
def strangers_forms(place, db) -> list[Form]:
    pages = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/reauthenticate/"]
    return forms_on(Client(), pages)


def forms_on(client: Client, pages: list[str]) -> list[Form]:
    """Return every form of some pages, each once."""
    found: dict[object, Form] = {}
    for page in pages:
        answer = client.get(page)
        kind = answer.headers.get("Content-Type", "")
        if answer.status_code == 200 and kind.startswith("text/html") and not answer.streaming:
            found |= {form.key: form for form in forms_of(page, answer.text) if form.key not in found}
    return [form for form in found.values() if not form.action.startswith(LEAVES)]


def _console() -> Iterator[str]:
    for model in admin_site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        if first := model._default_manager.order_by("pk").first():
            yield reverse(f"{name}_change", args=[first.pk])


def tried(client: Client, form: Form, sent: dict[str, object]):
    """Send a form and undo what it did; the next one finds everything as it was."""
    with transaction.atomic():
        ask = client.get if form.method == "get" else getattr(client, form.method)
        answer = ask(form.action, sent) if form.method in ("get", "post") else ask(form.action)
        transaction.set_rollback(True)
    return answer
