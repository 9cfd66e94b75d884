"""The live page of a run before 1,000 viewers: processor time of the server that tells them all of every change.

A run's rows change twice a second; each viewer is a connection of its own that reads what it is sent, from another
process, and has a session and a workspace as people have. Counted is the server's processor time, in shares of one
core, once all are connected. The peer is a bare asyncio server that sends the same bytes as often to as many.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

FOLDER = tempfile.TemporaryDirectory(prefix="bench")
VIEWERS, ROWS, SECONDS, SHARE = 1_000, 60, 20, 0.25
os.environ |= {
    "DATABASE_URL": f"sqlite:///{FOLDER.name}/bench.sqlite3",
    "REDIS_URL": "",
    "DEBUG": "true",
    "SECRET_KEY": "bench" * 12,
    "SECURE_SSL_REDIRECT": "false",
    "LOG_LEVEL": "ERROR",
}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
SENT = "sent "  # how the viewers' process tells what came

import django  # noqa: E402 - the database has to be named before Django reads its settings

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User, Workspace  # noqa: E402
from bench.serving import free_port, ours, running  # noqa: E402
from hunts.models import Candidate  # noqa: E402
from tests.factories import CandidateFactory, HuntFactory, RunFactory  # noqa: E402


def main() -> int:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    call_command("migrate", verbosity=0)
    run_id, cookie = watched_run()
    port = free_port()
    request = f"GET /hunts/runs/{run_id}/stream HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
    with running(ours(port), port) as pid:
        share, told, size = measured(pid, port, request, run_id)
    with running([sys.executable, "-m", "bench.viewers", "plain", str(port), str(size), "1.0"], port) as pid:
        least, plainly_told, _size = measured(pid, port, request, None)
    print(f"{VIEWERS:,} viewers, {size / 1024:.0f} KiB a change: each told {told:.1f} times in {SECONDS} s;")
    print(f"by the bare server {plainly_told:.1f} times")
    line = {
        "name": f"live page, {VIEWERS:,} viewers",
        "ours": round(share, 3),
        "peer": round(least, 3),
        "peer_name": "bare asyncio server",
        "unit": "of a core",
        "ratio": round(share / least, 2),
        "target": f"< {SHARE} of a core",
        "met": share < SHARE and told >= SECONDS * 0.8,
    }
    print(json.dumps(line))
    return 0


def watched_run() -> tuple[int, str]:
    """Return a run in the middle of its work and the cookie of somebody who may look at it."""
    owner = User.objects.create_user("viewer@people.example")
    run = RunFactory(hunt=HuntFactory(workspace=Workspace.start("Bench", owner=owner)))
    CandidateFactory.create_batch(ROWS, run=run)
    client = Client()
    client.force_login(owner)
    name = settings.SESSION_COOKIE_NAME
    return run.pk, f"{name}={client.cookies[name].value}"


def measured(pid: int, port: int, request: str, run_id: int | None) -> tuple[float, float, int]:
    """Return the server's share of a core, how often a viewer was told, and the bytes of one telling."""
    command = [sys.executable, "-m", "bench.viewers", "watch", str(port), request]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    assert watching.stdout.readline().startswith("all"), "the viewers were not let in"
    changes = changing(run_id) if run_id else None
    pause(changes, 3)  # what everybody is told at first is told
    used, began = cpu_seconds(pid), time.monotonic()
    pause(changes, SECONDS)
    share = (cpu_seconds(pid) - used) / (time.monotonic() - began)
    watching.terminate()
    last = [line for line in watching.stdout if line.startswith(SENT)][-(SECONDS + 1) :]
    first, then = ([int(value) for value in line.removeprefix(SENT).split()] for line in (last[0], last[-1]))
    told = (then[0] - first[0]) / VIEWERS
    return share, told, round((then[1] - first[1]) / max(then[0] - first[0], 1))


def changing(run_id: int) -> Iterator[None]:
    """Change a row of the run each time this is asked for the next."""
    rows = list(Candidate.objects.filter(run_id=run_id).values_list("pk", flat=True))
    while True:
        for pk in rows:
            Candidate.objects.filter(pk=pk).update(changed_at=timezone.now(), reason="read 5 pages")
            yield


def pause(changes: Iterator[None] | None, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if changes is not None:
            next(changes)
        time.sleep(0.5)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used, user and system. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def watch(port: int, request: str) -> None:
    """Open the viewers' connections, then say every second how many changes and bytes came."""
    told = size = 0

    async def view() -> None:
        nonlocal told, size
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(request.encode())
        begun = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in begun.split(b"\r\n")[0], begun
        connected.release()
        while piece := await reader.read(2**18):
            told += piece.count(b"event: progress")
            size += len(piece)

    connected = asyncio.Semaphore(0)
    views = [asyncio.create_task(view()) for _viewer in range(VIEWERS)]
    for _viewer in views:
        await asyncio.wait_for(connected.acquire(), 60)
    print("all are here", flush=True)
    while True:
        print(f"{SENT}{told} {size}", flush=True)
        await asyncio.sleep(1)


async def plain(port: int, size: int, every: float) -> None:
    """Send `size` bytes to every connection, `every` so many seconds."""
    writers: set[asyncio.StreamWriter] = set()
    fragment = b"event: progress\n" + b"x" * (size - 16)
    chunk = f"{len(fragment):x}\r\n".encode() + fragment + b"\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(4_096):
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            writers.add(writer)

    async with await asyncio.start_server(answer, "127.0.0.1", port, backlog=2_048):
        while True:
            await asyncio.sleep(every)
            for writer in writers:
                writer.write(chunk)


if __name__ == "__main__":
    tasks: dict[str, Any] = {
        "watch": lambda port, request: watch(int(port), request),
        "plain": lambda port, size, every: plain(int(port), int(size), float(every)),
    }
    if len(sys.argv) > 1:
        asyncio.run(tasks[sys.argv[1]](*sys.argv[2:]))
        sys.exit(0)
    sys.exit(main())
