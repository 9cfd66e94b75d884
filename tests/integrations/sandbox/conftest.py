"""One sandbox on a free port, and a client that asks it for any host."""

from collections.abc import Iterator

import httpx
import pytest

from integrations.sandbox.server import SandboxServer


class Visitor:
    """Asks the sandbox as a crawler would, without following redirects."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        return self.client.get(path, headers={"host": host, "accept-encoding": "identity", **headers})

    def post(self, host: str, path: str, data: dict[str, str]) -> httpx.Response:
        return self.client.post(path, headers={"host": host}, data=data)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(port=0) as server:
        yield server


@pytest.fixture
def visitor(sandbox: SandboxServer) -> Iterator[Visitor]:
    with httpx.Client(base_url=sandbox.base_url, trust_env=False) as client:
        yield Visitor(client)
