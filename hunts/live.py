"""The live page of a run: one look at the database per process and second, whatever the number of open pages.

Each open page is a queue of at most one fragment. A single tailer looks at all watched runs together, renders what
has changed once per run, language and choice of companies, and hands it to the queues. It works beside Django's own
handler, which would hold a thread and a database connection for each page as long as it is open.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.db.models import Count, Max
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from accounts.roles import Right, may
from accounts.visitors import living_sessions, places_of, visitor_of
from accounts.wall import as_tenant
from hunts import runpage
from hunts.models import Run, RunEvent

logger = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
ACCESS_SECONDS = 0.5  # how soon a page notices that its viewer may not look any more
HEARTBEAT_SECONDS = 15.0

STREAM = re.compile(r"^/hunts/runs/(\d{1,18})/stream$")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(eq=False)
class Viewer:
    """One open page. `None` in its queue says that the run is over, or that the viewer may not look any more."""

    run_id: int
    workspace_id: int
    user_id: int
    session_key: str
    language: str
    choice: str = ""  # which companies the page shows, see `runpage.SHOWN`
    may_change: bool = False  # viewers are offered no buttons
    seen: tuple[Any, ...] = ()  # what the run was like when it was last shown to them
    fragments: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def show(self, fragment: bytes | None) -> None:
        """Put a fragment in the place of one that was not sent yet."""
        with contextlib.suppress(asyncio.QueueEmpty):
            self.fragments.get_nowait()
        self.fragments.put_nowait(fragment)


class Tailer:
    """Looks at all runs that somebody watches, for as long as somebody does."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, viewer: Viewer) -> None:
        self.viewers.add(viewer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tail())
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let everybody go when the looking broke: their pages say so and connect again, which begins it anew."""
        if not task.cancelled() and (error := task.exception()):
            logger.error("live.tail_failed", exc_info=error)
            for viewer in self.viewers:
                viewer.show(None)

    def remove(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)

    async def _tail(self) -> None:
        checks = 0
        while self.viewers:
            try:
                watching = await self._with_access()
                if checks % max(round(LOOK_SECONDS / ACCESS_SECONDS), 1) == 0:
                    await self._tell(watching, await sync_to_async(_look, thread_sensitive=False)(watching))
                checks += 1
            except DatabaseError:
                # The database has a bad minute: the pages stay as they are, and are told when it is back.
                logger.warning("live.look_failed", exc_info=True)
            await asyncio.sleep(min(LOOK_SECONDS, ACCESS_SECONDS))

    async def _with_access(self) -> list[Viewer]:
        """Let those go who may not look any more, or whose rights have changed; return the others."""
        watching = list(self.viewers)
        allowed = await sync_to_async(_allowed, thread_sensitive=False)(watching)
        for viewer in watching:
            if viewer not in allowed:
                viewer.show(None)
        return [viewer for viewer in watching if viewer in allowed]

    async def _tell(self, watching: Iterable[Viewer], states: dict[int, tuple[Any, ...]]) -> None:
        audience: dict[tuple[int, str, str, bool], list[Viewer]] = {}
        for viewer in watching:
            if viewer.run_id not in states:
                viewer.show(None)
            elif viewer.seen != states[viewer.run_id]:
                sees = (viewer.run_id, viewer.language, viewer.choice, viewer.may_change)
                audience.setdefault(sees, []).append(viewer)
        for sees, viewers in audience.items():
            with as_tenant(viewers[0].workspace_id):
                fragment = await sync_to_async(_rendered, thread_sensitive=False)(*sees)
            for viewer in viewers:
                viewer.seen = states[viewer.run_id]
                viewer.show(fragment)


def _look(viewers: list[Viewer]) -> dict[int, tuple[Any, ...]]:
    """Return what tells a changed run from an unchanged one."""
    try:
        runs = Run.objects.filter(pk__in={viewer.run_id for viewer in viewers})
        rows = runs.annotate(changed=Max("candidates__changed_at"), found=Count("candidates"))
        lines = dict(
            RunEvent.objects.filter(run__in=runs)
            .values_list("run_id")
            .annotate(last=Max("pk"))
            .values_list("run_id", "last")
        )
        return {
            row["pk"]: (row["status"], row["changed"], row["found"], lines.get(row["pk"]))
            for row in rows.values("pk", "status", "changed", "found")
        }
    finally:
        connection.close()


def _allowed(viewers: list[Viewer]) -> set[Viewer]:
    """Return the viewers whose session and membership still stand, with the rights that their page was made for."""
    try:
        sessions = living_sessions({viewer.session_key for viewer in viewers})
        places = places_of({viewer.user_id for viewer in viewers})
    finally:
        connection.close()
    rights = {(place.user_id, place.workspace_id): may(place, Right.CHANGE) for place in places}
    return {
        viewer
        for viewer in viewers
        if viewer.session_key in sessions and rights.get((viewer.user_id, viewer.workspace_id)) is viewer.may_change
    }


def _rendered(run_id: int, language: str, choice: str, may_change: bool) -> bytes:
    """Return the live part of a run's page, by the template that the page itself uses, as events."""
    try:
        with translation.override(language):
            run = Run.objects.select_related("hunt", "figures", "budget").get(pk=run_id)
            context = runpage.context(run, show=choice, may_change=may_change)
            html = render_to_string("hunts/_run_progress.html", context)
            over = event("over", "over") if run.is_over else b""
            return event("progress", html) + over
    finally:
        connection.close()


