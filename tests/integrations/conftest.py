"""Language models as the chain meets them: stand-in vendors on loopback, and nothing left over in a shared Redis."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis
from cryptography.fernet import Fernet

from tests.harness.language_model import Answer, LanguageModelServer

MODELS = {"kimi": "kimi-k2.6", "moonshot": "moonshot-v1-128k", "openai": "gpt-4.1-mini", "local_server": "local"}


@pytest.fixture
def own_shared_keys(settings) -> Iterator[None]:
    """Keep what this test's workers share apart from all others', and leave nothing of it."""
    settings.REDIS_PREFIX = f"magnet-test-{uuid.uuid4().hex}"
    yield
    if settings.REDIS_URL:
        with redis.from_url(settings.REDIS_URL) as client:
            for key in client.scan_iter(f"{settings.REDIS_PREFIX}:*"):
                client.delete(key)


@pytest.fixture
def vendors(settings, own_shared_keys):
    """Start vendors, and only them: `kimi, openai = vendors(kimi=answer, openai=answer)`, with the installation's keys.

    The keys are `sk-<slug>-of-the-house`; the order is that of the arguments.
    """
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    with ExitStack() as stack:

        def start(*, tokens: tuple[int, int] = (1_000, 100), **answers: Answer) -> list[LanguageModelServer]:
            providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
            for slug, model in MODELS.items():
                providers[slug] |= {"api_key": "", "base_url": "", "model": model}
            servers = []
            for slug, answer in answers.items():
                server = stack.enter_context(LanguageModelServer(answer, tokens=tokens))
                providers[slug] |= {"api_key": f"sk-{slug}-of-the-house", "base_url": server.base_url}
                servers.append(server)
            settings.PROVIDERS = providers
            settings.LANGUAGE_MODEL_ORDER = [*answers, "local"]
            return servers

        yield start


@pytest.fixture
def impatient(monkeypatch):
    """Let a call that is tried again be tried at once."""
    monkeypatch.setattr("integrations.turns.FIRST_RETRY_SECONDS", 0.001)
