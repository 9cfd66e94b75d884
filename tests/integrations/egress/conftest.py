from collections.abc import AsyncIterator

import pytest

from tests.harness.fake_web import FakeWeb, Listener


@pytest.fixture
async def web() -> AsyncIterator[FakeWeb]:
    async with FakeWeb() as web:
        yield web


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    """A service of the house that no page may reach."""
    async with Listener() as listener:
        yield listener
