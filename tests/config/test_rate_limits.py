"""How many requests a minute the API takes, whoever counts them."""

import re
import time

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from accounts import rate_limits
from accounts.api_models import RequestCount
from accounts.token_models import Scope
from tests.accounts.test_tokens import bearer, is_problem, made_for
from tests.conftest import signed_in

PROCESSES, TIMES, LIMIT = 5, 40, 60


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time in one place: a minute that begins when the test does, and ends when it says so."""
    now = [time.time() // 60 * 60.0]
    monkeypatch.setattr(rate_limits, "time", type("Clock", (), {"time": staticmethod(lambda: now[0])}))
    cache.clear()
    return now


@pytest.mark.django_db
def test_each_answer_says_what_is_left_and_one_too_many_what_to_do(owner, settings, clock):
    settings.API_TOKEN_REQUESTS_A_MINUTE = 3
    client = bearer(made_for(owner)[1])
    clock[0] += 18
    answers = [client.get("/api/hunts") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert [one["RateLimit"] for one in answers] == [f'"minute";r={left};t=42' for left in (2, 1, 0, 0, 0)]
    assert {one["RateLimit-Policy"] for one in answers} == {'"minute";q=3;w=60'}
    assert is_problem(answers[3], 429) and answers[3]["Retry-After"] == "42"
    assert "42 seconds" in answers[3].json()["detail"]
    assert answers[3].json()["type"].endswith("#quota-exceeded")
    assert answers[3].json()["violated-policies"] == ["minute"]
    assert "Retry-After" not in answers[2]
    clock[0] += 42
    assert client.get("/api/hunts")["RateLimit"] == '"minute";r=2;t=60'


@pytest.mark.django_db
def test_what_is_refused_has_no_effect_and_what_fails_counts(owner, settings, clock):
    settings.API_TOKEN_REQUESTS_A_MINUTE = 2
    row, token = made_for(owner, *Scope.values)
    assert is_problem(bearer(token).get("/api/hunts/999999"), 404)
    assert is_problem(bearer(token).get("/api/hunts/999999"), 404)
    assert is_problem(bearer(token).delete(f"/api/tokens/{row.pk}"), 429)
    row.refresh_from_db()
    assert row.revoked_at is None


@pytest.mark.django_db
def test_tokens_and_sessions_are_counted_apart_and_0_is_no_limit(owner, viewer, settings, clock):
    settings.API_TOKEN_REQUESTS_A_MINUTE = settings.API_SESSION_REQUESTS_A_MINUTE = 0
    first, second = bearer(made_for(owner)[1]), bearer(made_for(owner)[1])
    settings.API_TOKEN_REQUESTS_A_MINUTE = settings.API_SESSION_REQUESTS_A_MINUTE = 1
    for client in (first, second, signed_in(owner), signed_in(viewer)):
        assert [client.get("/api/hunts").status_code for _ in range(2)] == [200, 429]
    settings.API_TOKEN_REQUESTS_A_MINUTE = 0
    answer = first.get("/api/hunts")
    assert answer.status_code == 200 and "RateLimit" not in answer


@pytest.mark.django_db
def test_no_session_key_is_written_down(owner, clock):
    client = signed_in(owner)
    client.get("/api/hunts")
    written = " ".join(RequestCount.objects.values_list("holder", flat=True))
    assert client.session.session_key not in written
    assert not written or re.fullmatch(r"session:[0-9a-f]{40}", written)


class FullRedis(LocMemCache):
    """A cache that throws a key out just before it is counted on."""

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        self.delete(key, version=version)
        return super().incr(key, delta, version=version)


def test_a_count_that_is_thrown_out_while_it_is_counted_on_begins_anew(settings, clock):
    settings.REDIS_URL = "redis://full.example"
    settings.CACHES = {"default": {"BACKEND": "tests.config.test_rate_limits.FullRedis", "LOCATION": "full"}}
    assert [rate_limits.take("token:1", 5).remaining for _ in range(3)] == [4, 4, 4]


@pytest.mark.django_db(transaction=True)
def test_several_processes_let_exactly_as_many_through_as_one_would(nursery):
    for attempt in range(3):
        began = time.time() // rate_limits.SECONDS
        holder = f"token:{attempt}"
        children = [nursery.start("tests.config.api_jobs.take", holder, LIMIT, TIMES) for _ in range(PROCESSES)]
        let_through = sum(child.finish() for child in children)
        if time.time() // rate_limits.SECONDS == began:  # else a minute ended meanwhile, and both of them count
            break
    assert let_through == LIMIT
