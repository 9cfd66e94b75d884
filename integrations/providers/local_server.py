"""A language model on a server of the operator's own that speaks OpenAI's protocol: Ollama, llama.cpp, vLLM.

https://docs.ollama.com/api/openai-compatibility
https://github.com/ggml-org/llama.cpp/tree/master/tools/server
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.capabilities import Prices
from integrations.providers.chat_completions import ChatCompletions
from integrations.providers.registry import register

FREE = Prices()


@register
class LocalServer(ChatCompletions):
    slug = "local_server"
    name = "The local model server"
    needs_key = False
    prices: ClassVar[Mapping[str, Prices]] = {"any": FREE}
    # Without a graphics card a long page takes a minute to read. Less than STAGE_DEADLINE_SECONDS (120).
    deadline_seconds = 110.0
    idle_seconds = 110.0
    limit_name = "max_tokens"  # the name that all of them know

    def _options(self, json_schema: Mapping[str, object] | None) -> dict[str, Any]:
        options: dict[str, Any] = {"temperature": 0}
        if json_schema is not None:
            # With its bounds: these servers let the model write nothing else, and a small one knows no measure.
            schema = {"name": "answer", "strict": True, "schema": json_schema}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        return options

    def _price(self) -> Prices:
        return FREE
