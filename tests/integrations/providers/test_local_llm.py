"""The local server's provider against llama.cpp itself: a server that nobody here wrote."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from hunts.stages.qualify import JudgementForm
from integrations.capabilities import ChatTurn, Completion
from integrations.errors import RequestRejected, Unavailable
from integrations.providers.local_server import LocalServer
from integrations.structured import fill, filled
from tests.integrations.providers.vendors import heard

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-local-llm/bin/python"

pytestmark = [
    pytest.mark.local_llm,
    pytest.mark.skipif(not PYTHON.exists(), reason="no llama.cpp server here: run `make local-llm`"),
]


class Hasty(LocalServer):
    deadline_seconds = 0.3


class Company(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: Literal["DE", "FR"]
    is_manufacturer: bool
    employees: int = Field(ge=0)
    remarks: list[str] = Field(default_factory=list, max_length=2)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [PYTHON, ROOT / "tests/harness/local_llm.py"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            line = server.stdout.readline().strip()
            assert line.startswith("http://127.0.0.1:"), "the server did not start"
            yield line
        finally:
            server.kill()


@pytest.fixture
async def model(address):
    asked = LocalServer(api_key="", base_url=address, model="smollm2")
    yield asked
    await asked.aclose()


async def test_it_answers_and_counts_and_costs_nothing(model):
    done = await model.complete(system="Answer briefly.", user="Say hello.", max_tokens=20)
    assert done.text.strip()
    assert done.model.endswith(".gguf") and "/" not in done.model
    assert done.usage.input_tokens > 5
    assert 0 < done.usage.output_tokens <= 20
    assert model.cost_microusd(done.usage) == 0


async def test_a_stream_adds_up_to_the_same_answer_and_the_same_counts(model):
    done = await model.complete(system="Answer briefly.", user="Count to five.", max_tokens=24)
    pieces, whole = [], None
    async for piece in model.stream(
        system="Answer briefly.", turns=[ChatTurn("user", "Count to five.")], max_tokens=24
    ):
        if isinstance(piece, Completion):
            whole = piece
        else:
            pieces.append(piece)
    assert len(pieces) > 3
    assert "".join(pieces) == whole.text == done.text
    assert (whole.usage, whole.model) == (done.usage, done.model)


async def test_a_conversation_is_remembered_turn_by_turn(model):
    short = await heard(model, "Hi", max_tokens=4)
    turns = [ChatTurn("user", "Hi"), ChatTurn("assistant", "Hello there."), ChatTurn("user", "Hi again")]
    *_, whole = [piece async for piece in model.stream(system="Chat.", turns=turns, max_tokens=4)]
    assert whole.usage.input_tokens > short[1].usage.input_tokens


async def test_it_fills_in_a_form(model):
    done = await filled(model, Company, system="Fill in the form.", user="ACME makes pumps in Bonn.", max_tokens=200)
    assert isinstance(done.value, Company)
    assert done.model.endswith(".gguf")


async def test_it_takes_the_form_that_companies_are_judged_by(model):
    """Whose bounds of 2,000 characters make a large grammar."""
    criterion = '{"criteria": [{"criterion": "a", "sentence": "Makes pumps"}], "pages": []}'
    schema = JudgementForm.model_json_schema()
    done = await model.complete(system="Judge.", user=criterion, json_schema=schema, max_tokens=30)
    assert done.text.lstrip().startswith("{")


async def test_a_form_that_is_cut_is_refused_by_name(model):
    with pytest.raises(RequestRejected, match=r"\.gguf gave an answer that is not in the form"):
        await fill(model, Company, system="Fill in the form.", user="ACME makes pumps.", max_tokens=3)


async def test_an_answer_is_cut_at_the_limit(model):
    done = await model.complete(system="Tell long stories.", user="Tell me a story.", max_tokens=5)
    assert done.usage.output_tokens == 5


async def test_a_text_that_is_too_long_is_rejected_before_it_is_read(model):
    with pytest.raises(RequestRejected, match="too long for smollm2"):
        await model.complete(system="", user="word " * 5_000)
    with pytest.raises(RequestRejected, match="too long for smollm2"):
        await heard(model, "word " * 5_000)


async def test_a_deadline_ends_the_call_and_the_server_goes_on_with_others(address, model):
    hasty = Hasty(api_key="", base_url=address, model="smollm2")
    with pytest.raises(Unavailable, match="took too long") as caught:
        await heard(hasty, "Tell me a very long story.", max_tokens=1_500)
    await hasty.aclose()
    assert caught.value.may_be_billed
    assert (await model.complete(system="", user="Hi", max_tokens=2)).usage.output_tokens == 2


async def test_a_stream_that_is_closed_frees_the_server_for_the_next(model):
    story = model.stream(system="", turns=[ChatTurn("user", "Tell me a very long story.")], max_tokens=1_500)
    async with aclosing(story) as stream:
        assert await anext(stream)
    # It has one slot: were the story still written, this would wait for its 1,500 tokens.
    assert await asyncio.wait_for(model.complete(system="", user="Hi", max_tokens=2), 60)


async def test_a_server_that_is_not_there_was_never_asked():
    gone = LocalServer(api_key="", base_url="http://127.0.0.1:9/v1", model="smollm2")
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        await gone.complete(system="", user="Hi")
    await gone.aclose()
    assert not caught.value.may_be_billed
