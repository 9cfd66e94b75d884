"""The chain at the wire: who is asked, who is passed over and why, and what it costs."""

import asyncio
import json
import threading

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from billing.models import Budget, Hold
from hunts.meter import RunMeter
from integrations import connections
from integrations.chain import ChainedModel, open_chain
from integrations.errors import (
    CapReached,
    CredentialsRejected,
    PriceUnknown,
    QuotaExhausted,
    RequestRejected,
    RunStopped,
    Unavailable,
)
from integrations.gateway import Gateway
from integrations.health import FAILURES_TO_OPEN
from integrations.models import Connection, ProviderCall
from integrations.pace import AtLimit
from integrations.shared import open_shared
from tests.harness.language_model import in_turn, refused
from tests.harness.processes import PATIENCE, start_python

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

USED_UP_TODAY = refused(
    429, {"message": "Rate limit reached on requests per day (RPD). Please try again in 5h.", "code": "rate_limit"}
)
REVOKED = refused(401, {"message": "Incorrect API key", "code": "invalid_api_key"})
DOWN = refused(503, {"message": "overloaded", "code": "server_error"})


def always(answer):
    return lambda _question: answer


@pytest.fixture
def money():
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=1_000_000)


def gateway(money: Budget, candidate: str = "1") -> Gateway:
    return Gateway(RunMeter(money.pk), workspace_id=money.workspace_id, run_ref="1", candidate_ref=candidate)


def ask(money: Budget, *texts: str, wait_seconds: float = 0.0, **options) -> list[tuple[str, list[str]]]:
    """Ask one thing after the other; return for each who answered and who was passed over."""

    async def answers():
        told = []
        async with open_chain(money.workspace_id) as chain:
            for text in texts or ("Is it so?",):
                model: ChainedModel = chain.through(gateway(money), wait_seconds=wait_seconds)
                done = await model.complete(system="Say it.", user=text, **options)
                told.append((done.model, model.passed_over))
        return told

    return async_to_sync(answers)()


def who(money: Budget, *texts: str, **options) -> list[str]:
    return [name for name, _passed_over in ask(money, *texts, **options)]


def spent(money: Budget) -> tuple[int, int]:
    money.refresh_from_db()
    return money.spent_microusd, money.reserved_microusd


def test_the_preferred_model_answers_and_is_paid(vendors, money):
    kimi, openai = vendors(kimi=always("yes"), openai=always("yes"))
    assert ask(money) == [("kimi/kimi-k2.6", [])]
    assert (len(kimi.asked), len(openai.asked)) == (1, 0)
    assert kimi.headers[0]["authorization"] == "Bearer sk-kimi-of-the-house"
    assert spent(money) == (1_000 * 0.95 + 100 * 4, 0)


def test_without_any_model_there_is_nobody_to_ask(vendors, money):
    vendors()
    with pytest.raises(Unavailable, match="No language model"):
        ask(money)


def test_a_server_of_the_operators_own_needs_no_key_and_costs_nothing(vendors, settings, money):
    (local,) = vendors(local_server=always("yes"))
    settings.PROVIDERS["local_server"]["api_key"] = ""
    assert who(money) == ["local_server/local"]
    assert spent(money) == (0, 0) and len(local.asked) == 1


ELSEWHERE = """
from asgiref.sync import async_to_sync
from django.conf import settings
from integrations.chain import open_chain
from integrations.errors import BudgetRefused
from integrations.gateway import Gateway

class Free:
    def reserve(self, amount, **_): return None

async def main():
    async with open_chain(int(sys.argv[1])) as chain:
        model = chain.through(Gateway(Free(), workspace_id=int(sys.argv[1]), run_ref="elsewhere"), wait_seconds=0)
        done = await model.complete(system="Say it.", user="From another process.")
        print(done.model, "|", model.passed_over)

async_to_sync(main)()
"""


