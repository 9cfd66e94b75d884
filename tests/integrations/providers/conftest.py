import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "local_llm: asks a real llama.cpp server (make local-llm)")
