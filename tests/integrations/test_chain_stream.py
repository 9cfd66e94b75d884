"""Streams through the chain: replayed, cut off, abandoned; each keeps to the rules of money and of whose turn it is."""

from contextlib import aclosing

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from billing.models import Budget, Hold
from hunts.meter import RunMeter
from integrations.capabilities import ChatTurn, Completion
from integrations.chain import open_chain
from integrations.errors import CapReached, QuotaExhausted, Unavailable
from integrations.gateway import Gateway
from integrations.models import ProviderCall
from tests.harness.language_model import Reply, in_turn, refused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

HELLO = Reply(pieces=["Hel", "lo ", "there"])
USED_UP = refused(429, {"message": "You exceeded your current quota", "code": "insufficient_quota"})


@pytest.fixture
def money():
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=1_000_000)


class Heard:
    """What came of a stream: its pieces, the whole, and who was passed over."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.whole: Completion | None = None
        self.passed_over: list[str] = []


def listen(money: Budget, *, pieces: int | None = None, heard: Heard | None = None, text: str = "Hi") -> Heard:
    """Ask and listen, to the end or to so many pieces."""
    heard = heard or Heard()

    async def listening() -> None:
        gateway = Gateway(RunMeter(money.pk), workspace_id=money.workspace_id, run_ref="chat-1")
        async with open_chain(money.workspace_id) as chain:
            model = chain.through(gateway, wait_seconds=0)
            async with aclosing(model.stream(system="Be kind.", turns=[ChatTurn("user", text)])) as stream:
                async for piece in stream:
                    if isinstance(piece, Completion):
                        heard.whole = piece
                    else:
                        heard.pieces.append(piece)
                    heard.passed_over = model.passed_over
                    if len(heard.pieces) == pieces:
                        return

    async_to_sync(listening)()
    return heard


def in_books(money: Budget) -> tuple[int, int]:
    money.refresh_from_db()
    return money.spent_microusd, money.reserved_microusd


def always(answer):
    return lambda _question: answer


def test_an_answer_comes_in_pieces_and_is_paid_at_its_end(vendors, money):
    vendors(kimi=always(HELLO))
    heard = listen(money)
    assert heard.pieces == ["Hel", "lo ", "there"]
    assert (heard.whole.text, heard.whole.model) == ("Hello there", "kimi/kimi-k2.6")
    assert in_books(money) == (1_000 * 0.95 + 100 * 4, 0)


def test_the_same_question_is_answered_from_the_journal_and_costs_nothing(vendors, money):
    (kimi,) = vendors(kimi=always(HELLO))
    first, again = listen(money), listen(money)
    assert ("".join(again.pieces), again.whole) == ("Hello there", first.whole)
    assert len(kimi.asked) == 1 and ProviderCall.objects.count() == 1
    assert in_books(money) == (1_350, 0)


def test_who_cannot_begin_is_passed_over(vendors, money):
    vendors(kimi=always(USED_UP), openai=always(HELLO))
    heard = listen(money)
    assert heard.whole.model == "openai/gpt-4.1-mini"
    assert heard.passed_over == ["kimi/kimi-k2.6: The account at Kimi is used up."]


def test_who_breaks_off_is_not_replaced_half_way_and_the_hold_stays(vendors, money):
    _kimi, openai = vendors(kimi=always(Reply(pieces=["Hel", "lo", "!"], cut_after=2)), openai=always(HELLO))
    heard = Heard()
    with pytest.raises(Unavailable) as caught:
        listen(money, heard=heard)
    assert caught.value.may_be_billed
    assert heard.pieces == ["Hel", "lo"] and heard.whole is None
    assert not openai.asked
    assert Hold.objects.get().status == Hold.Status.HELD
    assert in_books(money)[0] == 0 and in_books(money)[1] > 0
    assert ProviderCall.objects.get().status == ProviderCall.Status.FAILED


def test_a_broken_answer_is_not_in_the_journal(vendors, money):
    vendors(kimi=in_turn(Reply(pieces=["Hel", "lo", "!"], cut_after=2), HELLO))
    with pytest.raises(Unavailable):
        listen(money)
    assert listen(money).whole.text == "Hello there"


def test_who_stops_listening_has_paid_what_nobody_knows_and_frees_the_place(vendors, settings, money):
    (kimi,) = vendors(kimi=always(HELLO))
    settings.LANGUAGE_MODEL_LIMITS = settings.LANGUAGE_MODEL_LIMITS | {
        "kimi": {"requests": 0, "tokens": 0, "at_once": 1}
    }
    assert listen(money, pieces=1).pieces == ["Hel"]
    assert Hold.objects.get().status == Hold.Status.HELD
    assert listen(money, text="Again").whole.text == "Hello there"
    assert len(kimi.asked) == 2


def test_a_vendor_that_does_not_count_is_paid_the_hold(vendors, money):
    vendors(kimi=always(Reply(pieces=["Hello"], has_usage=False)))
    listen(money)
    assert Hold.objects.get().amount_microusd == in_books(money)[0] > 0


def test_money_that_is_refused_stops_a_stream_before_it_is_sent(vendors, money):
    (kimi,) = vendors(kimi=always(HELLO))
    Budget.objects.update(cap_microusd=1)
    with pytest.raises(CapReached):
        listen(money)
    assert not kimi.asked


def test_where_nobody_can_begin_the_error_is_told(vendors, money):
    vendors(kimi=always(USED_UP))
    with pytest.raises(QuotaExhausted):
        listen(money)