def test_a_key_that_is_used_up_for_the_day_is_put_aside_in_every_process(vendors, settings, money):
    kimi, openai = vendors(kimi=always(USED_UP_TODAY), openai=always("yes"))
    (name, passed_over), *_ = ask(money)
    assert name == "openai/gpt-4.1-mini"
    assert len(passed_over) == 1 and "used up" in passed_over[0]
    assert who(money, "again") == ["openai/gpt-4.1-mini"]
    assert len(kimi.asked) == 1
    environment = {"KIMI_BASE_URL": kimi.base_url, "KIMI_API_KEY": "sk-kimi-of-the-house"}
    environment |= {"OPENAI_BASE_URL": openai.base_url, "OPENAI_API_KEY": "sk-openai-of-the-house"}
    environment |= {"REDIS_PREFIX": settings.REDIS_PREFIX, "REDIS_URL": settings.REDIS_URL}
    environment |= {"LANGUAGE_MODEL_ORDER": "kimi,openai", "KIMI_MODEL": "kimi-k2.6", "OPENAI_MODEL": "gpt-4.1-mini"}
    environment |= {"SECRET_KEY": settings.SECRET_KEY}
    told, errors = start_python(ELSEWHERE, str(money.workspace_id), **environment).communicate(timeout=PATIENCE)
    assert told.startswith("openai/gpt-4.1-mini | ['kimi/kimi-k2.6: The limit"), errors
    assert len(kimi.asked) == 1


def test_only_the_key_is_put_aside_and_not_its_provider(vendors, money):
    own = "sk-kimi-of-acme"
    (kimi,) = vendors(kimi=always("yes"))
    connections.set_key(money.workspace_id, "kimi", own, by=None)
    kimi.answer = always(USED_UP_TODAY)
    with pytest.raises(QuotaExhausted):
        ask(money)
    kimi.answer = always("yes")
    other = Budget.objects.create(workspace=Workspace.start("Other"), cap_microusd=1_000_000)
    assert who(other) == ["kimi/kimi-k2.6"]
    assert [headers["authorization"] for headers in kimi.headers] == [f"Bearer {own}", "Bearer sk-kimi-of-the-house"]


def test_a_revoked_key_switches_its_connection_off_and_says_so_to_its_owner(vendors, money):
    kimi, _openai = vendors(kimi=always(REVOKED), openai=always("yes"))
    connections.set_key(money.workspace_id, "kimi", "sk-kimi-of-acme", by=None)
    assert who(money, "one", "two") == ["openai/gpt-4.1-mini"] * 2
    assert len(kimi.asked) == 1
    row = Connection.objects.get()
    assert (row.is_on, "does not accept the key" in row.problem) == (False, True)
    kimi.answer = always("yes")
    connections.set_key(money.workspace_id, "kimi", "sk-kimi-of-acme-2", by=None)
    assert who(money, "three") == ["kimi/kimi-k2.6"]


def test_a_key_that_was_replaced_meanwhile_is_not_switched_off_for_the_old_one(vendors, money):
    vendors(kimi=always("yes"))
    connections.set_key(money.workspace_id, "kimi", "sk-kimi-old", by=None)
    (old,) = connections.accesses(money.workspace_id)
    connections.set_key(money.workspace_id, "kimi", "sk-kimi-new", by=None)
    connections.reject(old, "It is revoked.")
    assert Connection.objects.get().is_on


def test_the_installations_key_is_put_aside_when_it_is_rejected(vendors, money):
    kimi, _openai = vendors(kimi=always(REVOKED), openai=always("yes"))
    assert who(money, "one", "two", "three") == ["openai/gpt-4.1-mini"] * 3
    assert len(kimi.asked) == 1


def test_who_fails_is_asked_twice_again_and_each_time_under_a_hold_of_its_own(vendors, money):
    kimi, _openai = vendors(kimi=in_turn(DOWN, DOWN, "yes"), openai=always("yes"))
    assert who(money, wait_seconds=30) == ["kimi/kimi-k2.6"]
    assert len(kimi.asked) == 3
    assert Hold.objects.filter(status=Hold.Status.RELEASED).count() == 2
    assert Hold.objects.filter(status=Hold.Status.SETTLED).count() == 1
    assert ProviderCall.objects.filter(status=ProviderCall.Status.FAILED).count() == 2


def test_who_fails_for_good_is_passed_over(vendors, money):
    kimi, _openai = vendors(kimi=always(DOWN), openai=always("yes"))
    ((name, passed_over),) = ask(money, wait_seconds=30)
    assert (name, len(kimi.asked)) == ("openai/gpt-4.1-mini", 3)
    assert passed_over == ["kimi/kimi-k2.6: Kimi is busy (503)."]


def test_a_refused_text_goes_to_the_next_model_and_says_nothing_of_the_key(vendors, money):
    too_long = refused(400, {"message": "too long", "code": "context_length_exceeded"})
    vendors(kimi=in_turn(too_long, "yes"), openai=always("yes"))
    assert who(money, "a long text", "a short one") == ["openai/gpt-4.1-mini", "kimi/kimi-k2.6"]


