"""Stand-in vendors of language models, in a process of their own: slow, and strict about their rates.

`python -m bench.chaining.vendor PORT '{"kimi": 500, "openai": 500}'`. Each takes so many requests in any 60 seconds and
answers 429 beyond. How long an answer takes, 1.5 to 8 s, is decided by the question, so it is the same in every run.
`GET /told` tells what happened since it was asked last.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque
from typing import Any

import uvicorn

FASTEST, SLOWEST = 1.5, 8.0
WINDOW = 60.0


def latency(user: str) -> float:
    """Return how long the answer to a question takes, in seconds."""
    return random.Random(user).uniform(FASTEST, SLOWEST)


class Vendor:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.begun: deque[float] = deque()
        self.clear()

    def clear(self) -> None:
        self.told: dict[str, Any] = {"answered": 0, "refused": 0, "latencies": []}

    async def answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        now = time.monotonic()
        while self.begun and self.begun[0] <= now - WINDOW:
            self.begun.popleft()
        if len(self.begun) >= self.limit:
            self.told["refused"] += 1
            return 429, {"error": {"message": "Rate limit reached, slow down.", "code": "rate_limit_exceeded"}}
        self.begun.append(now)
        user = asked["messages"][-1]["content"]
        seconds = latency(user)
        self.told["latencies"].append(seconds)
        await asyncio.sleep(seconds)
        self.told["answered"] += 1
        return 200, completion(asked["model"], verdicts(json.loads(user)))


def verdicts(question: dict[str, Any]) -> str:
    """Say no to everything, with a quote: so nothing comes after the judging."""
    page = question["pages"][0]
    quote = page["text"].split("\n")[0]
    row = {"answer": "no", "quote": quote, "url": page["url"], "confidence": 0.9, "reason": "It says otherwise."}
    return json.dumps({"verdicts": [{"criterion": one["criterion"]} | row for one in question["criteria"]]})


def completion(model: str, text: str) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 900, "completion_tokens": 200, "total_tokens": 1_100}
    whole = {"id": "1", "object": "chat.completion", "created": 1, "model": model, "usage": usage}
    return whole | {"choices": [choice]}


class App:
    """The vendors behind one port: /kimi/v1/chat/completions and so on."""

    def __init__(self, limits: dict[str, int]) -> None:
        self.vendors = {slug: Vendor(limit) for slug, limit in limits.items()}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, told = await self.answer(scope["path"], body)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    async def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path == "/told":
            told = {slug: vendor.told for slug, vendor in self.vendors.items()}
            for vendor in self.vendors.values():
                vendor.clear()
            return 200, told
        return await self.vendors[path.split("/")[1]].answer(json.loads(body))


if __name__ == "__main__":
    uvicorn.run(App(json.loads(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
