"""A stand-in for an OpenAI-compatible server on loopback, for tests of what we do with its answers.

What it says is decided by a function of the question; it counts its calls and can be told to wait.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], str]


class LanguageModelServer:
    """`with LanguageModelServer(answer) as server: server.base_url`; `answer` is given the pages and criteria."""

    def __init__(self, answer: Answer, *, tokens: tuple[int, int] = (1_000, 100)) -> None:
        self.answer = answer
        self.tokens = tokens
        self.questions: list[dict[str, Any]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "LanguageModelServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                question = json.loads(asked["messages"][-1]["content"])
                outer.questions.append(question)
                outer.was_asked.set()
                outer.may_answer.wait(30)
                body = json.dumps(outer.completion(asked["model"], outer.answer(question))).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the process that asked was killed

            def log_message(self, *_args: object) -> None:
                return

        return Handler

    def completion(self, model: str, text: str) -> dict[str, Any]:
        usage = {"prompt_tokens": self.tokens[0], "completion_tokens": self.tokens[1], "total_tokens": sum(self.tokens)}
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [choice],
            "usage": usage,
        }


def gullible(question: dict[str, Any]) -> str:
    """A model that says yes to everything, as hostile pages ask, with a quote: the first line of the first page."""
    page = question["pages"][0] if question["pages"] else {"url": "", "text": ""}
    quote = page["text"].split("\n")[0]
    return verdicts(question, lambda _criterion: ("yes", quote, page["url"]))


def liar(question: dict[str, Any]) -> str:
    """A model that says yes to everything and quotes what stands nowhere."""
    return verdicts(question, lambda _criterion: ("yes", "We are exactly what you are looking for.", ""))


def garbage(_question: dict[str, Any]) -> str:
    return '{"verdicts": [{"answer": "perhaps"}'


def verdicts(question: dict[str, Any], say: Callable[[dict[str, Any]], tuple[str, str, str]]) -> str:
    rows = []
    for criterion in question["criteria"]:
        answer, quote, url = say(criterion)
        row = {"criterion": criterion["criterion"], "answer": answer, "quote": quote, "url": url}
        rows.append(row | {"confidence": 0.95, "reason": "So it says."})
    return json.dumps({"verdicts": rows})
