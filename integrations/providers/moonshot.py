"""Moonshot AI: the older moonshot-v1 models, and what they share with Kimi. https://platform.kimi.ai/docs/api/chat"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.capabilities import Prices
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.registry import register

# JSON mode gives valid JSON of any form; which form, the prompt must say. Structured outputs would want the schema in
# a dialect of the vendor's own, and refuse others.
FORM = """

Answer with one JSON object and nothing else: no explanation, no code fence. It must fit this JSON Schema:
"""


class MoonshotPlatform(ChatCompletions):
    """A model of Moonshot AI, whichever."""

    def _instructions(self, system: str, json_schema: Mapping[str, object] | None) -> str:
        if json_schema is None:
            return system
        # Always the same bytes for the same schema: the beginning of a prompt that was seen before is cheaper.
        return system + FORM + json.dumps(json_schema, ensure_ascii=False, separators=(",", ":"))

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        return {} if json_schema is None else {"response_format": {"type": "json_object"}}


@register
class Moonshot(MoonshotPlatform):
    slug = "moonshot"
    name = "Moonshot"
    # Dollars per million tokens are micro-dollars per token. https://platform.kimi.ai/docs/pricing/chat-v1
    prices: ClassVar[Mapping[str, Prices]] = {
        "moonshot-v1-8k": Prices(per_input_token=0.20, per_output_token=2.00),
        "moonshot-v1-32k": Prices(per_input_token=1.00, per_output_token=3.00),
        "moonshot-v1-128k": Prices(per_input_token=2.00, per_output_token=5.00),
        # It chooses one of the three by length; what the longest costs is the most that it can.
        "moonshot-v1-auto": Prices(per_input_token=2.00, per_output_token=5.00),
    }

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        return {"temperature": 0, **super()._options(json_schema)}
