"""Runs a crawler as a process of its own and measures it from outside: time, CPU and memory of its whole tree.

For Linux: what processes use is read from /proc. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
"""

import ctypes
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_TICKS = os.sysconf("SC_CLK_TCK")
_LONGEST_SECONDS = 900.0  # a crawler that hangs is ended, and has failed
_SAMPLE_SECONDS = 0.5
_SET_CHILD_SUBREAPER = 36  # prctl(2)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a crawler took between saying `start` and saying `end`; with `error`, why its numbers mean nothing.

    `foreign_share` is how much of all cores meanwhile went to what is no part of the benchmark. `memory` is
    (seconds, MB) of all its processes together, each page of memory counted once. `pages` is what it wrote: one
    object a page with `site`, `path`, `text` and `at` (seconds after `start`).
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    foreign_share: float = 0.0
    memory: tuple[tuple[float, float], ...] = ()
    pages: tuple[dict[str, Any], ...] = ()
    error: str = ""

    @property
    def peak_mb(self) -> float:
        """The most memory that was seen in use."""
        return max((used for _, used in self.memory), default=0.0)


def run(command: Sequence[str], given: Mapping[str, Any], out: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Run `command` with `given` as JSON on its input and `out` as last argument, until it ends.

    It prints `start` when it begins to crawl and `end` when it is done, so that imports and the start of a browser
    are not counted, and writes its pages to `out`, one JSON object a line.
    """
    # Processes that lose their parent become ours instead of init's, so that none of the tree is missed.
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    others = set(_descendants(os.getpid()))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, str(out)], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **(env or {})}
    ) as child:
        end_it = threading.Timer(_LONGEST_SECONDS, _end, (others,))
        end_it.start()
        try:
            return _measured(child, given, out, others)
        finally:
            end_it.cancel()
            child.wait()
            _end(others)


def _measured(child: subprocess.Popen[str], given: Mapping[str, Any], out: Path, others: set[int]) -> Measured:
    assert child.stdin and child.stdout and child.stderr
    complaints: list[str] = []
    listener = threading.Thread(target=complaints.extend, args=(child.stderr,), daemon=True)
    listener.start()
    child.stdin.write(json.dumps(given))
    child.stdin.close()
    has_started = _wait_for(child.stdout, "start")
    watch = _Memory(others)
    used, foreign, started = cpu_seconds(others), _foreign_cpu_seconds(), time.monotonic()
    watch.start()
    has_ended = _wait_for(child.stdout, "end")
    seconds = time.monotonic() - started
    used, foreign = cpu_seconds(others) - used, _foreign_cpu_seconds() - foreign
    memory = watch.stop()
    child.stdout.read()
    if child.wait() or not (has_started and has_ended):
        listener.join()
        why = "".join(complaints).strip()[-500:]
        return Measured(error=why or f"It ended with code {child.returncode} before it was done.")
    pages = tuple(json.loads(line) for line in out.read_text().splitlines())
    return Measured(seconds, used, foreign / seconds / (os.cpu_count() or 1), memory, pages)


def _wait_for(lines: IO[str], word: str) -> bool:
    return any(line.strip() == word for line in lines)


def cpu_seconds(others: set[int]) -> float:
    """Return user and system time of all our descendants but `others`.

    Exact to a tick for each process, however short its life: the time of one that ended and was waited for is part of
    its parent's, and its parent, or we in its place, are in the sum.
    """
    return sum(_own_cpu_seconds(pid) for pid in _descendants(os.getpid()) if pid not in others)


def _foreign_cpu_seconds() -> float:
    """Return what the machine has used beside ourselves and all that we started.

    https://man7.org/linux/man-pages/man5/proc_stat.5.html
    """
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    own = cpu_seconds(others=set()) + sum(os.times()[:2])
    return (user + nice + system + sum(interrupts)) / _TICKS - own


class _Memory(threading.Thread):
    """Samples how much memory all our descendants but `others` use together."""

    def __init__(self, others: set[int]) -> None:
        super().__init__(daemon=True)
        self._others = others
        self._samples: list[tuple[float, float]] = []
        self._since = time.monotonic()
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            self._sample()

    def stop(self) -> tuple[tuple[float, float], ...]:
        """Return the samples as (seconds, MB)."""
        self._stopped.set()
        self.join()
        self._sample()
        return tuple(self._samples)

    def _sample(self) -> None:
        used = sum(_pss_mb(pid) for pid in _descendants(os.getpid()) if pid not in self._others)
        self._samples.append((time.monotonic() - self._since, used))


def _end(others: set[int]) -> None:
    """End what is left of our descendants but `others`, so that it does not use what the next one is measured by."""
    for pid in _descendants(os.getpid()):
        if pid not in others:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue  # it ended meanwhile, or is waited for by its own parent


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(int(entry))) is not None:
            children.setdefault(int(stat[1]), []).append(int(entry))
    waiting = children.get(root, [])
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the third (the state) on, None for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _own_cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, with those of its children that ended and were waited for."""
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) / _TICKS if stat else 0.0


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
