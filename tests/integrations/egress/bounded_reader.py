"""A process that may use little memory and reads what hostile servers send: `python -m ... PORT SILENT_PORT`.

Prints one JSON object: for each path the name of the error that reading it ended with, and under `grown` by how many
bytes the process's memory grew at most.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

from integrations.egress.errors import EgressError
from integrations.egress.fetch import fetch
from integrations.egress.policy import Policy
from integrations.egress.transport import guarded_client, ssl_context

ROOM = 600_000_000
# Ended by what they send, long before their deadline.
HEAVY = (
    "gzip",
    "deflate",
    "members",
    "empties",
    "length",
    "chunked",
    "headers",
    "header-line",
    "cookies",
    "one-line",
    "loop",
)
HEAVY_SECONDS = 30.0
# Ended by their deadline.
SLOW = ("drip-head", "drip-body", "drip-chunks", "interim", "silent", "late-head-and-drip")
SLOW_SECONDS = 1.0


async def main(port: int, silent_port: int) -> dict[str, object]:
    policy = Policy(routes={".example": ("127.0.0.1", port), "silent.test": ("127.0.0.1", silent_port)})
    ssl_context()
    before = _memory("VmHWM")
    endings: dict[str, object] = {
        path: await _ending(policy, f"http://a.example/{path}", HEAVY_SECONDS) for path in HEAVY
    }
    slow = [f"http://a.example/{path}" for path in SLOW] + ["https://silent.test/"]
    ended = await asyncio.gather(*(_ending(policy, url, SLOW_SECONDS) for url in slow))
    endings |= dict(zip([*SLOW, "tls"], ended, strict=True))
    return endings | {"grown": _memory("VmHWM") - before}


async def _ending(policy: Policy, url: str, seconds: float) -> str:
    """Return how reading `url` ended. Far behind its deadline is an ending too, though none that it may have."""
    try:
        async with asyncio.timeout(seconds + 10), guarded_client(policy) as client:
            await fetch(client, url, policy=policy, deadline=seconds, max_bytes=5_000_000)
    except EgressError as error:
        return type(error).__name__
    except TimeoutError:
        return "overran"
    return "read"


def _memory(line: str) -> int:
    """Return a figure of this process in bytes. Unlike `getrusage` it does not begin with that of the parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{line}:")[1].split()[0]) * 1024


if __name__ == "__main__":
    limit = _memory("VmSize") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))))
