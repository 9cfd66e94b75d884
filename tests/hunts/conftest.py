import pytest
from django.test import override_settings

from accounts.models import Workspace
from hunts import pipeline
from hunts.brief import read_brief
from hunts.models import Hunt, Run, Source
from tests.harness.emptying import empty
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.nursery import Nursery

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


@pytest.fixture
def nursery(nursery, sandbox, start_run, settings) -> Nursery:
    """Processes that have loaded what a run needs: each would spend seconds of its own on that."""
    if not nursery.is_warm:
        with LanguageModelServer(gullible) as server:
            providers = settings.PROVIDERS | {"openai": asked_at(server)}
            with override_settings(PROVIDERS=providers):
                nursery.warm_up("tests.hunts.crash_jobs.work", start_run(limit=2, cap=5_000_000).pk)
        empty()
    return nursery


def asked_at(server: LanguageModelServer) -> dict[str, str]:
    """Return what the settings say of OpenAI where a stand-in answers for it."""
    return {"api_key": "sk-test-1", "base_url": server.base_url, "model": "gpt-4.1-mini"}


@pytest.fixture
def keys(settings):
    """Keys of Exa and OpenAI that nothing is asked with: there is nobody at these addresses."""
    providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
    providers["exa"] |= {"api_key": "exa-key", "base_url": "http://127.0.0.1:9"}
    providers["openai"] |= {"api_key": "openai-key", "base_url": "http://127.0.0.1:9/v1", "model": "gpt-4.1-mini"}
    settings.PROVIDERS = providers
    return providers
