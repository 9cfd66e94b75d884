"""A stand-in for an OpenAI-compatible server on loopback, for tests of what we do with its answers.

What it says is decided by a function of the question, which returns text or a `Reply` for what else a server can do:
refuse, stream, stop half-way, send too much or nonsense. It counts its calls and can be told to wait.
"""

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHORT_WAIT = 30.0


@dataclass(frozen=True)
class Reply:
    """One answer of the server.

    `pieces` is the text as it is streamed; without them a stream is made of the words of `text`. `events` are sent
    instead of all that would be, one a line: an object as JSON, a string as it is. `body` is sent as it is, whatever
    was asked for. `cut_after` drops the connection after so many pieces. `has_end` False ends a stream without saying
    that it is finished. `changes` are laid over the completion, or over every chunk of it.
    """

    text: str = ""
    pieces: Sequence[str] = ()
    events: Sequence[Mapping[str, Any] | str] = ()
    body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    has_end: bool = True
    has_usage: bool = True
    finish_reason: str = "stop"
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def streamed(self) -> list[str]:
        return list(self.pieces) or [word + " " for word in self.text.split(" ")[:-1]] + [self.text.split(" ")[-1]]


Answer = Callable[[dict[str, Any]], "str | Reply"]


def refused(status: int, error: Mapping[str, Any], **headers: str) -> Reply:
    """A vendor's refusal: `error` is what stands in its body, `headers` are given as `retry_after="7"`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=sent, body=json.dumps({"error": error}).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # a worker opens dozens of connections at once


class LanguageModelServer:
    """`with LanguageModelServer(answer) as server: server.base_url`; `answer` is given the pages and criteria.

    A question that is not JSON is given as {"text": ...}. `asked` are the bodies of the requests, `headers` theirs.
    With `is_paced` a stream waits before each piece until the test calls `let_go`.
    """

    def __init__(self, answer: Answer, *, tokens: tuple[int, int] = (1_000, 100), is_paced: bool = False) -> None:
        self.answer = answer
        self.tokens = tokens
        self.questions: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()
        self.was_left = threading.Event()  # the client closed the connection before the answer was complete
        self._is_paced = is_paced
        self._pieces_let_go = threading.Semaphore(0)
        self._server = _Server(("127.0.0.1", 0), self._handler())

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def let_go(self, pieces: int = 1) -> None:
        """Let a paced stream send so many more pieces."""
        for _ in range(pieces):
            self._pieces_let_go.release()

    def __enter__(self) -> "LanguageModelServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.may_answer.set()
        self._pieces_let_go.release(1_000)
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = outer._replied(asked, dict(self.headers))
                try:
                    if reply.body is not None or reply.status != 200 or not asked.get("stream"):
                        self._send_whole(asked, reply)
                    else:
                        self._send_stream(asked, reply)
                except OSError:
                    outer.was_left.set()  # the process that asked was killed, or has heard enough
                    self.close_connection = True

            def _send_whole(self, asked: dict[str, Any], reply: Reply) -> None:
                body = reply.body
                if body is None:
                    body = json.dumps(outer.completion(asked["model"], reply.text, reply)).encode()
                self.send_response(reply.status)
                sent = {"Content-Type": "application/json", "Content-Length": str(len(body))} | dict(reply.headers)
                for name, value in sent.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def _send_stream(self, asked: dict[str, Any], reply: Reply) -> None:
                self.send_response(200)
                for name, value in ({"Content-Type": "text/event-stream"} | dict(reply.headers)).items():
                    self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for sent, line in enumerate(outer.lines(asked["model"], reply)):
                    if sent == reply.cut_after or not outer._may_go_on(self.connection):
                        self.close_connection = True
                        return
                    event = f"data: {line}\n\n".encode("utf-8", "surrogatepass")
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_args: object) -> None:
                return

        return Handler

    def _replied(self, asked: dict[str, Any], headers: dict[str, str]) -> Reply:
        content = asked["messages"][-1]["content"]
        try:
            question = json.loads(content)
        except ValueError:
            question = {"text": content}
        self.asked.append(asked)
        self.headers.append({name.lower(): value for name, value in headers.items()})
        self.questions.append(question)
        self.was_asked.set()
        self.may_answer.wait(SHORT_WAIT)
        answer = self.answer(question)
        return Reply(answer) if isinstance(answer, str) else answer

    def _may_go_on(self, connection: socket.socket) -> bool:
        """Wait for the test, if it sets the pace; False when the client is gone."""
        while self._is_paced and not self._pieces_let_go.acquire(timeout=0.02):
            if select.select([connection], [], [], 0)[0] and not connection.recv(1, socket.MSG_PEEK):
                self.was_left.set()
                return False
        return True

    def lines(self, model: str, reply: Reply) -> Iterator[str]:
        """Yield what stands behind each `data:` of a stream."""
        if reply.events:
            yield from (event if isinstance(event, str) else json.dumps(event) for event in reply.events)
            return
        for piece in reply.streamed:
            yield json.dumps(self.chunk(model, {"content": piece}) | dict(reply.changes))
        if not reply.has_end:
            return
        yield json.dumps(self.chunk(model, {}, finish_reason=reply.finish_reason) | dict(reply.changes))
        if reply.has_usage:
            yield json.dumps(self.chunk(model, None) | {"usage": self.usage})
        yield "[DONE]"

    @property
    def usage(self) -> dict[str, int]:
        counts = {"prompt_tokens": self.tokens[0], "completion_tokens": self.tokens[1]}
        return counts | {"total_tokens": sum(self.tokens)}

    def chunk(self, model: str, delta: dict[str, Any] | None, *, finish_reason: str | None = None) -> dict[str, Any]:
        """Return one event of a stream; without a `delta` it has no choices."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        choices = [] if delta is None else [choice]
        return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices}

    def completion(self, model: str, text: str, reply: Reply | None = None) -> dict[str, Any]:
        reply = reply or Reply(text)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": reply.finish_reason, "message": message}
        whole = {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]}
        return whole | ({"usage": self.usage} if reply.has_usage else {}) | dict(reply.changes)


def in_turn(*answers: str | Reply) -> Answer:
    """Answers one after the other; the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def answer(_question: dict[str, Any]) -> str | Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


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
