"""How a worker's process ends in good order: it takes nothing new, ends the stages under way and hands back the rest.

The queue's main process tells all of its workers through a byte of shared memory, for they would else work to the end
of their tasks. Where a process manager sends SIGTERM to the whole group, each worker obeys it by itself.
"""

import asyncio
import math
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawValue
from types import FrameType
from typing import Any

from django.conf import settings

LOOK_SECONDS = 0.25

# Made before the workers are forked. No lock goes with it: a worker that is killed would keep it.
_all_asked: Any = RawValue("b", 0)
_signalled = threading.Event()


def ask_all() -> None:
    """Ask this process and all that were forked from it to leave."""
    _all_asked.value = 1


def is_asked() -> bool:
    """True once this process should take no new work."""
    return bool(_all_asked.value) or _signalled.is_set()


@contextmanager
def obeying_sigterm() -> Iterator[None]:
    """Let SIGTERM ask this process to leave instead of ending it at once; after the block it ends. Main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _note_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
    if _signalled.is_set():
        sys.exit(0)


def _note_signal(_number: int, _frame: FrameType | None) -> None:
    _signalled.set()
    # A worker that hangs never looks at the flag: the alarm ends it.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(math.ceil(2 * settings.WORKER_GRACE_SECONDS) + 1)


async def attended(work: Coroutine[Any, Any, bool]) -> bool:
    """Return what `work` returns; True ("there is more to do") where it was cut short because we must leave.

    Asked to leave, it has WORKER_GRACE_SECONDS to come to a good place by itself; then it is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done() and not is_asked():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        done, _pending = await asyncio.wait({task}, timeout=settings.WORKER_GRACE_SECONDS)
        if done:
            return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return True
