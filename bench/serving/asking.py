"""Asks a server that shares connections and one that does not in turn; prints the milliseconds of each as JSON."""

import json
import os
import time
from contextlib import ExitStack

import django

django.setup()

import httpx  # noqa: E402 - the models need what stands above
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User, Workspace  # noqa: E402
from bench.serving import ANEW, PATH, SHARED, free_port, ours, running  # noqa: E402

UNMEASURED, ROUNDS = 10, 200  # the first ones load code and templates


def main() -> None:
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
        for number in range(UNMEASURED + ROUNDS):
            for size, asker in askers.items():
                began = time.perf_counter()
                asker.get(PATH).raise_for_status()
                if number >= UNMEASURED:
                    took[size].append((time.perf_counter() - began) * 1_000)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
