"""Where somebody is logged in: what the page says, ending one session, and being told of a new browser."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from accounts import browsers, post
from accounts.letter_models import KnownBrowser, Letter
from accounts.models import User
from accounts.visitors import living_sessions
from tests.accounts.conftest import is_in, sign_up
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER_FIREFOX = FIREFOX.replace("140", "141")
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"


@pytest.fixture
def ada() -> User:
    return MembershipFactory(user=UserFactory(email=ADA, password=PASSWORD, time_zone="Asia/Shanghai")).user


def log_in(agent: str = FIREFOX, ip: str = "203.0.113.7") -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=ip)
    client.post("/accounts/login/", {"login": ADA, "password": PASSWORD})
    return client


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def warnings() -> list[str]:
    """Return what was written about logins from new browsers, once what waits is sent."""
    post.send_due()
    return [message.body for message in mail.outbox if "new browser" in message.subject]


def test_the_page_says_in_plain_words_where_and_when(ada):
    here, _there = log_in(), log_in(SAFARI, "198.51.100.9")
    UserSession.objects.update(created_at=datetime(2026, 3, 1, 20, 5, tzinfo=UTC))
    page = here.get("/accounts/sessions/").text
    for said in ("Firefox, Windows", "Safari, iOS", "in the network that you are in now", "198.51.100.9"):
        assert said in page
    assert "March 2, 2026, 4:05 a.m." in page, "by the clocks of Shanghai"
    assert page.count("/end") == 1, "not the session that one is in"


def test_one_session_is_ended_with_its_streams_and_the_others_go_on(ada):
    here, there, third = log_in(), log_in(SAFARI), log_in(FIREFOX, "198.51.100.9")
    key = there.session.session_key
    assert living_sessions({key}) == {key}
    answer = here.post(f"/account/sessions/{session_of(there).pk}/end", follow=True)
    assert "That browser is logged out." in answer.text
    assert living_sessions({key}) == set()
    assert [is_in(one) for one in (here, there, third)] == [True, False, True]


def test_ones_own_session_is_not_ended_there(ada):
    here = log_in()
    answer = here.post(f"/account/sessions/{session_of(here).pk}/end", follow=True)
    assert "Log out to end its session" in answer.text
    assert is_in(here)


def test_nobody_ends_the_session_of_somebody_else_and_a_link_ends_none(ada):
    there = log_in()
    pk = session_of(there).pk
    bob = sign_up("bob@people.example", PASSWORD)
    assert bob.post(f"/account/sessions/{pk}/end").status_code == 404
    assert bob.post("/account/sessions/999999/end").status_code == 404
    assert Client().post(f"/account/sessions/{pk}/end").status_code == 302
    assert log_in().get(f"/account/sessions/{pk}/end").status_code == 405
    assert is_in(there)


def test_a_login_from_a_browser_never_seen_is_told_with_what_to_do_and_once(ada):
    log_in()
    assert warnings() == [], "the first one is where the account was made"
    log_in(SAFARI, "198.51.100.9")
    log_in(SAFARI, "198.51.100.200")
    (told,) = warnings()
    assert "Safari, iOS" in told
    assert "198.51.100.9" in told
    assert "/accounts/sessions/" in told
    assert "/accounts/password/reset/" in told


@pytest.mark.parametrize(
    ("agent", "ip", "is_told"),
    [
        pytest.param(NEWER_FIREFOX, "203.0.113.99", False, id="an update in the same network"),
        pytest.param(FIREFOX, "198.51.100.9", True, id="another network"),
        pytest.param(SAFARI, "203.0.113.7", True, id="another browser"),
    ],
)
def test_new_is_another_family_or_network_and_not_another_version_or_address(ada, agent, ip, is_told):
    log_in()
    log_in(agent, ip)
    assert bool(warnings()) is is_told


def test_a_wrong_password_is_no_login(ada):
    log_in()
    Client(HTTP_USER_AGENT=SAFARI).post("/accounts/login/", {"login": ADA, "password": "wrong"})
    assert warnings() == []
    assert KnownBrowser.objects.count() == 1


def test_a_mail_server_that_is_away_keeps_nobody_out_and_the_warning_is_sent_later(ada, settings):
    log_in()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert is_in(log_in(SAFARI))
    assert warnings() == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Letter.objects.update(not_before=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(warnings()) == 1
    assert Letter.objects.get().text == ""


def test_browsers_not_seen_for_a_year_are_forgotten_but_not_the_last_one(ada):
    log_in()
    log_in(SAFARI)
    KnownBrowser.objects.update(last_at=timezone.now() - timedelta(days=364))
    assert browsers.prune() == 0
    log_in(FIREFOX)
    KnownBrowser.objects.filter(browser__startswith="Safari").update(last_at=timezone.now() - timedelta(days=366))
    assert browsers.prune() == 1
    KnownBrowser.objects.update(last_at=timezone.now() - timedelta(days=3_660))
    assert browsers.prune() == 0
    log_in(SAFARI)
    assert len(warnings()) == 2


def test_they_are_forgotten_every_day(queue_schedules):
    assert queue_schedules["accounts.browsers.prune"].schedule_type == Schedule.DAILY
