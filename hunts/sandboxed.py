"""Starts the sandbox for a command that needs it, unless it is running already."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from integrations.sandbox.server import SandboxServer

DEFAULT_URL = "http://127.0.0.1:8765"


@contextmanager
def sandbox_running() -> Iterator[None]:
    """Have the sandbox answer at its configured address for the length of a block."""
    settings.PROVIDERS["sandbox"]["base_url"] = settings.PROVIDERS["sandbox"]["base_url"] or DEFAULT_URL
    address = urlsplit(settings.PROVIDERS["sandbox"]["base_url"])
    host, port = address.hostname or "127.0.0.1", address.port or 80
    if _is_answered(host, port):
        yield
        return
    server = SandboxServer(host, port)
    try:
        server.start()
    except OSError as error:
        message = _("%(error)s Set SANDBOX_BASE_URL to a free port.") % {"error": error.strerror}
        raise CommandError(message, returncode=1) from None
    try:
        yield
    finally:
        server.stop()


def _is_answered(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
