"""When what stages say is written: together where they are quick, while a slow one is under way, before a failure."""

import asyncio

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from hunts import claims, way
from hunts.models import Candidate, Run
from hunts.pipeline import STAGES
from hunts.way import Way
from hunts.work import Tools, Verdict, Work, passed, rejected
from integrations.errors import Unavailable
from tests.hunts.test_claims import WORK, expire_leases, running_run

pytestmark = pytest.mark.django_db(transaction=True)


async def passes(work: Work, tools: Tools) -> Verdict:
    return passed("fits")


async def rejects(work: Work, tools: Tools) -> Verdict:
    return rejected("does not fit")


async def is_away(work: Work, tools: Tools) -> Verdict:
    raise Unavailable("It is away.")


def claimed(run: Run) -> Candidate:
    [candidate] = claims.claim(run.pk, 1)
    candidate.run = run
    return candidate


def row(run: Run) -> tuple[str, str, list[str]]:
    """Return where the run's only candidate stands, as others see it, and which stages the log tells of."""
    candidate = run.candidates.get()
    return candidate.status, candidate.stage, list(run.events.order_by("pk").values_list("stage", flat=True))


@pytest.fixture
def run() -> Run:
    return running_run(candidates=1)


def way_of(run: Run, **stages) -> Way:
    return Way(claimed(run), WORK, None, STAGES | dict.fromkeys(("dedupe", "prescreen"), passes) | stages)


def go_on(way: Way, times: int) -> None:
    async def go() -> None:
        for _stage in range(times):
            await way.go_on()

    async_to_sync(go)()


def test_quick_stages_are_written_with_the_one_that_ends_the_way(run):
    one = way_of(run, crawl=rejects)
    go_on(one, 2)
    assert row(run) == ("working", "dedupe", [])
    go_on(one, 1)
    assert one.is_over
    assert row(run) == ("rejected", "crawl", ["dedupe", "prescreen", "crawl"])


def test_what_was_said_is_written_while_a_slow_stage_is_under_way(run, monkeypatch):
    monkeypatch.setattr(way, "TOGETHER_SECONDS", 0.0)
    seen = []

    async def is_slow(work: Work, tools: Tools) -> Verdict:
        while not seen or seen[-1][1] != "crawl":
            seen.append(await sync_to_async(row)(run))
            await asyncio.sleep(0.01)
        return rejected("does not fit")

    go_on(way_of(run, crawl=is_slow), 3)
    assert seen[-1] == ("working", "crawl", ["dedupe", "prescreen"])


def test_a_failure_is_told_of_the_stage_that_failed(run):
    one = way_of(run, crawl=is_away)
    with pytest.raises(Unavailable):
        go_on(one, 3)
    assert row(run) == ("working", "crawl", ["dedupe", "prescreen"])


def test_a_call_under_way_is_ended_although_another_worker_has_the_candidate(run, monkeypatch):
    monkeypatch.setattr(way, "TOGETHER_SECONDS", 0.0)
    has_ended = []

    async def is_paid(work: Work, tools: Tools) -> Verdict:
        await asyncio.sleep(0.2)
        has_ended.append(True)
        return passed("fits")

    one = way_of(run, crawl=is_paid)
    go_on(one, 2)
    expire_leases()
    claims.sweep()
    assert claims.claim(run.pk, 1)
    with pytest.raises(claims.LeaseLost):
        go_on(one, 1)
    assert has_ended
    assert row(run) == ("working", "dedupe", [])


def test_a_stage_that_is_interrupted_is_cancelled(run):
    is_cancelled = []

    async def hangs(work: Work, tools: Tools) -> Verdict:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            is_cancelled.append(True)
            raise
        return passed("never")

    async def interrupt() -> None:
        task = asyncio.create_task(way_of_crawl.go_on())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    way_of_crawl = way_of(run, crawl=hangs)
    go_on(way_of_crawl, 2)
    async_to_sync(interrupt)()
    assert is_cancelled
