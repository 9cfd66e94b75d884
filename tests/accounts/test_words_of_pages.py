"""No page that somebody can come to is in django-allauth's own markup and words."""

from pathlib import Path

import pytest
from allauth.account.forms import ChangeEmailForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.forms import DisconnectForm
from django.conf import settings as configured
from django.forms import BaseForm
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.field_words import WORDS, InOurWords
from accounts.models import User
from tests.accounts.conftest import log_in
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OURS = Path(configured.BASE_DIR) / "templates"
# Parts that say nothing: they only choose a layout, or an element of ours.
WITHOUT_WORDS = ("base_", "base.html", "layouts/", "elements/", "snippets/")


def addresses(resolver: URLResolver, before: str = "") -> list[str]:
    """Return every address below /accounts/, with something in place of what varies."""
    found: list[str] = []
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found += addresses(one, route)
        elif isinstance(one, URLPattern) and route.startswith("accounts/"):
            found.append("/" + route)
    return found


def visited(address: str, key: int) -> str:
    """Return the address with values, as a link has them."""
    known = {
        "^confirm-email/(?P<key>[-:\\w]+)/$": "confirm-email/nonsense/",
        "^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "password/reset/key/1-nonsense/",
        "<int:pk>": str(key),
    }
    for pattern, value in known.items():
        address = address.replace(pattern, value)
    return address


@pytest.fixture
def ada(db) -> User:
    """Somebody with every kind of second step."""
    return MembershipFactory(user=UserFactory(email=ADA, password=PASSWORD)).user


def not_ours(client: Client, path: str) -> list[str]:
    """Return the templates with words of django-allauth's that a page is made of."""
    templates = [one for one in getattr(client.get(path, follow=True), "templates", []) if one.name]
    foreign = [one for one in templates if not str(one.origin.name).startswith(str(OURS))]
    return [
        one.name
        for one in foreign
        if "allauth" in str(one.origin.name) and not any(part in one.name for part in WITHOUT_WORDS)
    ]


def test_every_page_below_accounts_is_ours(ada):
    client = log_in(ADA, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    key = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "Laptop", "credential": {}}).pk
    pages = [visited(one, key) for one in addresses(get_resolver())]
    assert len(pages) > 30
    found = {path: names for path in pages if f"/{key}/" in path and (names := not_ours(client, path))}
    found |= {"/accounts/2fa/webauthn/": not_ours(client, "/accounts/2fa/webauthn/")}
    Authenticator.objects.all().delete()  # what a browser made would be needed for the rest
    found |= {path: names for path in pages if (names := not_ours(client, path))}
    found |= {f"{path} for strangers": names for path in pages if (names := not_ours(Client(), path))}
    TOTP.activate(ada, SECRET)
    RecoveryCodes.activate(ada)
    found |= {f"{path} with all": names for path in pages if (names := not_ours(client, path))}
    messages = {name for names in found.values() for name in names if "/messages/" in name}
    assert {path: names for path, names in found.items() if set(names) - messages} == {}


# Pages have them and do not show them: what is disconnected is chosen in ours, and no address is changed there.
NOT_SHOWN = (DisconnectForm, ChangeEmailForm)


def forms_of(client: Client, path: str) -> list[BaseForm]:
    """Return the forms of a page that have a field to fill in."""
    values = (value for part in client.get(path, follow=True).context or () for value in part.flatten().values())
    return [one for one in values if isinstance(one, BaseForm) and one.visible_fields() and type(one) not in NOT_SHOWN]


@pytest.mark.usefixtures("confirming")
def test_every_field_below_accounts_is_called_as_we_call_it(ada):
    asked = Client()
    asked.post("/accounts/signup/", {"email": "new@people.example", "password1": PASSWORD})
    seen = forms_of(asked, "/accounts/confirm-email/")
    client = log_in(ADA, PASSWORD)
    seen += forms_of(client, "/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    # That of a link is there only where links prove an address, and asks for nothing.
    pages = [visited(one, 0) for one in addresses(get_resolver()) if "confirm-email" not in one]
    seen += [form for page in pages for visitor in (client, Client()) for form in forms_of(visitor, page)]
    key = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "Laptop", "credential": {}})
    seen += forms_of(client, f"/accounts/2fa/webauthn/keys/{key.pk}/edit/")
    key.delete()
    TOTP.activate(ada, SECRET)
    seen += forms_of(log_in(ADA, PASSWORD), "/accounts/2fa/authenticate/")
    seen += forms_of(client, "/accounts/2fa/reauthenticate/")
    assert {type(form).__name__ for form in seen if not isinstance(form, InOurWords)} == set()
    assert len({type(form) for form in seen}) >= 11
    assert {name for form in seen for name in form.fields if not form.fields[name].widget.is_hidden} <= set(WORDS)


@pytest.mark.usefixtures("confirming")
def test_the_page_that_asks_for_a_code_is_ours_too():
    client = Client()
    answer = client.post("/accounts/signup/", {"email": ADA, "password1": PASSWORD}, follow=True)
    assert "We have sent a code to" in answer.text
    assert not_ours(client, "/accounts/confirm-email/") == []