def test_where_nobody_can_answer_the_error_with_the_most_hope_is_raised(vendors, money):
    vendors(kimi=always(DOWN), openai=always(REVOKED))
    with pytest.raises(Unavailable, match="Kimi is busy"):
        ask(money)
    vendors(kimi=always(USED_UP_TODAY), openai=always(refused(400, {"message": "no"})))
    with pytest.raises(RequestRejected):
        ask(money)


def test_the_breaker_opens_after_failures_in_a_row_and_closes_when_one_caller_has_tried(vendors, money):
    (kimi,) = vendors(kimi=always(DOWN))
    (access,) = connections.accesses(money.workspace_id)
    name = f"health:{access.key_ref}"
    for number in range(FAILURES_TO_OPEN):
        with pytest.raises(Unavailable):
            ask(money, f"{number}")
    with pytest.raises(Unavailable, match="left alone") as caught:
        ask(money, "not sent")
    assert len(kimi.asked) == FAILURES_TO_OPEN and 10 < caught.value.retry_after < 20

    def its_pause_is_over(document, now):
        document["open_until"] = now - 1

    kimi.answer = always("yes")
    change(name, its_pause_is_over)
    assert who(money, "a trial") == ["kimi/kimi-k2.6"]
    assert "failures" not in read(name)


def test_one_caller_tries_a_broken_key_and_a_failure_opens_it_for_longer(vendors, money):
    (kimi,) = vendors(kimi=always(DOWN))
    (access,) = connections.accesses(money.workspace_id)
    name = f"health:{access.key_ref}"
    broken = {"failures": FAILURES_TO_OPEN, "opened": 1, "open_until": 1.0}
    change(name, lambda document, now: document.update(broken))
    with pytest.raises(Unavailable):
        ask(money, "a trial")
    document = read(name)
    assert document["opened"] == 2 and document["open_until"] > 10**9 and "trial_until" not in document
    change(name, lambda document, now: document.update(broken, trial_until=now + 60))
    asked = len(kimi.asked)
    with pytest.raises(Unavailable, match="left alone"):
        ask(money, "somebody else is trying")
    assert len(kimi.asked) == asked


def read(name: str) -> dict:
    async def document():
        async with open_shared() as shared:
            return (await shared.read(name))[0]

    return async_to_sync(document)()


def change(name: str, how) -> None:
    async def changed():
        async with open_shared() as shared:
            await shared.change(name, how)

    async_to_sync(changed)()


def limited(settings, **limits: dict[str, int]) -> None:
    settings.LANGUAGE_MODEL_LIMITS = {
        slug: {"requests": 0, "tokens": 0, "at_once": 0} | limits.get(slug, {}) for slug in connections.LANGUAGE_MODELS
    }


def test_what_is_over_the_limit_spills_to_the_next_model_which_the_note_tells(vendors, settings, money):
    kimi, openai = vendors(kimi=always("yes"), openai=always("yes"))
    limited(settings, kimi={"requests": 2})
    told = ask(money, "1", "2", "3", "4", wait_seconds=120)
    assert [name.partition("/")[0] for name, _ in told] == ["kimi", "kimi", "openai", "openai"]
    assert "kimi/kimi-k2.6: It is at its limit of calls for another 6" in told[2][1][0]
    assert (len(kimi.asked), len(openai.asked)) == (2, 2)


def test_tokens_spill_as_requests_do_and_are_corrected_by_what_was_used(vendors, settings, money):
    vendors(kimi=always("yes"), openai=always("yes"), tokens=(10, 5))
    limited(settings, kimi={"tokens": 2_000})
    # Each is estimated at about 1,500 tokens and uses 15.
    assert who(money, "1", "2", "3", max_tokens=1_500) == ["kimi/kimi-k2.6"] * 3


def test_a_wait_that_is_too_long_is_told_and_nothing_is_sent(vendors, settings, money):
    kimi, openai = vendors(kimi=always("yes"), openai=always("yes"))
    limited(settings, kimi={"requests": 1}, openai={"requests": 1})
    assert len(who(money, "1", "2", wait_seconds=5)) == 2
    with pytest.raises(AtLimit, match="limit") as caught:
        ask(money, "3", wait_seconds=5)
    assert 50 < caught.value.retry_after <= 62
    assert (len(kimi.asked), len(openai.asked)) == (1, 1)


def test_a_wait_that_is_short_enough_is_waited(vendors, settings, money):
    kimi, openai = vendors(kimi=always("yes"), openai=always("yes"))
    limited(settings, kimi={"requests": 1, "window": 1.5}, openai={"requests": 1})
    (_, none), (_, spilled), (name, waited) = ask(money, "1", "2", "3", wait_seconds=30)
    assert (name, none, len(spilled), waited) == ("kimi/kimi-k2.6", [], 1, [])
    assert (len(kimi.asked), len(openai.asked)) == (2, 1)


