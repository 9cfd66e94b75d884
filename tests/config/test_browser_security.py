"""What holds at every address of the site: headers, cookies, hosts, redirects, and nothing inline."""

import logging
import re
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as configured
from django.core import mail
from django.template import engines
from django.template.utils import get_app_template_dirs
from django.test import Client
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import post
from accounts.models import User
from tests.conftest import signed_in
from tests.factories import UserFactory
from tests.harness.addresses import addresses, world
from tests.harness.inline import inline, inline_in_template

pytestmark = pytest.mark.django_db

# Sign-in at providers that this installation has no registration with.
NOT_SET_UP = ("/accounts/google/", "/accounts/weixin/")
PASSWORD = "a-good-password"
HERE = "testserver"


@pytest.fixture(autouse=True)
def unheard():
    """Hundreds of refusals, each logged with its traceback, take longer than the requests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def site(workspace, owner) -> list[str]:
    return addresses(world(workspace, owner))


@pytest.fixture
def production(settings):
    """What the settings are without DEBUG, as far as an answer shows it."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.LANGUAGE_COOKIE_NAME = "__Host-language"


def quiet(client: Client) -> Client:
    """Let a client take an error as a browser does."""
    client.raise_request_exception = False
    return client


def operator(settings) -> Client:
    settings.ADMIN_NEEDS_SECOND_STEP = False  # how one gets in is tested elsewhere
    return signed_in(User.objects.create_superuser("operator@people.example", PASSWORD))


def test_the_walk_comes_to_the_whole_site(site):
    assert len(site) > 150
    for start in ("/hunts/runs/", "/leads/", "/settings/", "/api/", "/admin/leads/lead/", "/accounts/login/"):
        assert any(address.startswith(start) for address in site), start
    assert not [address for address in site if re.search(r"[<>()^$\\]", address)]


@pytest.mark.parametrize("who", ["owner", "stranger", "operator"])
def test_every_answer_tells_browsers_what_to_refuse_and_has_no_script_or_style_in_itself(
    who, site, production, settings, owner
):
    client = quiet({"owner": lambda: signed_in(owner), "operator": lambda: operator(settings)}.get(who, Client)())
    answers: dict[int, list[str]] = defaultdict(list)
    for address in [*site, "/nowhere"]:
        answer = client.get(address, secure=True)
        answers[answer.status_code].append(address)
        if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            assert inline(answer.text) == [], address
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"):
            assert part in policy, address
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"unsafe-|\*|https?:(?!//accounts\.google\.com|//open\.weixin\.qq\.com)", policy), address
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        assert answer.headers["X-Frame-Options"] == "DENY", address
        assert answer.headers["Referrer-Policy"] == "same-origin", address
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert "camera=()" in answer.headers["Permissions-Policy"], address
        assert "Access-Control-Allow-Origin" not in answer.headers, address
        for cookie in answer.cookies.values():
            if cookie["max-age"] == 0:
                continue  # it is taken away
            # Django keeps messages in a cookie of a fixed name; it is signed, and lives until they are shown.
            assert cookie.key.startswith("__Host-") or cookie.key == "messages", address
            assert cookie["secure"], address
            assert cookie["httponly"], address
            assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", ""), address
    assert len(answers[200]) > 10
    assert [address for address in answers[500] if not address.startswith(NOT_SET_UP)] == []


# Of others: none of these is ever shown as it stands. The policy refuses what they have in them, whatever happens.
NEVER_SHOWN = {
    "admin/change_list.html": "only where actions are neither above nor below the list: ours are always above",
    "account/phone_change.html": "there are no phone numbers to log in by",
    "ninja/swagger_cdn.html": "the API's description is shown by a template of ours",
    "ninja/redoc.html": "the same",
    "ninja/redoc_cdn.html": "the same",
}


def test_no_template_has_script_or_style_in_itself():
    found = {}
    for folder in [configured.BASE_DIR / "templates", *get_app_template_dirs("templates")]:
        for path in sorted(Path(folder).rglob("*.html")):
            name = str(path.relative_to(folder))
            # A template that another one hides under the same name is never read.
            if Path(engines["django"].get_template(name).origin.name) == path:
                found[name] = inline_in_template(path.read_text())
    assert len(found) > 100
    theirs = {name for name in found if not (configured.BASE_DIR / "templates" / name).exists()}
    # E-mails are no pages: no policy holds there, and their readers drop style sheets.
    assert [name for name in found.keys() - theirs if found[name] and not name.startswith("emails/")] == []
    assert {name for name in theirs if found[name]} <= NEVER_SHOWN.keys()


def test_script_and_style_in_a_page_are_found():
    for bad in (
        '<p style="x">',
        "<style>p{}</style>",
        "<script>1</script>",
        '<a onclick="x()">',
        '<a href=" JavaScript:x">',
    ):
        assert inline(bad), bad
        assert inline_in_template(f"{{% if x %}}{bad}{{% endif %}}"), bad
    for good in (
        '<script src="/x.js"></script>',
        '<script type="application/json">{}</script>',
        "<p>on x=1 style=2</p>",
    ):
        assert inline(good) == [], good


