"""One candidate's way from stage to stage: what its stages said, and when that is written.

Stages that follow each other within a moment are written in one transaction. Nothing waits longer for that: while a
slow stage is under way, what was said before it is written. What a crash loses is free to find out again, for pages
are stored and paid answers journaled as they come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from asgiref.sync import sync_to_async
from django.conf import settings

from accounts.failpoints import failpoint
from hunts import recording
from hunts.models import Candidate, Stage
from hunts.work import Tools, Verdict, Work

StageFunction = Callable[[Work, Tools], Awaitable[Verdict]]

TOGETHER_SECONDS = 1.0

# What these say follows from what is known already: they take no time.
_INSTANT = frozenset({Stage.DEDUPE, Stage.PRESCREEN, Stage.SCORE, Stage.DELIVER})


class Way:
    """Where a candidate stands, and what its stages said that is not written yet."""

    def __init__(self, candidate: Candidate, work: Work, tools: Tools, stages: Mapping[str, StageFunction]) -> None:
        self.is_over = False
        self._candidate, self._work, self._tools, self._stages = candidate, work, tools, stages
        self._stage: str = candidate.stage
        self._said: list[recording.Step] = []
        self._write_by = 0.0

    async def go_on(self) -> None:
        """Do the next stage. Raises LeaseLost, and whatever the stage raises, once all before it is written."""
        failpoint("stage.begins")
        verdict = await self._verdict()
        failpoint("stage.ended")
        if not self._said:
            self._write_by = asyncio.get_running_loop().time() + TOGETHER_SECONDS
        self._work = verdict.added_to(self._work)
        self._said.append((verdict, self._work))
        following = recording.next_step(self._stage, verdict)
        # A twin is made one lead with the candidate's as it is written, and that may change what comes next.
        if "status" in following or verdict.twin is not None:
            await self.write()
        else:
            self._stage = str(following["stage"])

    async def write(self) -> None:
        """Write what was said. Raises LeaseLost when another worker has the candidate now."""
        if self._said:
            said, self._said = self._said, []
            self.is_over = await sync_to_async(recording.record)(self._candidate, said)
            self._stage = self._candidate.stage

    async def _verdict(self) -> Verdict:
        stage = self._stages[self._stage]
        if self._stage in _INSTANT and not self._said:
            return await stage(self._work, self._tools)
        doing = asyncio.ensure_future(_in_time(stage(self._work, self._tools)))
        try:
            await asyncio.wait({doing}, timeout=self._patience())
            if not doing.done() or doing.cancelled() or doing.exception():
                await self.write()
            return await doing
        except asyncio.CancelledError:
            doing.cancel()
            raise
        finally:
            # Also where it is not ours any more: a call under way is paid for, whatever comes of it.
            await asyncio.gather(doing, return_exceptions=True)

    def _patience(self) -> float | None:
        """Return for how many seconds a stage may keep what was said from being written."""
        return max(self._write_by - asyncio.get_running_loop().time(), 0.0) if self._said else None


async def _in_time(verdict: Awaitable[Verdict]) -> Verdict:
    async with asyncio.timeout(settings.STAGE_DEADLINE_SECONDS):
        return await verdict
