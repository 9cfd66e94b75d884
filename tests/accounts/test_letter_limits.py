"""How many e-mails can be sent to an address that somebody typed, whoever they are; and that it tells nothing."""

import time

import pytest
from allauth.core.internal import ratelimit
from django.test import Client

from accounts.letter_models import Letter
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, NOBODY, PASSWORD = "ada@people.example", "nobody@people.example", "a-good-long-password"
HOUR = 3_600


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time by which django-allauth counts."""
    now = [time.time()]
    monkeypatch.setattr(ratelimit, "time", type("Clock", (), {"time": lambda: now[0], "monotonic": time.monotonic}))
    return now


def asks_for_a_link(email: str, ip: str) -> int:
    return Client(REMOTE_ADDR=ip).post("/accounts/password/reset/", {"email": email}).status_code


def signs_up(email: str, ip: str) -> int:
    return Client(REMOTE_ADDR=ip).post("/accounts/signup/", {"email": email, "password1": PASSWORD}).status_code


@pytest.mark.parametrize("email", [ADA, NOBODY])
def test_an_address_gets_five_links_an_hour_and_ten_a_day_whoever_asks_and_whether_it_has_an_account(clock, email):
    user = UserFactory(email=ADA)
    for hour, let_through in enumerate((5, 5, 0)):
        answers = [asks_for_a_link(email, f"10.{hour}.{n}.1") for n in range(7)]
        assert answers == [302] * let_through + [429] * (7 - let_through)
        clock[0] += HOUR
    assert Letter.objects.filter(user=user).count() == (10 if email == ADA else 0)


@pytest.mark.usefixtures("confirming")
@pytest.mark.parametrize("email", [ADA, NOBODY])
def test_an_address_gets_ten_codes_an_hour_whoever_asks_and_whether_it_has_an_account(clock, email):
    UserFactory(email=ADA)
    answers = []
    for n in range(12):
        clock[0] += 11
        answers.append(signs_up(email, f"10.0.{n}.1"))
    assert answers == [302] * 10 + [429] * 2


@pytest.mark.parametrize("network", ["10.0.0.1", "2001:db8:0:{n:x}::1"])
def test_a_network_has_sixty_links_sent_an_hour_to_whatever_addresses(clock, network):
    def ask(n: int) -> int:
        clock[0] += 4
        return asks_for_a_link(f"person{n}@people.example", network.format(n=n))

    assert [ask(n) for n in range(62)] == [302] * 60 + [429] * 2
    assert asks_for_a_link("person@people.example", "2001:db8:1::1") == 302


@pytest.mark.usefixtures("confirming")
def test_a_network_has_sixty_codes_sent_an_hour_to_whatever_addresses(clock):
    def sign_up(n: int) -> int:
        clock[0] += 4
        return signs_up(f"person{n}@people.example", "10.0.0.1")

    assert [sign_up(n) for n in range(62)] == [302] * 60 + [429] * 2
    assert signs_up("person@people.example", "10.0.1.1") == 302


def test_the_page_for_who_asks_too_often_says_what_to_do(clock):
    for _ in range(6):
        page = Client().post("/accounts/password/reset/", {"email": ADA})
    assert page.status_code == 429
    assert "Wait for a while" in page.text
    assert "Magnet Hunter" in page.text
