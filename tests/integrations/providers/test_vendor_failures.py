"""What vendors say when they do not answer, in their own words, and what we make of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.kimi import Kimi
from integrations.providers.local_server import LocalServer
from integrations.providers.openai import OpenAI
from integrations.providers.wire import LONGEST_WAIT, retry_after_seconds, seconds_told
from tests.harness.language_model import LanguageModelServer, refused
from tests.integrations.providers.vendors import talking_to

ACCOUNT = "Your account org-1<ak-1> request reached organization"
PER_MINUTE = {
    "message": "Rate limit reached for gpt-4.1-mini in organization org-1 on requests per min (RPM): Limit 3, Used 3, "
    "Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more. You "
    "can increase your rate limit by adding a payment method at https://platform.openai.com/account/billing.",
    "type": "requests",
    "code": "rate_limit_exceeded",
}
PER_DAY = PER_MINUTE | {
    "message": "Rate limit reached for gpt-4.1-mini in organization org-1 on requests per day (RPD): Limit 200, Used "
    "200, Requested 1. Please try again in 7m12s. Visit https://platform.openai.com/account/rate-limits to learn more."
}


async def failure(status: int, error: dict, provider=OpenAI, model="gpt-4.1-mini", **headers: str) -> ProviderError:
    with LanguageModelServer(lambda _question: refused(status, error, **headers)) as server:
        async with talking_to(server, provider, model) as asked:
            with pytest.raises(ProviderError) as caught:
                await asked.complete(system="Judge.", user="Pages.")
    assert caught.value.provider == provider.slug
    assert "org-1" not in caught.value.message
    return caught.value


def seconds_from_now(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


async def test_too_fast_is_no_want_of_money_though_the_sentence_names_the_billing_page():
    error = await failure(429, PER_MINUTE)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 20


async def test_a_daily_limit_puts_the_key_aside_until_the_moment_that_the_sentence_tells():
    error = await failure(429, PER_DAY, retry_after="1")
    assert isinstance(error, QuotaExhausted)
    assert 420 < seconds_from_now(error.resets_at) <= 432


@pytest.mark.parametrize(
    ("message", "kind", "wait"),
    [
        (f"{ACCOUNT} max RPM: 3, please try again after 1 seconds", Unavailable, 1),
        (f"{ACCOUNT} max organization concurrency: 1, please try again after 1 seconds", Unavailable, 1),
        (f"{ACCOUNT} TPM rate limit, current: 1410, limit: 100, see https://platform", Unavailable, None),
        ("We're receiving too many requests at the moment. Please wait a moment and try again.", Unavailable, None),
        (f"{ACCOUNT} TPD rate limit, current: 1501880, limit: 1500000", QuotaExhausted, None),
        (f"{ACCOUNT} max RPD: 100, please try again after 2 hours", QuotaExhausted, 7_200),
    ],
    ids=["rpm", "concurrency", "tpm", "busy", "tpd", "rpd"],
)
async def test_kimi_names_the_limit_that_was_met(message, kind, wait):
    error = await failure(429, {"message": message, "type": "rate_limit_reached_error"}, Kimi, "kimi-k2.6")
    assert isinstance(error, kind)
    if kind is Unavailable:
        assert error.retry_after == wait
    elif wait is None:
        assert error.resets_at is None
    else:
        assert wait - 60 < seconds_from_now(error.resets_at) <= wait


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "You exceeded your current quota, please check your plan", "code": "insufficient_quota"}),
        (429, {"message": "Your account is suspended", "type": "exceeded_current_quota_error"}),
        (400, {"message": "Billing hard limit has been reached", "code": "billing_hard_limit_reached"}),
        (403, {"message": "Insufficient balance, please top up"}),
        (403, {"message": "You've reached your usage limit for this billing cycle"}),
        (402, {}),
    ],
    ids=["openai", "kimi", "hard limit", "balance", "membership", "402"],
)
async def test_no_money_left_is_told_apart(status, error):
    told = await failure(status, error)
    assert isinstance(told, QuotaExhausted)
    assert told.resets_at is None


async def test_a_wait_of_hours_puts_the_key_aside_whatever_the_limit_is_called():
    told = await failure(429, {"message": "slow down"}, retry_after="7200")
    assert isinstance(told, QuotaExhausted)
    assert 7_100 < seconds_from_now(told.resets_at) <= 7_200


async def test_a_server_that_is_down_for_hours_is_not_the_fault_of_the_key():
    told = await failure(503, {"message": "maintenance"}, retry_after="7200")
    assert isinstance(told, Unavailable)
    assert (told.retry_after, told.may_be_billed) == (LONGEST_WAIT, False)


@pytest.mark.parametrize("status", [504, 524])
async def test_a_gateway_that_gave_up_waiting_may_leave_a_bill(status):
    assert (await failure(status, {})).may_be_billed


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"message": "x", "code": "context_length_exceeded"}, "too long for gpt-4.1-mini"),
        (400, {"message": "Your request exceeded model token limit : 8192"}, "too long for gpt-4.1-mini"),
        (400, {"message": "request (5031 tokens)", "type": "exceed_context_size_error", "code": 400}, "too long"),
        (413, {}, "too long for gpt-4.1-mini"),
        # No waiting makes it smaller.
        (429, {"message": "Request too large for gpt-4.1-mini on tokens per min (TPM): Limit 3"}, "too long"),
        (400, {"message": "considered high risk", "type": "content_filter"}, "content rules"),
        (404, {"message": "no such model", "code": "model_not_found"}, "does not know the model gpt-4.1-mini"),
        (400, {"message": "Invalid schema", "type": "invalid_request_error"}, "refused the request"),
        (422, {}, "refused the request"),
    ],
    ids=["openai", "kimi", "llama.cpp", "413", "minute", "filter", "model", "schema", "422"],
)
async def test_a_request_that_would_fail_again_says_why(status, error, expected):
    told = await failure(status, error)
    assert isinstance(told, RequestRejected)
    assert expected in told.message


async def test_a_local_server_that_still_loads_its_model_is_asked_later():
    error = {"message": "Loading model", "type": "unavailable_error", "code": 503}
    assert isinstance(await failure(503, error, LocalServer, "any"), Unavailable)


@pytest.mark.parametrize(
    "body", [b"", b"no", b"[]", b'{"error": 7}', b'{"error": {"message": 7, "code": []}}', b"\xff"]
)
@pytest.mark.parametrize(("status", "kind"), [(401, CredentialsRejected), (429, Unavailable), (500, Unavailable)])
async def test_an_error_in_no_known_shape_goes_by_its_status(status, kind, body):
    reply = refused(status, {})
    with LanguageModelServer(lambda _question: type(reply)(status=status, body=body)) as server:
        async with talking_to(server) as asked:
            with pytest.raises(kind):
                await asked.complete(system="Judge.", user="Pages.")


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 20s.", 20),
        ("Please try again in 7m12s. Visit", 432),
        ("Please try again in 1h2m3.5s", 3_723.5),
        ("please try again after 90 seconds", 90),
        ("Please retry after 6 ms", 0.006),
        ("Please try again in 8.64s.", 8.64),
        ("try again in 2 days", 172_800),
        ("Please try again later", None),
        ("try again in a while", None),
        ("", None),
    ],
)
def test_a_sentence_tells_how_long_to_wait(message, seconds):
    assert seconds_told({}, message) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5"}, 5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "9" * 18}, 31 * 86_400),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "9"}, None),
        ({"x-ratelimit-reset-requests": "23h59m", "x-ratelimit-remaining-requests": "0"}, 86_340),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
            },
            360,
        ),
        ({"x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-reset": "1m"}, 60),
        ({"x-ratelimit-reset": "0"}, 0),
        ({"x-ratelimit-reset": "1000000001"}, 0),  # long ago
        ({"x-ratelimit-reset": "next week"}, None),
        ({"x-ratelimit-reset": "2001-01-01"}, None),  # a date without a zone says nothing
    ],
    ids=range(13),
)
def test_headers_tell_how_long_to_wait(headers, seconds):
    assert seconds_told(headers) == seconds


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "iso", "http"])
def test_a_reset_may_be_a_moment(form):
    moment = datetime.now(UTC) + timedelta(hours=2)
    headers = {
        "seconds": {"x-ratelimit-reset": str(int(moment.timestamp()))},
        "milliseconds": {"x-ratelimit-reset": str(int(moment.timestamp() * 1_000))},
        "iso": {"x-ratelimit-reset": moment.isoformat()},
        "http": {"retry-after": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")},
    }[form]
    assert 7_100 < seconds_told(headers) <= 7_200
    assert retry_after_seconds(headers) == (LONGEST_WAIT if form == "http" else None)


@given(st.text(), st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset"]), st.text()))
def test_nothing_that_a_vendor_says_is_too_much(message, headers):
    told = seconds_told(headers, message)
    assert told is None or 0 <= told <= 31 * 86_400
