"""Processes that serve pages keep a few connections to PostgreSQL, which requests take turns at.

Each request has a thread of its own, and to connect anew for each takes longer than most pages ask the database for.
Workers have few threads, which live long and keep connections of their own.
https://docs.djangoproject.com/en/5.2/ref/databases/#connection-pool
"""

import sys

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _
from django.views.defaults import server_error
from psycopg_pool import PoolTimeout

from accounts.api import problem
from config.guard import Receive, Send

# A request that gets no connection for so long is told to come back, rather than to wait on among ever more others.
WAIT_SECONDS = 5
COME_BACK_SECONDS = 5


async def served(receive: Receive, send: Send) -> None:
    """Share connections from when a server starts until it stops. https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _share()
        else:
            await sync_to_async(_end)()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _share() -> None:
    database = connections.settings["default"]
    if database["ENGINE"].endswith("postgresql") and settings.DB_POOL_SIZE:
        # What the server has closed meanwhile, as when it was restarted, is found out before a request gets it.
        database["CONN_HEALTH_CHECKS"] = True
        database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": settings.DB_POOL_SIZE, "timeout": WAIT_SECONDS}


def _end() -> None:
    for connection in connections.all():
        if isinstance(connection, DatabaseWrapper):
            connection.close_pool()


def went_wrong(request: HttpRequest) -> HttpResponse:
    """Answer what broke: 503 where no connection came free in time, else 500. Asks the database for nothing."""
    error, is_api = sys.exc_info()[1], request.path.startswith("/api/")
    if not isinstance(getattr(error, "__cause__", None), PoolTimeout):
        return (
            problem(500, _("Something went wrong on our side. It was reported.")) if is_api else server_error(request)
        )
    answer: HttpResponse
    if is_api:
        answer = problem(503, _("Too much is asked at once. Try again in a few seconds."))
    else:
        answer = HttpResponse(get_template("503.html").render(), status=503)
    answer["Retry-After"] = str(COME_BACK_SECONDS)
    return answer
