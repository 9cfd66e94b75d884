"""Servers that benchmarks start, ask and stop."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PATH = "/api/hunts"
SHARED, ANEW = "20", "0"  # connections to PostgreSQL that a server keeps


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def ours(port: int) -> list[str]:
    """Return the command of the server that a user starts."""
    return [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--no-access-log"]


@contextmanager
def running(command: list[str], port: int, environ: Mapping[str, str] | None = None) -> Iterator[int]:
    """Start a server and wait until it answers; its process id."""
    process = subprocess.Popen(command, env=environ)
    try:
        ends_at = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > ends_at:
                    raise SystemExit(f"{command} does not answer") from None
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()
