"""Processes that serve pages keep a few connections to PostgreSQL, which requests take turns at.

Each request has a thread of its own, and to connect anew for each takes longer than most pages ask the database for.
Workers have few threads, which live long and keep connections of their own.
https://docs.djangoproject.com/en/5.2/ref/databases/#connection-pool
"""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from config.guard import Receive, Send

# A request that gets no connection for so long is told to come back, rather than to wait on among ever more others.
WAIT_SECONDS = 5


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
