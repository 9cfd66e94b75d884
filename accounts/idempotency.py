"""`Idempotency-Key`: a request that is sent again is answered again, and not done again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ (draft 7), as at
https://docs.stripe.com/api/idempotent_requests. A key counts for 24 hours, for one workspace, one token or person, and
one operation. The row is inserted before the work begins and is unique, so that of twins one works. One whose process
died leaves it open: whether it had its effect nobody knows, and so it is never done again under the same key.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.api_models import KeptAnswer, RequestCount
from accounts.models import Workspace

KEEP = timedelta(hours=24)
# No operation takes longer: what is still open then was broken off.
LONGEST = timedelta(minutes=15)
# What makes an answer what it is, beside its body; others belong to the moment of one request.
KEPT_HEADERS = ("Content-Type", "Location", "Content-Language")
REPLAYED = "Idempotency-Replayed"
KEY = r"[!-~]{1,255}"
_KEY = re.compile(KEY)


class NotAnswerable(Exception):
    """A request with a key that cannot be answered; `status` is the HTTP status, `retry_after` in seconds."""

    def __init__(self, status: int, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose keys they are: a token's or a person's, in one workspace, for one operation."""

    workspace: Workspace
    holder: str
    operation: str


def key_of(request: HttpRequest) -> str:
    """Return the key of a request, '' for none; quotes around it do not count. Raises NotAnswerable (400)."""
    sent = request.headers.get("Idempotency-Key")
    if sent is None:
        return ""
    key = sent.strip()
    if len(key) > 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise NotAnswerable(400, _("An Idempotency-Key is 1 to 255 visible ASCII characters without spaces."))
    return key


def once(request: HttpRequest, asker: Asker, key: str, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what `run` answers, or what it answered to the same request before. Raises NotAnswerable."""
    fingerprint = _fingerprint(request)
    row = _begun(asker, key, fingerprint)
    if row is None:
        return _again(asker, key, fingerprint)
    answer = run()
    # `auth` stands on a request that was let in. Who was not has had no effect, and may come back.
    if answer.status_code >= 500 or not hasattr(request, "auth"):
        KeptAnswer.objects.filter(pk=row.pk).delete()
    else:
        _keep(row, answer)
    return answer


def purge() -> int:
    """Delete answers whose 24 hours are over, and counts of requests of yesterday; return how many. Runs every hour."""
    now = timezone.now()
    gone, _kinds = KeptAnswer.objects.filter(expires_at__lte=now).delete()
    idle, _kinds = RequestCount.objects.filter(seen_at__lt=now - KEEP).delete()
    return gone + idle


def _fingerprint(request: HttpRequest) -> str:
    """Return what tells one request from another, without telling what was asked."""
    asked = b"\n".join([(request.method or "").encode(), request.get_full_path().encode(), request.body])
    return salted_hmac("accounts.idempotency", asked, algorithm="sha256").hexdigest()


def _rows(asker: Asker, key: str) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(workspace=asker.workspace, holder=asker.holder, operation=asker.operation, key=key)


def _begun(asker: Asker, key: str, fingerprint: str) -> KeptAnswer | None:
    """Return a new row for the key, None where there is one."""
    now = timezone.now()
    _rows(asker, key).filter(expires_at__lte=now).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                workspace=asker.workspace,
                holder=asker.holder,
                operation=asker.operation,
                key=key,
                fingerprint=fingerprint,
                created_at=now,
                expires_at=now + KEEP,
            )
    except IntegrityError:
        return None


def _again(asker: Asker, key: str, fingerprint: str) -> HttpResponse:
    row = _rows(asker, key).first()
    if row is None:  # its twin failed just now
        raise NotAnswerable(409, _("The first request with this Idempotency-Key failed. Send it again."), 1)
    if row.fingerprint != fingerprint:
        raise NotAnswerable(422, _("This Idempotency-Key was used for another request. Use a new one."))
    if row.status is None:
        raise _still_open(row)
    if row.body is None:
        raise NotAnswerable(409, _("This request was answered, and its answer is not told twice."))
    answer = HttpResponse(bytes(row.body), status=row.status, headers=row.headers)
    answer[REPLAYED] = "true"
    return answer


def _still_open(row: KeptAnswer) -> NotAnswerable:
    if timezone.now() - row.created_at < LONGEST:
        return NotAnswerable(409, _("The first request with this Idempotency-Key is still being answered."), 1)
    return NotAnswerable(
        409, _("The first request was broken off. Look whether it had its effect, then use a new Idempotency-Key.")
    )


def _keep(row: KeptAnswer, answer: HttpResponseBase) -> None:
    may_be_kept = isinstance(answer, HttpResponse) and "no-store" not in answer.get("Cache-Control", "")
    KeptAnswer.objects.filter(pk=row.pk).update(
        status=answer.status_code,
        headers={name: answer[name] for name in KEPT_HEADERS if name in answer},
        body=answer.content if isinstance(answer, HttpResponse) and may_be_kept else None,
    )