# --- hosts, redirects, sessions --------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:x"])
def test_a_host_that_is_not_ours_is_refused_everywhere(site, owner, host):
    client = quiet(signed_in(owner))
    for address in site:
        answer = client.get(address, HTTP_HOST=host)
        assert answer.status_code == 400, address
        assert "evil.example" not in answer.text, address


def test_a_link_in_an_e_mail_leads_to_the_host_that_was_asked_and_to_no_other_that_is_claimed(client):
    person = UserFactory()
    claims = {
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_FORWARDED": "host=evil.example",
        "HTTP_X_HOST": "evil.example",
    }
    client.post("/accounts/password/reset/", {"email": person.email}, **claims)
    post.send_due()
    assert mail.outbox
    assert "evil.example" not in mail.outbox[0].body


EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "\x09//evil.example/",
)
PARAMETERS = ("next", "url", "redirect_to", "return_to", "process")


def leads_away(location: str) -> bool:
    """Return whether a browser that follows `location` leaves the site, also by way of a `next` that it hands on."""
    if not url_has_allowed_host_and_scheme(location, {HERE}):
        return True
    handed_on = parse_qs(urlsplit(location).query)
    return any(
        not url_has_allowed_host_and_scheme(value, {HERE}) and urlsplit(location).path.startswith("/accounts/") is False
        for name in PARAMETERS
        for value in handed_on.get(name, [])
        if "evil" in value
    )


@pytest.mark.parametrize("who", ["owner", "stranger"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_leads_away_from_the_site(who, method, site, owner):
    client = quiet(signed_in(owner) if who == "owner" else Client())
    for address in site:
        asked = dict.fromkeys(PARAMETERS, EVIL[0])
        if method == "get":
            answer = client.get(address, asked)
        else:
            answer = client.post(f"{address}?next={EVIL[1]}", asked | {"language": "en"}, HTTP_REFERER=EVIL[0])
            if who == "owner":
                client.force_login(owner)  # some of them log out
        if location := answer.headers.get("Location"):
            assert not leads_away(location), (address, location)


@pytest.mark.parametrize("evil", EVIL)
def test_neither_logging_in_nor_out_nor_a_language_leads_away(client, evil):
    person = UserFactory()
    told = {"login": person.email, "password": PASSWORD, "next": evil}
    for address, data in (
        ("/accounts/login/", told),
        ("/accounts/reauthenticate/", told),
        ("/language", {"language": "sr-latn", "next": evil}),
        ("/accounts/logout/", {"next": evil}),
        ("/accounts/signup/", {"email": "ada@people.example", "password1": "a-good-long-password", "next": evil}),
    ):
        answer = client.post(address, data, HTTP_REFERER=evil)
        assert answer.status_code in (302, 204), address
        if answer.status_code == 302:
            assert url_has_allowed_host_and_scheme(answer.headers["Location"], {HERE}), address


def test_a_page_that_one_wanted_before_logging_in_is_come_back_to(client):
    person = UserFactory()
    answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD, "next": "/leads/?tier=A"})
    assert answer.headers["Location"] == "/leads/?tier=A"


def test_a_session_that_somebody_else_chose_is_not_logged_in(client, owner):
    client.get("/accounts/login/")
    client.cookies[configured.SESSION_COOKIE_NAME] = "a" * 32
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    fixed, own = Client(), client.cookies[configured.SESSION_COOKIE_NAME].value
    fixed.cookies[configured.SESSION_COOKIE_NAME] = "a" * 32
    assert own != "a" * 32
    assert client.get("/leads/").status_code == 200
    assert fixed.get("/leads/").status_code == 302


def test_a_session_has_another_name_after_logging_in_and_is_gone_after_logging_out(client, owner):
    session = client.session
    session["kept"] = "yes"
    session.save()
    before = session.session_key
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    during = client.session.session_key
    stolen = Client()
    stolen.cookies[configured.SESSION_COOKIE_NAME] = during
    assert stolen.get("/leads/").status_code == 200
    client.post("/accounts/logout/")
    assert before != during
    assert stolen.get("/leads/").status_code == 302


# --- where to report -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("security@example.com", "mailto:security@example.com"),
        ("https://example.com/report", "https://example.com/report"),
    ],
)
def test_security_txt_says_where_to_report_and_has_not_expired(client, settings, contact, said):
    settings.SECURITY_CONTACT, settings.SITE_URL = contact, "https://app.example.com"
    answer = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == said
    assert fields["Canonical"] == "https://app.example.com/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - timezone.now()
    assert timedelta(days=30) < left < timedelta(days=366)


def test_there_is_no_security_txt_without_a_contact(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404
