import pytest

from accounts.models import Workspace
from hunts import pipeline
from hunts.brief import read_brief
from hunts.models import Hunt, Run, Source

BRIEF = "Contract manufacturers of precision machined parts in Germany or Austria, ISO 9001 certified, no distributors"


@pytest.fixture
def start_run():
    """Start a run over the sandbox; nobody works on it yet."""

    def start(brief: str = BRIEF, *, limit: int = 12, cap: int = 0, workspace: Workspace | None = None) -> Run:
        hunt = Hunt.objects.create(
            workspace=workspace or Workspace.start("Acme"),
            name=brief[:200],
            icp_json=read_brief(brief).to_json(),
            source=Source.SANDBOX,
            limit=limit,
            max_spend_microusd=cap,
        )
        return pipeline.start(hunt)

    return start
