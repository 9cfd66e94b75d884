import pytest

from accounts.models import Workspace
from billing.models import Budget


@pytest.fixture
def team(db) -> Workspace:
    """A workspace that spends."""
    return Workspace.start("Acme")


@pytest.fixture
def activity(team):
    """Make what one run may spend."""

    def make(cap: int = 10_000_000, workspace: Workspace | None = None) -> Budget:
        return Budget.objects.create(workspace=workspace or team, cap_microusd=cap)

    return make
