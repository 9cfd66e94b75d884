"""The audit log's one pen: `record`, called in the transaction of the change that it tells of.

What is recorded is recorded by the functions that every door calls, so that no door can forget it. They need not be
told who is asking: the middleware here remembers the request, and a worker of the queue has none.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from ipaddress import ip_address, ip_network

from django.db import models
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import get_contextvars

from accounts.audit_models import AuditEntry, Verb
from accounts.models import User
from accounts.wall import as_system

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)


class AuditMiddleware:
    """Remembers the request for as long as it is answered. Stands behind the one that knows who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def record(
    verb: Verb, target: models.Model | None = None, *, workspace_id: int | None, words: str = "", by: User | None = None
) -> None:
    """Write down that `by`, or else whoever's request is answered, did `verb` to `target`.

    `words` are ours and carry no secrets; they are cut at 200 characters.
    """
    record_all([workspace_id], verb, target, words=words, by=by)


@as_system()
def record_all(
    workspace_ids: Iterable[int | None],
    verb: Verb,
    target: models.Model | None = None,
    *,
    words: str = "",
    by: User | None = None,
) -> None:
    """Write the same down for each of several workspaces, `None` standing for none."""
    request = _request.get()
    visit = getattr(request, "support", None)
    if visit is not None:
        # Whatever the functions that are called take for who asks: it is the operator, in the person's place.
        by, words = visit.operator, f"{words} (as no. {visit.person_id})"
    actor_id = by.pk if by is not None else _signed_in(request)
    written = [
        AuditEntry(
            workspace_id=workspace_id,
            actor_id=actor_id,
            verb=verb,
            object_type="" if target is None else target._meta.label_lower,
            object_id="" if target is None else str(target.pk)[:40],
            words=" ".join(words.split())[:200],
            ip=network_of(request.META.get("REMOTE_ADDR", "")) if request else "",
            request_id=str(get_contextvars().get("request_id", "")) if request else "",
        )
        for workspace_id in workspace_ids
    ]
    AuditEntry.objects.bulk_create(written)


def _signed_in(request: HttpRequest | None) -> int | None:
    user = getattr(request, "user", None)
    return user.pk if user is not None and user.is_authenticated else None


def network_of(address: str) -> str:
    """Return the network of an IP address, /24 or /48: enough to see where from, too little to be a person's.

    '' for what is no address, such as that of a Unix socket.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
