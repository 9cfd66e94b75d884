"""What the description of the API says beyond what the signatures of its operations say.

Ninja describes the answers that an operation names. This adds what stands before every operation
(`config/api_guard.py`) and what may go wrong in any of them, so that no status, media type or header is sent that is
not written down.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from accounts.api import PROBLEM_TYPE, ProblemOut

Described = dict[str, Any]

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_PROBLEM = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}
_SAID = {
    400: "The body is no JSON, a cursor is of another list, the Idempotency-Key is none, or the address is too long.",
    401: "Neither a session nor a token that is known.",
    403: "Whoever asks may not do this.",
    404: "There is nothing here, or it belongs to somebody else.",
    409: "It cannot be done as things are, or the same Idempotency-Key is under way.",
    413: "The body is too big.",
    415: "The body is not sent as application/json in UTF-8.",
    422: "Values make no sense: `errors` says which.",
    429: "The requests of this minute are spent.",
}
_TEXT: Described = {"schema": {"type": "string"}}
_QUOTA: Described = {
    "RateLimit-Policy": {**_TEXT, "description": 'How many requests in how many seconds: `"minute";q=600;w=60`.'},
    "RateLimit": {**_TEXT, "description": 'What is left of them, and for how many seconds: `"minute";r=599;t=42`.'},
}
_CHALLENGE = {**_TEXT, "description": "How to come in, and what is wrong with a token (RFC 6750)."}
_SECONDS = {"schema": {"type": "integer", "minimum": 1}, "description": "When to ask again, in seconds."}
_REPLAYED = {"schema": {"const": "true", "type": "string"}, "description": "Sent where this was answered before."}


class DescribedAPI(NinjaAPI):
    """An API whose description is whole, and made once: it says the same as long as the process lives."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._described: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description that Ninja makes, completed. It is shared: whoever changes it takes a copy."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._described:
            self._described[prefix] = self._whole(prefix)
        described: OpenAPISchema = self._described[prefix]
        return described

    def _whole(self, prefix: str) -> OpenAPISchema:
        described = super().get_openapi_schema(path_prefix=prefix)
        described["components"]["schemas"].update(_schema_of_problems())
        for method, operation in _operations(described["paths"]):
            _complete(method, operation)
        return described


def _schema_of_problems() -> Described:
    return {ProblemOut.__name__: ProblemOut.model_json_schema(mode="serialization")}


def _operations(paths: Mapping[str, Described]) -> Iterator[tuple[str, Described]]:
    for path in paths.values():
        yield from ((method, one) for method, one in path.items() if method in _METHODS)


def _complete(method: str, operation: Described) -> None:
    """Add the answers and the headers that an operation has because of what stands before it."""
    answers = operation["responses"]
    if "security" in operation:
        for status in _refusals(method, operation):
            answers.setdefault(status, {"content": {"application/json": {"schema": _PROBLEM}}})
    for status, answer in answers.items():
        if status >= 400 and status != 503:  # whoever asks for the health reads the same body either way
            _as_problem(status, answer)
        answer.setdefault("headers", {}).update(_headers(status, method) if "security" in operation else {})
    operation["responses"] = dict(sorted(answers.items()))


def _refusals(method: str, operation: Described) -> set[int]:
    """Return what an operation may answer without having been run."""
    found = {400, 401, 403, 429}
    if operation["parameters"] or "requestBody" in operation:
        found.add(422)
    if "requestBody" in operation:
        found |= {413, 415}
    if method == "post":  # it takes an Idempotency-Key, for which the body is read
        found |= {409, 413, 422}
    return found


def _as_problem(status: int, answer: Described) -> None:
    """Problems have a media type of their own: https://www.rfc-editor.org/rfc/rfc9457#section-3."""
    answer["description"] = _SAID[status]
    answer["content"] = {PROBLEM_TYPE: next(iter(answer["content"].values()))}


def _headers(status: int, method: str) -> Described:
    headers: Described = {}
    if status not in (401, 404):  # who is not known is not counted, nor is an address that nothing has
        headers |= _QUOTA
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE | {"required": True}
    if status == 403:
        headers["WWW-Authenticate"] = _CHALLENGE
    if status == 429:
        headers["Retry-After"] = _SECONDS | {"required": True}
    if status == 409 and method == "post":
        headers["Retry-After"] = _SECONDS
    if method == "post" and status < 500:
        headers["Idempotency-Replayed"] = _REPLAYED
    return headers
