"""Answers as they are written: `GET /hunts/chat/<id>/stream/<message>`, beside Django's own handler.

Whichever process is asked first writes the answer, whole, also when the browser goes away meanwhile; others in the same
process listen to it, and other processes look at its row.
"""

import asyncio
import html
import re
import time

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections, connection
from django.utils.translation import gettext as _

from accounts.visitors import Visitor, visitor_of
from accounts.wall import as_tenant
from hunts import chat, chat_writer, chatpage
from hunts.chat_models import Conversation, Message
from hunts.live import ACCESS_SECONDS, HEARTBEAT_SECONDS, Receive, Scope, Send, begin, event, refuse, until_gone

logger = structlog.get_logger(__name__)

STREAM = re.compile(r"^/hunts/chat/(\d{1,18})/stream/(\d{1,18})$")
KEEP_SECONDS = 1.0
LOOK_SECONDS = 0.5

# A piece of the text; "" means that what was written so far does not count.
Piece = str


class Writer:
    """One answer that is being written in this process, and those who watch."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.text = ""
        self.watchers: set[asyncio.Queue[Piece | None]] = set()
        self.task = asyncio.create_task(self._write_as_tenant())

    def watch(self) -> asyncio.Queue[Piece | None]:
        """Return a queue of pieces, what was written so far first; None says that the answer is whole."""
        queue: asyncio.Queue[Piece | None] = asyncio.Queue()
        queue.put_nowait("")
        if self.text:
            queue.put_nowait(self.text)
        self.watchers.add(queue)
        return queue

    def _tell(self, piece: Piece | None) -> None:
        for queue in self.watchers:
            queue.put_nowait(piece)

    async def _write_as_tenant(self) -> None:
        with as_tenant(self.message.conversation.workspace_id):
            await self._write()

    async def _write(self) -> None:
        # All writers of a process share one thread and its connection, which no request opens and closes for them.
        await sync_to_async(close_old_connections)()
        kept_at = time.monotonic()
        try:
            async for piece in chat_writer.write(self.message):
                if isinstance(piece, chat_writer.StartOver):
                    self.text = ""
                    self._tell("")
                    continue
                self.text += piece
                self._tell(piece)
                if time.monotonic() - kept_at > KEEP_SECONDS:
                    await sync_to_async(chat.keep)(self.message, self.text)
                    kept_at = time.monotonic()
        except chat.LeaseLost:
            logger.info("chat.taken_over", message=self.message.pk)
        except asyncio.CancelledError:
            await asyncio.shield(sync_to_async(chat.hand_back)(self.message))
            raise
        except Exception:
            # A bug must not leave the conversation waiting for an answer that never comes.
            logger.exception("chat.crashed", message=self.message.pk)
            await sync_to_async(_give_up)(self.message)
        finally:
            writers.pop(self.message.pk, None)
            self._tell(None)


writers: dict[int, Writer] = {}


def _give_up(message: Message) -> None:
    with chat.speaking(message.conversation):
        message.text = _("Something went wrong on our side; it was reported. Say it again, or change the profile.")
        message.problem = message.text
    base = message.conversation.icp
    chat.finish(message, base, base)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with server-sent events: `sofar`, `piece` and, at the end, `done` with the parts of the page."""
    found = STREAM.match(scope["path"])
    assert found is not None, scope["path"]
    conversation_id, message_id = int(found[1]), int(found[2])
    visitor = await sync_to_async(_visitor, thread_sensitive=False)(scope, conversation_id, message_id)
    if visitor is None:
        await refuse(send)
        return
    await begin(send)
    gone = asyncio.create_task(_until_out(receive, visitor, conversation_id))
    try:
        if await _follow(message_id, gone, send, may_write=not visitor.only_looks):
            done = await sync_to_async(_done, thread_sensitive=False)(message_id, visitor)
            await send({"type": "http.response.body", "body": done + event("over", "over")})
        else:
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _until_out(receive: Receive, visitor: Visitor, conversation_id: int) -> None:
    """Return when the browser has closed the connection, or who asked may not look any more."""
    left = asyncio.create_task(until_gone(receive))
    try:
        while not left.done():
            await asyncio.wait({left}, timeout=ACCESS_SECONDS)
            if not await sync_to_async(_still_reads, thread_sensitive=False)(visitor, conversation_id):
                return
    finally:
        left.cancel()


def _still_reads(visitor: Visitor, conversation_id: int) -> bool:
    try:
        found = Conversation.objects.filter(pk=conversation_id).values_list("workspace_id", flat=True).first()
        return found is not None and visitor.still_reads(found)
    except DatabaseError:
        # The database has a bad minute: nobody is turned out for that, and nothing can be read from it either.
        logger.warning("chat.look_failed", exc_info=True)
        return True
    finally:
        connection.close()


async def _follow(message_id: int, gone: asyncio.Task[None], send: Send, *, may_write: bool) -> bool:
    """Send a message as it is written, here or elsewhere; True when it is whole and the browser still there.

    Nobody is made to write it where not `may_write`: that costs.
    """
    while not gone.done():
        writer = writers.get(message_id)
        if writer is None and may_write:
            message = await sync_to_async(_claimed, thread_sensitive=False)(message_id)
            # Another watcher may have begun it while this one looked.
            if message is not None and message_id not in writers:
                writer = writers[message_id] = Writer(message)
        if writer is not None:
            await _send_pieces(writer, gone, send)
        elif (text := await sync_to_async(_text_elsewhere, thread_sensitive=False)(message_id)) is None:
            return True
        else:
            await send({"type": "http.response.body", "body": event("sofar", html.escape(text)), "more_body": True})
            await asyncio.wait({gone}, timeout=LOOK_SECONDS)
    return False


async def _send_pieces(writer: Writer, gone: asyncio.Task[None], send: Send) -> None:
    queue = writer.watch()
    try:
        while not gone.done():
            waiting = asyncio.create_task(queue.get())
            await asyncio.wait({waiting, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                continue
            piece = waiting.result()
            if piece is None:
                return
            body = event("piece", html.escape(piece)) if piece else event("sofar", "")
            await send({"type": "http.response.body", "body": body, "more_body": True})
    finally:
        writer.watchers.discard(queue)


def _visitor(scope: Scope, conversation_id: int, message_id: int) -> Visitor | None:
    """Return who asks, if they are a member of the conversation's workspace."""
    try:
        message = Message.objects.filter(pk=message_id, conversation_id=conversation_id)
        found = message.select_related("conversation").first()
        visitor = visitor_of(scope)
        if found is None or visitor is None or not visitor.is_member_of(found.conversation.workspace_id):
            return None
        visitor.looked(found.conversation.workspace_id, scope["path"])
        return visitor
    finally:
        connection.close()


def _claimed(message_id: int) -> Message | None:
    try:
        return chat.claim(message_id)
    finally:
        connection.close()


def _text_elsewhere(message_id: int) -> str | None:
    """Return how far another process has written it, None when it is whole or gone."""
    try:
        writing = Message.objects.filter(pk=message_id, status=Message.Status.WRITING)
        return writing.values_list("text", flat=True).first()
    finally:
        connection.close()


def _done(message_id: int, visitor: Visitor) -> bytes:
    """Return the whole message and the profile that it left, by the templates of the page."""
    try:
        message = Message.objects.filter(pk=message_id).select_related("conversation__workspace").first()
        if message is None:
            return b""
        with as_tenant(message.conversation.workspace_id):
            return event("done", chatpage.answered(message, visitor))
    finally:
        connection.close()
