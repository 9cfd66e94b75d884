"""The language models, and how tests make one that talks to a server of theirs."""

from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from integrations.capabilities import ChatTurn, Completion
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.kimi import Kimi
from integrations.providers.local_server import LocalServer
from integrations.providers.moonshot import Moonshot
from integrations.providers.openai import OpenAI
from tests.harness.language_model import LanguageModelServer

MODELS = [
    pytest.param(Kimi, "kimi-k2.6", id="kimi"),
    pytest.param(Moonshot, "moonshot-v1-128k", id="moonshot"),
    pytest.param(OpenAI, "gpt-4.1-mini", id="openai"),
    pytest.param(LocalServer, "any", id="local_server"),
]


@asynccontextmanager
async def talking_to(
    server: LanguageModelServer, provider: type[ChatCompletions] = OpenAI, model: str = "gpt-4.1-mini"
):
    """A model over the real client and the guarded transport."""
    async with AsyncExitStack() as stack:
        asked = provider(api_key="sk-test", base_url=server.base_url, model=model)
        stack.push_async_callback(asked.aclose)
        yield asked


async def heard(model: ChatCompletions, text: str = "Hello?", **asked: Any) -> tuple[list[str], Completion]:
    """Return the pieces of a stream, and the whole at its end."""
    said = [piece async for piece in model.stream(system="Chat.", turns=[ChatTurn("user", text)], **asked)]
    *pieces, whole = said
    assert isinstance(whole, Completion)
    assert all(isinstance(piece, str) and piece for piece in pieces)
    return pieces, whole
