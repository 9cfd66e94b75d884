"""What a language model answers in a conversation, for tests of what becomes of it."""

import json
from typing import Any

EMPTY_PROFILE: dict[str, Any] = {
    **dict.fromkeys(["product", "value", "summary", "funding", "funding_stage", "company_type"], ""),
    **{
        name: []
        for name in (
            *("industries", "keywords", "excluded", "countries", "regions", "events", "roles"),
            *("good_examples", "bad_examples", "criteria"),
        )
    },
    **dict.fromkeys(["employees_min", "employees_max", "founded_min", "founded_max"]),
}


def answer(
    reply: str, *, question: str = "", topic: str = "", suggestions: tuple[str, ...] = (), **profile: Any
) -> str:
    """Return what a well-behaved model answers; `profile` are the fields that it fills in."""
    filled = EMPTY_PROFILE | profile
    said = {"reply": reply, "question": question, "topic": topic, "suggestions": list(suggestions), "profile": filled}
    return json.dumps(said, ensure_ascii=False)
