from contextlib import aclosing

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from billing.models import Budget, Hold
from hunts.meter import RunMeter
from integrations.errors import CapReached, PriceUnknown, RequestRejected, RunStopped, Unavailable
from integrations.gateway import Answered, Gateway, Question, Streamed
from integrations.models import ProviderCall

pytestmark = pytest.mark.django_db


class Vendor:
    """A paid service that counts how often it was asked."""

    def __init__(self, outcome: Answered | Exception | None = None) -> None:
        self.outcome = outcome or Answered({"text": "yes"}, 40, (100, 10))
        self.calls = 0

    async def __call__(self) -> Answered:
        self.calls += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def money():
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=1_000)


def gateway(money: Budget, candidate: str = "1") -> Gateway:
    return Gateway(RunMeter(money.pk), workspace_id=money.workspace_id, run_ref="1", candidate_ref=candidate)


def question(worst: int | None = 100, text: str = "Is it so?") -> Question:
    return Question("openai", "complete", {"user": text}, worst)


def ask(through: Gateway, vendor: Vendor, asked: Question | None = None):
    return async_to_sync(through.call)(asked or question(), vendor)


def test_a_call_is_charged_at_what_it_cost_and_its_hold_is_closed(money):
    assert ask(gateway(money), Vendor()) == {"text": "yes"}
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (40, 0)
    assert ProviderCall.objects.get().input_tokens == 100


def test_the_same_question_for_the_same_candidate_is_answered_from_the_journal(money):
    vendor = Vendor()
    assert ask(gateway(money), vendor) == ask(gateway(money), vendor)
    money.refresh_from_db()
    assert (vendor.calls, money.spent_microusd) == (1, 40)


def test_another_candidate_asks_anew(money):
    vendor = Vendor()
    ask(gateway(money, "1"), vendor)
    ask(gateway(money, "2"), vendor)
    assert vendor.calls == 2


def test_nothing_is_sent_when_the_worst_case_would_cross_the_cap(money):
    vendor = Vendor()
    with pytest.raises(CapReached):
        ask(gateway(money), vendor, question(worst=1_001))
    assert vendor.calls == 0


def test_nothing_is_sent_without_a_known_price(money):
    vendor = Vendor()
    with pytest.raises(PriceUnknown):
        ask(gateway(money), vendor, question(worst=None))
    assert vendor.calls == 0


def test_nothing_is_sent_after_the_run_was_stopped(money):
    Budget.objects.update(is_open=False)
    vendor = Vendor()
    with pytest.raises(RunStopped):
        ask(gateway(money), vendor)
    with pytest.raises(RunStopped):
        async_to_sync(gateway(money).permit)("site", "read")
    assert vendor.calls == 0


def test_a_service_that_does_not_say_what_it_used_is_charged_at_the_hold(money):
    ask(gateway(money), Vendor(Answered("yes", None)))
    money.refresh_from_db()
    assert money.spent_microusd == 100


def test_a_refused_request_gives_its_hold_back(money):
    with pytest.raises(RequestRejected):
        ask(gateway(money), Vendor(RequestRejected("wrong")))
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (0, 0)
    assert ProviderCall.objects.get().status == ProviderCall.Status.FAILED


def test_a_lost_answer_keeps_its_hold_because_it_may_be_billed(money):
    with pytest.raises(Unavailable):
        ask(gateway(money), Vendor(Unavailable("timed out", may_be_billed=True)))
    money.refresh_from_db()
    assert money.reserved_microusd == 100
    assert Hold.objects.get().status == Hold.Status.HELD


def test_a_failure_can_be_asked_again(money):
    with pytest.raises(Unavailable):
        ask(gateway(money), Vendor(Unavailable("busy")))
    assert ask(gateway(money), Vendor()) == {"text": "yes"}


def test_a_question_that_two_workers_ask_at_once_is_paid_twice_and_answered_once(money):
    twin = Vendor()

    async def asked_meanwhile() -> Answered:
        await gateway(money).call(question(), twin)
        return Answered({"text": "no"}, 30)

    assert async_to_sync(gateway(money).call)(question(), asked_meanwhile) == {"text": "no"}
    assert ask(gateway(money), twin) == {"text": "yes"}
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (70, 0)
    assert sum(ProviderCall.objects.values_list("cost_microusd", flat=True)) == 70


def hear(through: Gateway, *pieces: str | Answered | Exception, most: int | None = None) -> list[str | Streamed]:
    """Stream what a service says, and listen to it, to the end or to so many pieces."""

    async def send():
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def listen():
        heard = []
        async with aclosing(through.stream(question(), send)) as answer:
            async for piece in answer:
                heard.append(piece)
                if len(heard) == most:
                    break
        return heard

    return async_to_sync(listen)()


def test_a_stream_is_charged_at_its_end_and_replayed_whole(money):
    said = Answered({"text": "yes"}, 40, (100, 10))
    assert hear(gateway(money), "y", "es", said) == ["y", "es", Streamed({"text": "yes"})]
    assert hear(gateway(money), RequestRejected("asked twice")) == [Streamed({"text": "yes"})]
    money.refresh_from_db()
    assert (money.spent_microusd, money.reserved_microusd) == (40, 0)


@pytest.mark.parametrize(
    ("cut", "reserved"),
    [
        pytest.param(Unavailable("lost", may_be_billed=True), 100, id="lost-half-way"),
        pytest.param(Unavailable("busy"), 0, id="never-begun"),
        pytest.param(RequestRejected("no"), 0, id="refused"),
    ],
)
def test_a_stream_that_fails_keeps_its_hold_where_it_may_be_billed(money, cut, reserved):
    with pytest.raises(type(cut)):
        hear(gateway(money), "y", cut)
    money.refresh_from_db()
    assert money.reserved_microusd == reserved


def test_a_stream_that_just_ends_was_cut_off(money):
    with pytest.raises(Unavailable) as caught:
        hear(gateway(money), "y", "e")
    assert caught.value.may_be_billed
    money.refresh_from_db()
    assert money.reserved_microusd == 100


def test_a_stream_that_nobody_hears_to_its_end_keeps_its_hold(money):
    assert hear(gateway(money), "y", "es", Answered("yes", 40), most=1) == ["y"]
    assert Hold.objects.get().status == Hold.Status.HELD


def test_the_journal_tells_which_of_several_questions_it_can_answer(money):
    ask(gateway(money), Vendor(), question(text="Second?"))
    asked = [question(text="First?"), question(text="Second?")]
    assert async_to_sync(gateway(money).remembered)(asked) == (1, {"text": "yes"})
    assert async_to_sync(gateway(money, "2").remembered)(asked) is None
