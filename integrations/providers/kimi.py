"""Kimi by Moonshot AI: language models that speak OpenAI's protocol. https://platform.kimi.ai/docs"""

from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.capabilities import Prices
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.registry import register


@register
class Kimi(ChatCompletions):
    slug = "kimi"
    name = "Kimi"
    # Dollars per million tokens, cache misses, are micro-dollars per token. https://platform.kimi.ai/docs/pricing
    prices: ClassVar[Mapping[str, Prices]] = {
        "kimi-k2.6": Prices(per_input_token=0.95, per_output_token=4.00),
    }

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        # The temperature of K2.6 is fixed by the vendor; without thinking it answers at once and costs what it writes.
        options: dict[str, Any] = {"extra_body": {"thinking": {"type": "disabled"}}}
        if json_schema is not None:
            options["response_format"] = {"type": "json_object"}
        return options
