"""OpenAI: language models. https://platform.openai.com/docs/api-reference/chat"""

from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.capabilities import Prices
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.registry import register


@register
class OpenAI(ChatCompletions):
    slug = "openai"
    name = "OpenAI"
    # Dollars per million tokens are micro-dollars per token. https://platform.openai.com/docs/pricing
    prices: ClassVar[Mapping[str, Prices]] = {
        "gpt-4.1": Prices(per_input_token=2.00, per_output_token=8.00),
        "gpt-4.1-mini": Prices(per_input_token=0.40, per_output_token=1.60),
        "gpt-4.1-nano": Prices(per_input_token=0.10, per_output_token=0.40),
        "gpt-4o": Prices(per_input_token=2.50, per_output_token=10.00),
        "gpt-4o-mini": Prices(per_input_token=0.15, per_output_token=0.60),
    }

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        options: dict[str, Any] = {"temperature": 0}
        if json_schema is not None:
            schema = {"name": "answer", "strict": True, "schema": strict(json_schema)}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        return options


# Strict mode takes only a part of JSON Schema; bounds are checked by us, on the answer.
# https://platform.openai.com/docs/guides/structured-outputs
_NOT_IN_STRICT = frozenset({"maxLength", "minLength", "maximum", "minimum", "maxItems", "minItems", "title", "default"})


def strict(schema: Any) -> Any:
    """Return `schema` without the keywords that strict mode refuses."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        kept = {key: strict(value) for key, value in schema.items() if key not in _NOT_IN_STRICT}
        if isinstance(properties, Mapping):  # a field may be called "title" itself
            kept["properties"] = {name: strict(value) for name, value in properties.items()}
        return kept
    return [strict(item) for item in schema] if isinstance(schema, list) else schema
