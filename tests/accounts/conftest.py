"""Google and WeChat on loopback, and people who sign in with them."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.socialaccount.providers.google import views as google_views
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from oidc_provider_mock import run_server_in_thread

import config.urls  # noqa: F401  (allauth chooses its addresses by the settings that it is first imported under)
from accounts import post
from tests.harness.fake_wechat import APP_ID, APP_SECRET, FakeWeChat

CODE = re.compile(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", re.MULTILINE)


@pytest.fixture
def confirming(settings) -> None:
    """An installation that sends mail: nobody gets in before they proved their address by a code."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_CHANGE_EMAIL = True


@pytest.fixture
def unlimited() -> None:
    """Nobody has tried anything yet: limits are counted in the cache, which outlives a test."""
    cache.clear()


@dataclass(frozen=True)
class Google:
    base_url: str

    def knows(self, sub: str, **claims: object) -> None:
        httpx.put(f"{self.base_url}/users/{sub}", json=claims).raise_for_status()

    def sign_in(self, client: Client, sub: str, process: str = "login") -> HttpResponse:
        """Go through the whole sign-in as `sub`; return our answer to their coming back."""
        away = client.post(f"/accounts/google/login/?process={process}")
        assert away.status_code == 302, away.text
        back = httpx.post(away.headers["Location"], data={"sub": sub}).headers["Location"]
        return client.get(local(back), follow=True)


@pytest.fixture(scope="session")
def oidc_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def google(oidc_server, settings, monkeypatch) -> Google:
    """An OpenID provider in Google's place. allauth keeps Google's addresses in constants."""
    for name, path in {
        "access_token_url": "/oauth2/token",
        "authorize_url": "/oauth2/authorize",
        "identity_url": "/userinfo",
    }.items():
        monkeypatch.setattr(google_views.GoogleOAuth2Adapter, name, f"{oidc_server}{path}")
    monkeypatch.setattr(google_views, "ID_TOKEN_ISSUER", oidc_server)
    use(settings, "google", APPS=[{"client_id": "our-app", "secret": "our-secret"}])
    return Google(oidc_server)


class WeChatPerson:
    def __init__(self, server: FakeWeChat) -> None:
        self.server = server

    def sign_in(self, client: Client, process: str = "login", **person: str) -> HttpResponse:
        """Go through the whole sign-in as `person`; return our answer to their coming back."""
        self.server.person = person
        away = client.post(f"/accounts/weixin/login/?process={process}")
        assert away.status_code == 302, away.text
        back = httpx.get(away.headers["Location"]).headers["Location"]
        return client.get(local(back), follow=True)


@pytest.fixture
def wechat(settings) -> Iterator[WeChatPerson]:
    with FakeWeChat() as server:
        use(
            settings,
            "weixin",
            APPS=[{"client_id": APP_ID, "secret": APP_SECRET}],
            AUTHORIZE_URL=f"{server.base_url}/connect/qrconnect",
            API_URL=server.base_url,
        )
        yield WeChatPerson(server)


def use(settings, provider: str, **values: object) -> None:
    providers = {slug: dict(one) for slug, one in settings.SOCIALACCOUNT_PROVIDERS.items()}
    providers[provider] |= values
    settings.SOCIALACCOUNT_PROVIDERS = providers


def local(url: str) -> str:
    """Return the path and query of an address, for the test client."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def last_mail(to: str) -> str:
    """Return the last e-mail that `to` got, once the queue has sent what is due."""
    post.send_due()
    return next(message.body for message in reversed(mail.outbox) if to in message.to)


def code_for(to: str) -> str:
    return CODE.search(last_mail(to))[1]


def is_in(client: Client) -> bool:
    """True where the browser is signed in."""
    return who(client) != ""


def who(client: Client) -> str:
    """Return the address of whoever is signed in, '' for nobody."""
    user = client.get("/about/crawler").wsgi_request.user
    return user.email if user.is_authenticated else ""


def sign_up(email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/signup/", {"email": email, "password1": password})
    return client


def enter_code(client: Client, email: str) -> HttpResponse:
    return client.post("/accounts/confirm-email/", {"code": code_for(email)}, follow=True)


def log_in(email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


def reset_password(email: str, password: str) -> Client:
    """Forget a password, follow the link in the mail, and set another."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": email})
    link = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", last_mail(email))[1]
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})
    return client
