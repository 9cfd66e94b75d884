"""Structured logs: one event a line, with the request's and the run's id on every line of theirs."""

import logging
import sys
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import sentry_sdk
import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str, *, as_json: bool, sentry_dsn: str, release: str) -> None:
    """Send every log line, ours and the libraries', through structlog to standard error."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    tail: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        # Not by `rich`: it would show the values of variables, secrets among them, and takes seconds for each.
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "openai", "asyncio", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if sentry_dsn:
        sentry_sdk.init(dsn=sentry_dsn, release=release, send_default_pii=False, include_local_variables=False)


class RequestContextMiddleware:
    """Gives each request an id, on its log lines and in the `X-Request-ID` answer header."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.answer_async(request)
        request_id = self.begin(request)
        return self.end(self.get_response(request), request_id)

    async def answer_async(self, request: HttpRequest) -> HttpResponseBase:
        request_id = self.begin(request)
        return self.end(await self.get_response(request), request_id)

    def begin(self, request: HttpRequest) -> str:
        request_id = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id, path=request.path)
        return request_id

    def end(self, response: HttpResponseBase, request_id: str) -> HttpResponseBase:
        response["X-Request-ID"] = request_id
        return response
