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
_NOT_IN_STRICT = frozenset(
    {
        *("maxLength", "minLength", "pattern", "format", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"),
        *("multipleOf", "maxItems", "minItems", "uniqueItems", "title", "default", "examples", "discriminator"),
    }
)


def strict(schema: Any) -> Any:
    """Return `schema` as strict mode wants it: no bounds, every field required, and none that is not named.

    A field with a default is then always filled in. A mapping with free keys cannot be said in strict mode: a form
    that is filled in by a model has a list of pairs instead.
    """
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}  # nothing may stand beside a reference
    kept = {key: strict(value) for key, value in schema.items() if key not in _NOT_IN_STRICT}
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    if "$defs" in kept:  # a model may be called as a keyword is
        kept["$defs"] = {name: strict(value) for name, value in schema["$defs"].items()}
    properties = schema.get("properties")
    if isinstance(properties, Mapping):  # a field may be called "title" itself
        kept["properties"] = {name: strict(value) for name, value in properties.items()}
        if kept.get("type") == "object":
            kept |= {"required": list(properties), "additionalProperties": False}
    return kept
