"""Nothing is done for what another site sends with somebody's cookies, nor for fields that no form has."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from hunts.models import Hunt
from tests.tenancy.doors import ACCOUNT, ADMIN, api_doors, pages, routes
from tests.tenancy.walking import own_keys
from tests.tenancy.world import digest_of

pytestmark = pytest.mark.django_db

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Mail programs press this button, without cookies; the link itself is what opens it.
WITHOUT_COOKIES = {"notifications:unsubscribe"}
# Where Google's own button leads to: it brings a token of its own, which stands in a cookie, too.
GOOGLES_OWN = "/accounts/google/login/token/"


@pytest.fixture
def forger(cast) -> Client:
    """Another site, in the browser of the owner of A: it sends their cookies, and knows no token of a form."""
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = cast["owner"].session
    return client


def test_no_page_and_no_operation_does_what_another_site_asks_for(world, forger, ours):
    doors = [door for door in (*pages(), *api_doors()) if door.name not in WITHOUT_COOKIES]
    asked = [
        (method, door.at(own_keys(door, world.a))) for door in doors for method in UNSAFE if method in door.methods
    ]
    assert len(asked) > 300
    let_in = [one for one in asked if forger.generic(*one).status_code != 403]
    assert let_in == []
    assert digest_of(world.a) == ours


def test_nor_does_a_page_of_the_account_or_of_the_console(world, forger):
    plain = [one for one in routes() if one.pattern.startswith((ACCOUNT, ADMIN)) and not one.parameters]
    addresses = ["/" + one.pattern for one in plain if "^" not in one.pattern and "\\" not in one.pattern]
    assert len(addresses) > 60
    let_in = {address for address in addresses if forger.post(address).status_code != 403}
    assert let_in == {GOOGLES_OWN}


def test_fields_that_nobody_offers_are_not_set(world, cast):
    person, other = world.a.people["owner"], world.b.workspace.pk
    forged = {
        "workspace": other,
        "workspace_id": other,
        "created_by": world.nobody.pk,
        "deleted_at": "2020-01-01T00:00Z",
    }
    answer = cast["token-full"].ask("POST", "/api/hunts", {"brief": "Bakeries in Graz"} | forged, json=True)
    assert answer.status == 201
    hunt = Hunt.objects.latest("pk")
    assert (hunt.workspace, hunt.created_by, hunt.deleted_at) == (world.a.workspace, person, None)

    rights = {"is_staff": "1", "is_superuser": "1", "is_active": "0", "role": "owner", "user": world.nobody.pk}
    cast["owner"].ask("POST", "/account/", {"name": "Ada", "language": "en"} | rights)
    sent = {"email": "new@people.example", "password1": "a long way home 7"} | rights
    Client().post("/accounts/signup/", sent)
    for user in User.objects.filter(email__in=[person.email, "new@people.example"]):
        assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert User.objects.filter(email="new@people.example").exists()
