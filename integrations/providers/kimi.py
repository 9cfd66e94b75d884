"""Kimi by Moonshot AI: language models that speak OpenAI's protocol. https://platform.kimi.ai/docs"""

from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.capabilities import Prices
from integrations.providers.moonshot import MoonshotPlatform
from integrations.providers.registry import register


@register
class Kimi(MoonshotPlatform):
    slug = "kimi"
    name = "Kimi"
    # Dollars per million tokens, cache misses, are micro-dollars per token. https://platform.kimi.ai/docs/pricing/chat
    prices: ClassVar[Mapping[str, Prices]] = {
        "kimi-k2.6": Prices(per_input_token=0.95, per_output_token=4.00),
        "kimi-k2.5": Prices(per_input_token=0.60, per_output_token=3.00),
        "kimi-k2-0905-preview": Prices(per_input_token=0.60, per_output_token=2.50),
        "kimi-k2-0711-preview": Prices(per_input_token=0.60, per_output_token=2.50),
    }

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        return {**self._sampling(), **super()._options(json_schema)}

    def _sampling(self) -> dict[str, Any]:
        if self.model.startswith("kimi-k2."):
            # From K2.5 on the vendor fixes the temperature and answers any other with 400. Without thinking the model
            # answers at once, and what it writes is what it is paid for.
            return {"extra_body": {"thinking": {"type": "disabled"}}}
        # The K2 models before them do not know `thinking`; those that think by name want their own temperature.
        return {} if "thinking" in self.model else {"temperature": 0}