tailer = Tailer()


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `GET /hunts/runs/<id>/stream` with server-sent events; to strangers the run does not exist."""
    found = STREAM.match(scope["path"])
    assert found is not None, scope["path"]
    viewer = await sync_to_async(_viewer_of, thread_sensitive=False)(scope, int(found[1]))
    if viewer is None:
        await refuse(send)
        return
    await begin(send)
    gone = asyncio.create_task(until_gone(receive))
    tailer.add(viewer)
    try:
        await _send_fragments(viewer, gone, send)
    finally:
        tailer.remove(viewer)
        gone.cancel()


async def begin(send: Send) -> None:
    """Begin an answer that is a stream of events."""
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def refuse(send: Send) -> None:
    """Answer as to an address that is not there."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Not found"})


def event(name: str, data: str) -> bytes:
    """Return one server-sent event."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n".encode()


async def _send_fragments(viewer: Viewer, gone: asyncio.Task[None], send: Send) -> None:
    while not gone.done():
        waiting = asyncio.create_task(viewer.fragments.get())
        await asyncio.wait({waiting, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
            continue
        fragment = waiting.result()
        if fragment is not None:
            await send({"type": "http.response.body", "body": fragment, "more_body": True})
        if fragment is None or fragment.endswith(event("over", "over")):
            await send({"type": "http.response.body", "body": b""})
            return


async def until_gone(receive: Receive) -> None:
    """Return when the browser has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _viewer_of(scope: Scope, run_id: int) -> Viewer | None:
    """Return who asks, if they are signed in and a member of the run's workspace."""
    try:
        visitor = visitor_of(scope)
        run = Run.objects.kept().filter(pk=run_id).only("workspace_id").first()
        place = visitor.place_in(run.workspace_id) if visitor and run else None
        if visitor is None or run is None or place is None:
            return None
        visitor.looked(run.workspace_id, scope["path"])
        return Viewer(
            run_id,
            run.workspace_id,
            visitor.user_id,
            visitor.session_key,
            visitor.language,
            choice=_choice_of(scope),
            may_change=may(place, Right.CHANGE),
        )
    finally:
        connection.close()


def _choice_of(scope: Scope) -> str:
    choice = QueryDict(scope.get("query_string", b"")).get("show", "")
    return choice if choice in runpage.SHOWN else ""
