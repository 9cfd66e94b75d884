"""What OpenAI and the services that speak its chat-completions protocol have in common.

https://platform.openai.com/docs/api-reference/chat
"""

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx
import openai
from openai.types.chat import ChatCompletionChunk

from integrations.capabilities import ChatTurn, Completion, Prices, Usage
from integrations.egress.errors import EgressError
from integrations.egress.vendors import vendor_client
from integrations.providers.failures import Vendor
from integrations.providers.wire import NONSENSE
from integrations.providers.wording import MAX_CHARACTERS, StreamedAnswer, TooMuchText, completion_of

CONNECT_SECONDS = 10.0  # a worker opens dozens of connections at once, and shares its processor
# What the protocol itself adds to a question: a few tokens for each message.
FRAME_TOKENS = 32


class ChatCompletions(ABC):
    """One language model of one vendor. `prices` are per token, in micro-dollars, by the model's name."""

    slug: ClassVar[str]
    name: ClassVar[str]
    needs_key: ClassVar[bool] = True
    prices: ClassVar[Mapping[str, Prices]]
    # How long an answer may take in all, and how long a stream may say nothing.
    deadline_seconds: ClassVar[float] = 60.0
    idle_seconds: ClassVar[float] = 30.0
    # What the vendor calls the most tokens that it may write.
    limit_name: ClassVar[str] = "max_completion_tokens"

    def __init__(
        self, *, api_key: str, base_url: str, model: str, http_client: httpx.AsyncClient | None = None
    ) -> None:
        self.model = model
        self._vendor = Vendor(self.name, self.slug, model)
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,  # the engine tries again, with the candidate's row as the memory of it
            timeout=httpx.Timeout(self.deadline_seconds, connect=CONNECT_SECONDS),  # type: ignore[arg-type]
            http_client=http_client or vendor_client(base_url),  # type: ignore[arg-type]
        )
        # The client takes these from the environment and would tell them to every vendor.
        self._client.organization = self._client.project = None

    async def aclose(self) -> None:
        await self._client.close()

    async def complete(
        self, *, system: str, user: str, json_schema: Mapping[str, object] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """Answer once. Raises ProviderError. An answer that was cut at `max_tokens` comes back as far as it goes."""
        asked = self._asked(system, [ChatTurn("user", user)], json_schema, max_tokens)
        with self._explaining():
            async with asyncio.timeout(self.deadline_seconds):
                answer = await self._client.chat.completions.create(**asked)
            return completion_of(answer, self.model)

    async def stream(
        self,
        *,
        system: str,
        turns: Sequence[ChatTurn],
        json_schema: Mapping[str, object] | None = None,
        max_tokens: int = 1024,
    ) -> AsyncGenerator[str | Completion, None]:
        """Yield the answer to the last turn in pieces as they come, and at the end a Completion of the whole.

        Raises ProviderError; what breaks off, takes too long or grows too large is Unavailable with `may_be_billed`.
        Closing the iterator (`contextlib.aclosing`) closes the connection, and the vendor stops writing.
        """
        asked = self._asked(system, turns, json_schema, max_tokens)
        ends_at = asyncio.get_running_loop().time() + self.deadline_seconds
        answer = StreamedAnswer(self.model)
        chunks = await self._opened(asked)
        try:
            while (chunk := await self._next(chunks, ends_at)) is not None:
                with self._explaining():
                    piece = answer.read(chunk)
                if piece:
                    yield piece
        finally:
            await chunks.close()
        if not answer.has_ended:
            raise self._vendor.lost(f"{self.name} broke off its answer.")
        yield answer.whole()

    async def _opened(self, asked: Mapping[str, Any]) -> openai.AsyncStream[ChatCompletionChunk]:
        with self._explaining():
            async with asyncio.timeout(self.deadline_seconds):
                chunks: openai.AsyncStream[ChatCompletionChunk] = await self._client.chat.completions.create(
                    **asked, stream=True, stream_options={"include_usage": True}
                )
        return chunks

    async def _next(
        self, chunks: openai.AsyncStream[ChatCompletionChunk], ends_at: float
    ) -> ChatCompletionChunk | None:
        """Return the next chunk, or `None` after the last."""
        left = ends_at - asyncio.get_running_loop().time()
        with self._explaining():
            async with asyncio.timeout(min(self.idle_seconds, left)):
                return await anext(chunks, None)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn what the vendor's client raises into ProviderError."""
        try:
            yield
        except TooMuchText as error:
            raise self._vendor.lost(f"{self.name} wrote more than {MAX_CHARACTERS:,} characters.") from error
        except (
            *(openai.OpenAIError, EgressError, TimeoutError),
            *NONSENSE,
        ) as error:
            raise self._vendor.explained(error) from error

    def _asked(
        self, system: str, turns: Sequence[ChatTurn], json_schema: Mapping[str, object] | None, max_tokens: int
    ) -> dict[str, Any]:
        messages = [{"role": "system", "content": self._instructions(system, json_schema)}]
        messages += [{"role": turn.role, "content": turn.text} for turn in turns]
        return {
            "model": self.model,
            "messages": messages,
            self.limit_name: max_tokens,
            **self._options(json_schema),
        }

    def _instructions(self, system: str, json_schema: Mapping[str, object] | None) -> str:
        """Return the system message; a vendor that takes no schema gets it here."""
        return system

    @abstractmethod
    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        """Return what this vendor wants beside the messages."""

    def worst_case_microusd(
        self, *, input_characters: int, max_tokens: int, json_schema: Mapping[str, object] | None = None
    ) -> int | None:
        """Return what a call costs at most: two tokens a character, which is what rare scripts take.

        A schema is read by the model as well, and is on the bill.
        """
        schema = len(json.dumps(json_schema)) if json_schema else 0
        return self._cost(2 * (input_characters + schema) + FRAME_TOKENS, max_tokens)

    def cost_microusd(self, usage: Usage) -> int | None:
        """Return what a call cost; `None` where the model has no price here."""
        return self._cost(usage.input_tokens, usage.output_tokens)

    def _price(self) -> Prices | None:
        return self.prices.get(self.model)

    def _cost(self, tokens_in: int, tokens_out: int) -> int | None:
        price = self._price()
        if price is None or price.per_input_token is None or price.per_output_token is None:
            return None
        return math.ceil(tokens_in * price.per_input_token + tokens_out * price.per_output_token)
