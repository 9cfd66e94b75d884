"""The JSON API: what its parts are, and that whatever goes wrong is told as problem+json."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_q.brokers import get_broker
from ninja import Router, Schema, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from redis.exceptions import RedisError

from accounts.api import MemberAuth, ProblemOut, TokenAuth, TooManyRequests, WrongScope, problem
from accounts.idempotency import NotAnswerable
from accounts.members import Refused
from accounts.notification_api import router as notifications
from accounts.quotas import QuotaReached
from accounts.rate_limits import POLICY
from accounts.token_api import router as tokens
from accounts.tokens import TokenRefused
from accounts.workspace_api import invitations_router, members_router, workspace_router
from accounts.workspaces import IsDeleted
from config.api_body import StrictParser, UnreadableBody
from config.api_description import DescribedAPI
from config.api_guard import guard
from hunts.analytics_api import router as analytics
from hunts.api import hunts, runs
from hunts.closing_api import router as closing
from hunts.company_lists_api import router as lists
from hunts.costs_api import router as run_costs
from hunts.estimate_api import estimates
from hunts.pipeline import AlreadyLive, NotStarted
from hunts.presets_api import router as presets
from hunts.privacy.api import people
from hunts.run_api import router as run_operations
from leads.api import router as leads
from leads.merge_api import router as merging

logger = structlog.get_logger(__name__)
REALM = 'Bearer realm="Magnet Hunter"'

api = DescribedAPI(
    title="Magnet Hunter",
    version=settings.VERSION,
    description="Hunts, their runs, and the leads that they find. Errors are problem details (RFC 9457).",
    auth=[TokenAuth(), MemberAuth()],
    docs_url="/docs",
    parser=StrictParser(),
)
api.add_decorator(guard, mode="view")
api.add_router("/hunts", hunts)
api.add_router("/hunts", estimates)
api.add_router("/runs", run_operations)  # before "/runs/{id}/{action}", which would take its addresses
api.add_router("/runs", run_costs)
api.add_router("/runs", runs)
api.add_router("/leads", leads)
api.add_router("/leads", merging)
api.add_router("/presets", presets)
api.add_router("/lists", lists)
api.add_router("/people", people)
api.add_router("/analytics", analytics)
api.add_router("/notifications", notifications)
api.add_router("/workspace", workspace_router)
api.add_router("/workspace", closing)
api.add_router("/members", members_router)
api.add_router("/invitations", invitations_router)
api.add_router("/tokens", tokens)
elsewhere = Router()  # added last: it takes what no other path has taken


class HealthOut(Schema):
    """`ok` or what is wrong, for each thing that the installation stands on."""

    status: str
    database: str
    queue: str
    queued: int | None
    version: str


@api.get("/health", auth=None, response={200: HealthOut, 503: HealthOut}, tags=["health"], operation_id="health")
def health(request: HttpRequest) -> Status[dict[str, Any]]:
    """Whether the database and the queue answer."""
    database, queue, queued = "ok", "ok", None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("health.database_down", exc_info=True)
        database = "unavailable"
    try:
        queued = get_broker().queue_size()
    except (DatabaseError, RedisError):
        logger.warning("health.queue_down", exc_info=True)
        queue = "unavailable"
    is_well = database == queue == "ok"
    body = {"status": "ok" if is_well else "unavailable", "database": database, "queue": queue, "queued": queued}
    return Status(200 if is_well else 503, {**body, "version": settings.VERSION})


@elsewhere.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", auth=None, include_in_schema=False, response=ProblemOut
)
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """Whatever is not the API: the same 404 as for a row that is not there."""
    raise Http404


api.add_router("", elsewhere)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, _("There is nothing here, or it belongs to somebody else."))


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(401, _("Log in first, or send an API token."))
    answer["WWW-Authenticate"] = REALM
    return answer


@api.exception_handler(TokenRefused)
def token_refused(request: HttpRequest, error: TokenRefused) -> HttpResponse:
    answer = problem(401, str(error))
    answer["WWW-Authenticate"] = f'{REALM}, error="invalid_token"'
    return answer


@api.exception_handler(WrongScope)
def wrong_scope(request: HttpRequest, error: WrongScope) -> HttpResponse:
    """Say which scope is missing, or that it is not the token's fault."""
    needed = error.scope.value if error.scope else ""
    if not needed:
        detail = _("API tokens cannot be used for this.")
    elif needed in error.token.scopes:
        detail = _("The token has the scope “%(scope)s”, but its person may not do this any more.")
    else:
        detail = _("This needs a token with the scope “%(scope)s”.")
    answer = problem(403, detail % {"scope": needed}, scope=needed, scopes=error.token.scopes)
    answer["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope", scope="{needed}"'
    return answer


@api.exception_handler(TooManyRequests)
def too_many(request: HttpRequest, error: TooManyRequests) -> HttpResponse:
    said = {"limit": error.quota.limit, "seconds": error.quota.reset}
    detail = _("More than %(limit)d requests a minute. Go on in %(seconds)d seconds.") % said
    # https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ defines the type.
    kind = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    return problem(429, detail, type=kind, **{"violated-policies": [POLICY]})


@api.exception_handler(NotAnswerable)
def not_answerable(request: HttpRequest, error: NotAnswerable) -> HttpResponse:
    answer = problem(error.status, str(error))
    if error.retry_after is not None:
        answer["Retry-After"] = str(error.retry_after)
    return answer


@api.exception_handler(UnreadableBody)
def unreadable(request: HttpRequest, error: UnreadableBody) -> HttpResponse:
    return problem(error.status, str(error))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"location": [str(part) for part in one["loc"]], "message": one["msg"]} for one in error.errors]
    return problem(422, _("Some values make no sense: see “errors”."), errors=errors)


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(NotStarted)
def not_started(request: HttpRequest, error: NotStarted) -> HttpResponse:
    return problem(409, str(error), run_id=error.run.pk if isinstance(error, AlreadyLive) else None)


@api.exception_handler(QuotaReached)
def quota_reached(request: HttpRequest, error: QuotaReached) -> HttpResponse:
    """409 where places are full, 429 with when to go on where something was done too often."""
    kind = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    said = {"limit": error.limit.name, "used": error.used, "allowed": error.allowed}
    if error.rate is None:
        return problem(409, str(error), type=kind, **said)
    answer = problem(429, str(error), type=kind, **said, **{"violated-policies": [error.rate.policy]})
    for header, value in error.rate.headers.items():
        answer[header] = value
    return answer


@api.exception_handler(Refused)
def refused_change(request: HttpRequest, error: Refused) -> HttpResponse:
    return problem(409, str(error))


@api.exception_handler(IsDeleted)
def is_deleted(request: HttpRequest, error: IsDeleted) -> HttpResponse:
    return problem(403, str(error))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, _("The request is too big."))


@api.exception_handler(Exception)
def crashed(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("api.crashed", exc_info=error)
    return problem(500, _("Something went wrong on our side; it was reported."))