def test_calls_at_once_wait_for_each_other(vendors, settings, money):
    inside, most, lock = [], [], threading.Lock()

    def answer(_question):
        with lock:
            inside.append(1)
            most.append(len(inside))
        kimi.may_answer.wait(0.01)
        with lock:
            inside.pop()
        return "yes"

    (kimi,) = vendors(kimi=answer)
    limited(settings, kimi={"at_once": 2})

    async def together():
        async with open_chain(money.workspace_id) as chain:
            models = [chain.through(gateway(money, str(one)), wait_seconds=60) for one in range(6)]
            return await asyncio.gather(*(one.complete(system="", user="Now.") for one in models))

    assert len(async_to_sync(together)()) == len(kimi.asked) == 6
    assert max(most) <= 2


def test_a_key_that_the_vendor_asks_to_leave_alone_rests_for_everybody(vendors, settings, money):
    busy = refused(429, {"message": "slow down", "code": "rate_limit_exceeded"}, retry_after="30")
    kimi, _openai = vendors(kimi=in_turn(busy, "yes"), openai=always("yes"))
    assert who(money, "1", "2", wait_seconds=5) == ["openai/gpt-4.1-mini"] * 2
    assert len(kimi.asked) == 1


def test_money_that_is_refused_stops_the_call_and_takes_no_place(vendors, settings, money):
    (kimi,) = vendors(kimi=always("yes"))
    limited(settings, kimi={"requests": 1})
    Budget.objects.update(cap_microusd=10)
    with pytest.raises(CapReached):
        ask(money)
    Budget.objects.update(cap_microusd=1_000_000, is_open=False)
    with pytest.raises(RunStopped):
        ask(money)
    assert not kimi.asked
    Budget.objects.update(is_open=True)
    assert who(money) == ["kimi/kimi-k2.6"]


def test_a_model_that_uses_far_more_than_was_asked_for_stays_within_the_cap(vendors, settings, money):
    vendors(kimi=always("yes"), tokens=(5_000_000, 900_000))
    limited(settings)
    Budget.objects.update(cap_microusd=20_000)
    with pytest.raises(CapReached):
        ask(money, "1", "2")
    assert spent(money) == (20_000, 0)
    assert Hold.objects.get().settled_microusd > 8_000_000  # the true figure is kept for the operator


def test_a_model_without_a_price_is_passed_over_and_never_asked(vendors, settings, money):
    kimi, _openai = vendors(kimi=always("yes"), openai=always("yes"))
    settings.PROVIDERS["kimi"]["model"] = "kimi-of-tomorrow"
    assert who(money) == ["openai/gpt-4.1-mini"]
    vendors(kimi=always("yes"))
    settings.PROVIDERS["kimi"]["model"] = "kimi-of-tomorrow"
    with pytest.raises(PriceUnknown):
        ask(money, "2")
    assert not kimi.asked


def test_what_was_answered_is_not_asked_again_whoever_answered_it(vendors, money):
    kimi, openai = vendors(kimi=in_turn(refused(400, {"message": "no"}), "yes"), openai=always("yes"))
    assert who(money, "the same", "the same") == ["openai/gpt-4.1-mini"] * 2
    assert (len(kimi.asked), len(openai.asked)) == (1, 1)


def test_every_pass_over_leaves_a_line_and_no_key_is_in_any(vendors, money, caplog, capsys):
    vendors(kimi=always(REVOKED), openai=always("yes"))
    own = "sk-canary-3f9a77d1"
    connections.set_key(money.workspace_id, "kimi", own, by=None)
    caplog.set_level("DEBUG")
    ask(money)
    told = caplog.text + "".join(capsys.readouterr())
    assert "chain.passed_over" in told and "connection.switched_off" in told
    rows = json.dumps([str(list(model.objects.values())) for model in (Connection, ProviderCall, Hold)])
    (place, *_others) = connections.places(money.workspace_id)
    shown = repr(place) + str(place.connection)
    for text in (told, rows, shown):
        assert own not in text and "of-the-house" not in text


def test_a_rejection_of_the_key_is_raised_where_there_is_no_other(vendors, money):
    vendors(kimi=always(REVOKED))
    for text in ("1", "2"):
        with pytest.raises(CredentialsRejected):
            ask(money, text)
