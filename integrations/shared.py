"""State that all workers of all machines share: small documents, each changed by compare-and-swap.

They lie in Redis where there is one (REDIS_URL), else in the database; what is done to them is the same code, so that a
limit or a breaker means the same on both. The time is the store's, so that machines whose clocks differ agree.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import asyncio as redis
from redis.exceptions import RedisError

from integrations.errors import Unavailable
from integrations.models import SharedDocument

T = TypeVar("T")
Document: TypeAlias = dict[str, Any]
# Given the document and the time in seconds since 1970, changes the document in place and returns what it found.
Change: TypeAlias = Callable[[Document, float], T]

# Longer than any vendor's limit lasts, so that nothing is forgotten that still counts.
KEEP = timedelta(days=35)


class Found(NamedTuple):
    """A document as it was read: its contents, the store's time, and what a swap compares with."""

    document: Document
    now: float
    version: Any

    def changed(self, change: Change[T]) -> tuple[Document, T]:
        """Return a changed copy, and what `change` returned."""
        document = json.loads(json.dumps(self.document))
        return document, change(document, self.now)


class Shared(ABC):
    """The documents. `clock` stands in for the store's time."""

    def __init__(self, *, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock

    @abstractmethod
    async def read(self, name: str) -> tuple[Document, float]:
        """Return a document, {} where there is none, and the time."""

    @abstractmethod
    async def change(self, name: str, change: Change[T]) -> T:
        """Change a document and return what `change` returned; it may run several times, and the last one counts."""

    def _time(self, store_time: float) -> float:
        return store_time if self._clock is None else self._clock()


class DatabaseShared(Shared):
    """Documents as rows: a swap is one conditional UPDATE."""

    async def read(self, name: str) -> tuple[Document, float]:
        found = await sync_to_async(self._found)(name)
        return found.document, found.now

    async def change(self, name: str, change: Change[T]) -> T:
        # One hop to the thread for the whole of it: tasks of one process do not come between each other.
        return await sync_to_async(self._change)(name, change)

    def _change(self, name: str, change: Change[T]) -> T:
        while True:
            found = self._found(name)
            document, told = found.changed(change)
            if document == found.document or self._swap(name, found.version, document):
                return told

    def _found(self, name: str) -> Found:
        row = SharedDocument.objects.filter(pk=name).values_list("document", Now(), "version").first()
        document, now, version = row or ({}, timezone.now(), None)
        return Found(document, self._time(now.timestamp()), version)

    def _swap(self, name: str, version: int | None, document: Document) -> bool:
        now = timezone.now()
        if version is None:
            SharedDocument.objects.filter(expires_at__lt=now).delete()
            fresh = SharedDocument(name=name, document={}, version=0, expires_at=now + KEEP)
            SharedDocument.objects.bulk_create([fresh], ignore_conflicts=True)
        seen = SharedDocument.objects.filter(pk=name, version=version or 0)
        return bool(seen.update(document=document, version=(version or 0) + 1, expires_at=now + KEEP))


class RedisShared(Shared):
    """Documents as keys: a swap is a script that compares first."""

    SWAP = """
    local found = redis.call('GET', KEYS[1]) or ''
    if found ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
    return 1
    """

    def __init__(self, client: "redis.Redis", prefix: str, *, clock: Callable[[], float] | None = None) -> None:
        super().__init__(clock=clock)
        self._client = client
        self._prefix = prefix
        self._swap = client.register_script(self.SWAP)
        # Tasks of one process take turns, and only processes compete.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(self, name: str) -> tuple[Document, float]:
        with _reaching():
            found = await self._found(name)
        return found.document, found.now

    async def change(self, name: str, change: Change[T]) -> T:
        with _reaching():
            async with self._turns[name]:
                while True:
                    found = await self._found(name)
                    document, told = found.changed(change)
                    if document == found.document or await self._swapped(name, found.version, document):
                        return told

    async def _found(self, name: str) -> Found:
        async with self._client.pipeline(transaction=False) as asked:
            asked.time()
            asked.get(self._key(name))
            (seconds, micros), value = await asked.execute()
        return Found(json.loads(value) if value else {}, self._time(seconds + micros / 1e6), value or b"")

    async def _swapped(self, name: str, version: bytes, document: Document) -> bool:
        value = json.dumps(document, separators=(",", ":"))
        return bool(await self._swap([self._key(name)], [version, value, int(KEEP.total_seconds())]))

    def _key(self, name: str) -> str:
        return f"{self._prefix}:shared:{name}"


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(_("The memory that all workers share does not answer. Try again later.")) from error


@asynccontextmanager
async def open_shared(*, clock: Callable[[], float] | None = None) -> AsyncIterator[Shared]:
    """Open the store that the settings name."""
    if not settings.REDIS_URL:
        yield DatabaseShared(clock=clock)
        return
    client = redis.from_url(settings.REDIS_URL)
    try:
        yield RedisShared(client, settings.REDIS_PREFIX, clock=clock)
    finally:
        await client.aclose()
