"""What OpenAI and the services that speak its chat-completions protocol have in common.

https://platform.openai.com/docs/api-reference/chat
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import openai
from openai.types.chat import ChatCompletion

from integrations.capabilities import Completion, Prices, Usage
from integrations.egress.errors import EgressError
from integrations.egress.vendors import vendor_client
from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.wire import NEVER_SENT, retry_after_seconds

TIMEOUT_SECONDS = 60.0
# Words in a 429 that mean "no money left" and not "too fast".
QUOTA_WORDS = ("insufficient_quota", "exceeded_current_quota", "billing", "insufficient balance")


class ChatCompletions(ABC):
    """One language model of one vendor. `prices` are per token, in micro-dollars, by the model's name."""

    slug: ClassVar[str]
    name: ClassVar[str]
    needs_key: ClassVar[bool] = True
    prices: ClassVar[Mapping[str, Prices]]

    def __init__(
        self, *, api_key: str, base_url: str, model: str, http_client: httpx.AsyncClient | None = None
    ) -> None:
        self.model = model
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,  # the engine tries again, with the candidate's row as the memory of it
            timeout=TIMEOUT_SECONDS,
            http_client=http_client or vendor_client(base_url),  # type: ignore[arg-type]
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def complete(
        self, *, system: str, user: str, json_schema: Mapping[str, object] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """Answer once. Raises ProviderError. An answer that was cut at `max_tokens` comes back as far as it goes."""
        messages: Any = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        try:
            done = await self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                max_completion_tokens=max_tokens,
                **self._options(json_schema),
            )
            return self._completion(done)
        except openai.OpenAIError as error:
            raise self._explained(error) from error
        except EgressError as error:
            raise self._unreachable() from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:  # what the client makes of nonsense
            raise self._unreadable() from error

    def _completion(self, done: ChatCompletion) -> Completion:
        usage = Usage(int(done.usage.prompt_tokens), int(done.usage.completion_tokens)) if done.usage else None
        # A refusal has no text but was billed all the same, so it is an (empty) answer and not an error.
        text = (done.choices[0].message.content or "") if done.choices else ""
        return Completion(text, done.model or self.model, usage)

    @abstractmethod
    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        """Return what this vendor wants beside the messages."""

    def worst_case_microusd(self, *, input_characters: int, max_tokens: int) -> int | None:
        """Return what a call costs at most: two tokens a character, which is what rare scripts take."""
        return self._cost(2 * input_characters, max_tokens)

    def cost_microusd(self, usage: Usage) -> int | None:
        """Return what a call cost; `None` where the model has no price here."""
        return self._cost(usage.input_tokens, usage.output_tokens)

    def _cost(self, tokens_in: int, tokens_out: int) -> int | None:
        price = self.prices.get(self.model)
        if price is None or price.per_input_token is None or price.per_output_token is None:
            return None
        return math.ceil(tokens_in * price.per_input_token + tokens_out * price.per_output_token)

    def _explained(self, error: openai.OpenAIError) -> ProviderError:
        if isinstance(error.__cause__, NEVER_SENT):
            return self._unreachable()
        if isinstance(error, openai.APITimeoutError):
            return Unavailable(f"{self.name} took too long to answer.", provider=self.slug, may_be_billed=True)
        if isinstance(error, openai.APIConnectionError):
            return Unavailable(f"The connection to {self.name} broke off.", provider=self.slug, may_be_billed=True)
        if not isinstance(error, openai.APIStatusError):
            return self._unreadable()
        status, text = error.status_code, f"{error} {error.code} {error.body}".lower()
        if status in (401, 403):
            return CredentialsRejected(f"{self.name} does not accept the key.", provider=self.slug)
        if status == 402 or (status == 429 and any(words in text for words in QUOTA_WORDS)):
            return QuotaExhausted(f"The account at {self.name} is used up.", provider=self.slug)
        if status == 429 or status >= 500:
            wait = retry_after_seconds(error.response.headers)
            return Unavailable(f"{self.name} is busy ({status}).", provider=self.slug, retry_after=wait)
        return RequestRejected(f"{self.name} refused the request ({status}).", provider=self.slug)

    def _unreachable(self) -> Unavailable:
        return Unavailable(f"{self.name} cannot be reached.", provider=self.slug)

    def _unreadable(self) -> Unavailable:
        return Unavailable(f"{self.name} gave an answer that cannot be read.", provider=self.slug, may_be_billed=True)
