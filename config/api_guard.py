"""What stands before every operation of the API: who asks, whether they may, how often, and whether it is asked again.

`guard` wraps the `run` of each operation. A request with `Authorization: Bearer …` is a token's, whatever cookies come
with it; any other is a session's. The order is: the token, the quota, the scope, the body, the Idempotency-Key,
the operation.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.operation import Operation

from accounts import idempotency, rate_limits
from accounts.api import TokenAuth, TooManyRequests, WrongScope
from accounts.idempotency import Asker
from accounts.rate_limits import Quota
from accounts.token_models import ApiToken, Scope
from accounts.tokens import bearer_of, known
from accounts.wall import as_tenant
from config import api_body
from config.scopes import PUBLIC, SCOPES

Run = Callable[..., HttpResponseBase]


def guard(run: Run) -> Run:
    """Return `run`, the bound method of an operation, behind its guard; public operations stay as they are."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    name = operation.operation_id or ""
    if not operation.include_in_schema or name in PUBLIC:
        return run
    scope = SCOPES.get(name)
    bodies = [model for model in operation.models if model.__ninja_param_source__ == "body"]
    needs_body = any(field.is_required() for model in bodies for field in model.model_fields.values())
    _describe(operation, scope)

    @wraps(run)
    def guarded(request: HttpRequest, **values: Any) -> HttpResponseBase:
        quota: Quota | None = None
        try:
            token = _identified(request)
            quota = _counted(request, token)
            if token is not None and (scope is None or not token.allows(scope)):
                raise WrongScope(name, scope, token)
            if bodies and request.user.is_authenticated:  # strangers are refused unread
                api_body.check(request, is_needed=needs_body)
            # That of a session is in place already; a token's workspace is known only now.
            with as_tenant(request.workspace and request.workspace.pk):  # type: ignore[attr-defined]
                answer = _answered(request, token, name, lambda: run(request, **values))
        except Exception as error:
            # Whatever it is has its handler in config/api.py, as what goes wrong inside an operation has.
            answer = operation.api.on_exception(request, error)
            quota = getattr(error, "quota", quota)
        for header, value in (quota.headers if quota else {}).items():
            # Beside what a limit of this one operation says of itself; each has a name.
            answer[header] = f"{value}, {answer[header]}" if header in answer else value
        return answer

    return guarded


def _describe(operation: Operation, scope: Scope | None) -> None:
    """Say in the description of the API which scope an operation needs, and that a POST takes an Idempotency-Key."""
    more: dict[str, Any] = {"x-scope": scope.value if scope else None}
    if "POST" in operation.methods:
        words = "1 to 255 visible ASCII characters: the same request with the same key is done once within 24 hours."
        header = {"name": "Idempotency-Key", "in": "header", "required": False, "description": words}
        more["parameters"] = [{**header, "schema": {"type": "string", "pattern": f"^{idempotency.KEY}$"}}]
    if scope is None:
        operation.auth_callbacks = [one for one in operation.auth_callbacks if not isinstance(one, TokenAuth)]
    operation.openapi_extra = {**(operation.openapi_extra or {}), **more}


def _identified(request: Any) -> ApiToken | None:
    """Put the person and the workspace of a token on the request; None for one without. Raises TokenRefused."""
    secret = bearer_of(request.headers.get("Authorization", ""))
    if secret is None:
        return None
    token = known(secret)
    token.workspace.role = token.role  # type: ignore[attr-defined]  # as `workspace_of` leaves it for a session
    request.user, request.workspace, request.api_token = token.user, token.workspace, token
    return token


def _counted(request: HttpRequest, token: ApiToken | None) -> Quota | None:
    """Count the request; strangers are not counted, they are refused anyway. Raises TooManyRequests."""
    if token is not None:
        quota = rate_limits.take(f"token:{token.pk}", settings.API_TOKEN_REQUESTS_A_MINUTE)
    elif request.user.is_authenticated:
        # The key of a session opens the door, so that only its hash is written down.
        session = sha256((request.session.session_key or "").encode()).hexdigest()[:40]
        quota = rate_limits.take(f"session:{session}", settings.API_SESSION_REQUESTS_A_MINUTE)
    else:
        return None
    if quota is not None and quota.remaining is None:
        raise TooManyRequests(quota)
    return quota


def _answered(
    request: Any, token: ApiToken | None, operation: str, run: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Run an operation; a POST with an Idempotency-Key once. Raises NotAnswerable."""
    key = idempotency.key_of(request) if request.method == "POST" else ""
    if not key or request.workspace is None:
        return run()
    holder = f"token:{token.pk}" if token else f"person:{request.user.pk}"
    return idempotency.once(request, Asker(request.workspace, holder, operation), key, run)
