"""How long an answer takes whose request shares connections to PostgreSQL, beside one that connects anew.

Two servers of one database, asked in turn by one signed-in person; the time is what passes until the answer is there.
Made on the server that BENCH_POSTGRES_URL names, in a database that is dropped again.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack

from bench.pages import ENVIRON, database
from bench.serving import free_port, ours, running

ROUNDS, PATH = 200, "/api/hunts"
SHARED, ANEW = "20", "0"  # connections that a server keeps


def main() -> int:
    with database("postgresql") as url:
        environ = os.environ | ENVIRON | {"DATABASE_URL": url, "ALLOWED_HOSTS": "127.0.0.1"}
        command = [sys.executable, "-m", "bench.connections", "ask"]
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    took = json.loads(done.stdout.splitlines()[-1])
    for name, size in (("shared", SHARED), ("one each", ANEW)):
        print(f"{name}: {min(took[size]):.1f} ms at best, {statistics.median(took[size]):.1f} usually")
    shared, anew = (statistics.median(took[size]) for size in (SHARED, ANEW))
    line = {
        "name": f"GET {PATH} with shared connections to PostgreSQL",
        "ours": round(shared, 1),
        "peer": round(anew, 1),
        "peer_name": "one for each request",
        "unit": "ms",
        "ratio": round(shared / anew, 2),
        "target": "< 1 x",
        "met": shared < anew,
    }
    print(json.dumps(line))
    return 0


def ask() -> int:
    """Print the milliseconds of each answer, by how many connections its server keeps."""
    import django

    django.setup()
    import httpx
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from accounts.models import User, Workspace

    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("asker@people.example")
    Workspace.start("Bench", owner=owner)
    client = Client()
    client.force_login(owner)
    cookie = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
    took: dict[str, list[float]] = {SHARED: [], ANEW: []}
    with ExitStack() as stack:
        askers = {}
        for size in took:
            port = free_port()
            stack.enter_context(running(ours(port), port, os.environ | {"DB_POOL_SIZE": size}))
            asker = httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies=cookie, timeout=60)
            askers[size] = stack.enter_context(asker)
        for number in range(ROUNDS + 10):
            for size, asker in askers.items():
                began = time.perf_counter()
                asker.get(PATH).raise_for_status()
                if number >= 10:  # the first ones load code and templates
                    took[size].append((time.perf_counter() - began) * 1_000)
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(ask() if sys.argv[1:] == ["ask"] else main())
