"""Who asks, and what they are answered, in a form in which two answers can be compared."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from accounts.models import User, Workspace
from tests.tenancy.world import World

# Different in every answer, whatever is asked: a moment's own, or a count of what was asked before.
_OF_THE_MOMENT = frozenset({"X-Request-Id", "X-Request-ID", "Date", "Expires", "RateLimit", "Content-Length"})
_SECRETS = (
    re.compile(r'("seconds": )[\d.]+'),
    # What is signed says when.
    re.compile(r"()[A-Za-z0-9_=-]+(?::|%3A)[A-Za-z0-9]{6}(?::|%3A)[A-Za-z0-9_-]{43}"),
    re.compile(r"(<time)[^>]*>[^<]*"),
    re.compile(r"()\b(?:(?:an?|\d+)\s(?:second|minute)s? ago|now)\b"),
    re.compile(r"()\d{4}-\d\d-\d\dT\d\d(?::|%3A)[\d.:%AZ+]*"),
    re.compile(r'(csrf[a-z-]*token["\\]*\s*[:=]?\s*(?:value=)?["\\&quot;]*)[A-Za-z0-9]{64}', re.IGNORECASE),
    re.compile(r"(X-CSRFToken[^A-Za-z0-9]+(?:quot;)?)[A-Za-z0-9]{64}"),
    re.compile(r"(nonce[=-]\"?)[A-Za-z0-9+/=_-]{16,}"),
    re.compile(r"(request[ _-]?id\W{1,4})[0-9a-f]{16,}", re.IGNORECASE),
)

# A key of the world: see `world.FIRST_KEY`.
_KEY = re.compile(r"\b71\d{10}\b")


@dataclass(frozen=True)
class Answer:
    """What was answered: everything that somebody could tell two answers apart by."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: str

    def without(self, keys: Iterable[object]) -> "Answer":
        """Return the answer with these keys, which were in the question, all written alike."""
        pattern = re.compile("|".join(sorted({str(key) for key in keys}, key=len, reverse=True)) or "(?!)")

        def told(text: str) -> str:
            return pattern.sub("KEY", text)

        headers = {name: told(value) for name, value in self.headers.items()}
        return replace(self, headers=headers, body=told(self.body))

    def without_new_keys(self, known: frozenset[str]) -> "Answer":
        """Return the answer with the keys of rows that were just made written alike: `known` are those of before.

        A row that is taken back does not give its number back on PostgreSQL.
        """

        def told(text: str) -> str:
            return _KEY.sub(lambda found: found[0] if found[0] in known else "NEW", text)

        headers = {name: told(value) for name, value in self.headers.items()}
        return replace(self, headers=headers, body=told(self.body))

    @property
    def everything(self) -> str:
        """All that was sent, as one text."""
        return "\n".join((*self.headers.values(), *self.cookies.values(), self.body))


def answer_of(response: HttpResponseBase) -> Answer:
    """Return what can be compared of a response."""
    streamed = getattr(response, "streaming", False)
    content = b"".join(response.streaming_content) if streamed else response.content  # type: ignore[attr-defined]
    if content.startswith(b"PK"):
        content = _unpacked(content)
    headers = {name: _plain(value) for name, value in response.items() if name not in _OF_THE_MOMENT}
    cookies = {name: morsel.value.rsplit(":", 2)[0] for name, morsel in response.cookies.items()}
    cookies.pop(settings.CSRF_COOKIE_NAME, None)
    return Answer(response.status_code, headers, cookies, _plain(content.decode("utf-8", "backslashreplace")))


def _unpacked(content: bytes) -> bytes:
    """Return what a workbook says, without when it was made: its words cannot be seen in the packed bytes."""
    with ZipFile(BytesIO(content)) as packed:
        return b"\n".join(packed.read(name) for name in packed.namelist() if not name.startswith("docProps/"))


def _plain(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(r"\1…", text)
    return text


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: with a session, an API token, or nothing. `keys` is for what they may be told of."""

    name: str
    session: str = ""
    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def ask(self, method: str, path: str, data: Any = None, *, json: bool = False, **headers: str) -> Answer:
        """Send a request as a browser does, or as a program where there is a token, and return the answer."""
        client = Client(raise_request_exception=True)
        if self.session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        sent = {**self.headers, **headers}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if method in ("GET", "HEAD"):
            return answer_of(client.generic(method, path, headers=sent, **_query(data)))
        if json or method in ("PUT", "PATCH", "DELETE"):
            body = getattr(client, method.lower())
            return answer_of(body(path, data or {}, content_type="application/json", headers=sent))
        return answer_of(client.post(path, data or {}, headers=sent))

    def tried(self, method: str, path: str, data: Any = None, **more: Any) -> Answer:
        """Ask, and undo whatever that changed."""
        with undone():
            return self.ask(method, path, data, **more)


def _query(data: Mapping[str, object] | None) -> dict[str, Any]:
    return {"query_params": data} if data else {}


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written meanwhile."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def signed_in(name: str, user: User, workspace: Workspace | None = None) -> Caller:
    """Return somebody who logged in, and worked in a workspace where one is given."""
    client = Client()
    client.force_login(user)
    if workspace is not None:
        session = client.session
        session["workspace"] = workspace.pk
        session.save()
    return Caller(name, session=client.cookies[settings.SESSION_COOKIE_NAME].value)


def cast_of(world: World) -> dict[str, Caller]:
    """Return everybody who asks. Whoever has no word for it in their name may read all of A, and nothing of B."""
    a = world.a
    cast = [
        *(signed_in(role, a.people[role], a.workspace) for role in ("owner", "admin", "viewer", "leaver")),
        signed_in("nobody", world.nobody),
        Caller("stranger"),
        *(Caller(f"token-{kind}", token=secret) for kind, secret in a.tokens.items()),
        Caller("token-nonsense", token="mh_live_nonsense"),
    ]
    return {caller.name: caller for caller in cast}
