"""Whatever a service answers, it is settled and journaled once, and read from the journal as it was given at first."""

import json
import sys

import httpx
import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from billing.models import Budget
from hunts.meter import RunMeter
from hunts.tools import MeteredSearcher
from integrations.capabilities import ChatTurn, Completion, FoundCompany, SearchQuery
from integrations.chain import open_chain
from integrations.errors import Unavailable
from integrations.gateway import Answered, Gateway, Question
from integrations.models import ProviderCall
from integrations.providers.exa import Exa
from integrations.storable import DEEPEST, storable
from tests.harness.language_model import Reply

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = 100
HOSTILE_TEXT = "a\0b\ud800c👋"
TEXT = "ab\ufffdc👋"


@pytest.fixture
def money() -> Budget:
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=1_000_000)


def gateway(money: Budget) -> Gateway:
    return Gateway(RunMeter(money.pk), workspace_id=money.workspace_id, run_ref="1", candidate_ref="1")


def books(money: Budget) -> tuple[int, int]:
    """Return what was spent and what is still set aside, after one call that was answered."""
    money.refresh_from_db()
    assert ProviderCall.objects.get().status == ProviderCall.Status.ANSWERED
    return money.spent_microusd, money.reserved_microusd


def searched_twice(money: Budget, body: str) -> FoundCompany:
    """Search twice for the same at an Exa that answers `body` once; return the one company that both found."""
    left = [httpx.Response(200, text=body)]
    transport = httpx.MockTransport(lambda _request: left.pop())

    async def search() -> list[list[FoundCompany]]:
        async with httpx.AsyncClient(transport=transport) as client:
            exa = Exa(api_key="k", base_url="https://api.exa.example", http_client=client)
            searcher = MeteredSearcher(exa, gateway(money))
            return [await searcher.search(SearchQuery("pumps"), limit=5) for _ in range(2)]

    first, again = async_to_sync(search)()
    assert first == again
    return first[0]


def exa_says(cost: str = "0.005", **changes: object) -> str:
    company = {"id": "1", "url": "https://acme.example/", "title": "Acme", "score": 0.5} | changes
    return f'{{"results": [{json.dumps(company)}], "costDollars": {{"total": {cost}}}}}'


@pytest.mark.parametrize("field", ["title", "url"])
def test_a_search_whose_results_hold_what_no_database_takes_is_paid_and_kept_once(money, field):
    found = searched_twice(money, exa_says(**{field: f"https://acme.example/{HOSTILE_TEXT}"}))
    assert found.domain == "acme.example"
    assert books(money) == (5_000, 0)


@pytest.mark.parametrize("cost", ["1e400", "-1e400", "NaN", "-1", "true", '"much"', '"1e999990"', "9" * 4_200, "[]"])
def test_a_search_that_cost_no_amount_of_money_is_charged_at_its_hold_and_kept(money, cost):
    assert searched_twice(money, exa_says(cost)).name == "Acme"
    assert books(money) == (7_000, 0)


@pytest.mark.parametrize("score", [float("inf"), float("nan"), -1, 7, "high", None, [[]]])
def test_a_score_that_makes_no_sense_is_that_of_the_place(money, score):
    assert searched_twice(money, exa_says(score=score)).relevance == 1
    assert books(money) == (5_000, 0)


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_model_that_says_what_no_database_takes_is_paid_and_kept_once(vendors, money, is_streamed):
    said = Reply(HOSTILE_TEXT, pieces=["a\0b", "\ud800c👋"], changes={"model": HOSTILE_TEXT, "id": HOSTILE_TEXT})
    (openai,) = vendors(openai=lambda _question: said)

    async def answers() -> list[str]:
        async with open_chain(money.workspace_id) as chain:
            model = chain.through(gateway(money))
            if not is_streamed:
                return [(await model.complete(system="Chat.", user="Hi")).text for _ in range(2)]
            heard = [model.stream(system="Chat.", turns=[ChatTurn("user", "Hi")]) for _ in range(2)]
            return [piece.text for stream in heard async for piece in stream if isinstance(piece, Completion)]

    assert async_to_sync(answers)() == [TEXT, TEXT]
    assert (books(money), len(openai.asked)) == ((560, 0), 1)


def nested(depth: int) -> list:
    found: list = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        pytest.param(HOSTILE_TEXT, TEXT, id="a text"),
        pytest.param({HOSTILE_TEXT: [HOSTILE_TEXT]}, {TEXT: [TEXT]}, id="names and lists"),
        pytest.param([float("nan"), float("inf"), -float("inf"), 1.5], [None, None, None, 1.5], id="no numbers"),
        pytest.param([10**5_000, 10**18, True], [None, 10**18, True], id="numbers of any size"),
        pytest.param(("a", ()), ["a", []], id="tuples"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_any_answer_is_kept_as_it_is_given(money, answer, kept):
    async def send() -> Answered:
        return Answered(answer, 40)

    async def ask() -> list[object]:
        question = Question("any", "ask", {}, HOLD)
        return [await gateway(money).call(question, send) for _ in range(2)]

    assert async_to_sync(ask)() == [kept, kept]
    assert books(money) == (40, 0)


def test_what_is_nested_deeper_than_anything_of_ours_is_left_out(money):
    assert storable(nested(DEEPEST - 1)) == nested(DEEPEST - 1)
    assert len(json.dumps(storable(nested(sys.getrecursionlimit() * 10)))) < 3 * DEEPEST


def test_an_amount_of_more_digits_than_python_writes_is_charged_at_the_hold(money):
    async def send() -> Answered:
        return Answered("yes", 10**5_000)

    async_to_sync(gateway(money).call)(Question("any", "ask", {}, HOLD), send)
    assert books(money) == (HOLD, 0)


def test_a_failure_told_in_words_that_no_database_takes_is_logged(money):
    async def send() -> Answered:
        raise Unavailable(HOSTILE_TEXT)

    with pytest.raises(Unavailable):
        async_to_sync(gateway(money).call)(Question("any", "ask", {}, HOLD), send)
    assert ProviderCall.objects.get().error == TEXT
    money.refresh_from_db()
    assert money.reserved_microusd == 0


def test_what_is_not_json_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="set"):
        storable({"a": {1, 2}})
