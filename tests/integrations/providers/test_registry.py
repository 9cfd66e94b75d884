"""What every provider keeps to, whoever wrote it: this walks the registry."""

import importlib
import inspect
import pkgutil
import re

import pytest

from integrations import providers
from integrations.capabilities import Prices
from integrations.providers.registry import REGISTRY, register

CAPABILITIES = {"search", "read_site", "complete", "judge", "find_contacts", "tell"}
NAMES = sorted(REGISTRY)


def test_the_providers_that_the_product_needs_are_there():
    assert {"exa", "openai", "kimi", "directory", "local"} <= REGISTRY.keys()


@pytest.mark.parametrize("slug", NAMES)
def test_a_provider_says_who_it_is(slug):
    provider = REGISTRY[slug]
    assert provider.slug == slug
    assert re.fullmatch(r"[a-z][a-z0-9_]*", slug)  # it is a part of <SLUG>_API_KEY
    assert provider.name.strip()
    assert isinstance(provider.needs_key, bool)
    assert (inspect.getdoc(inspect.getmodule(provider)) or "").strip()


@pytest.mark.parametrize("slug", NAMES)
def test_a_provider_has_prices_in_whole_micro_dollars_or_none(slug):
    provider = REGISTRY[slug]
    assert provider.prices
    for price in provider.prices.values():
        assert isinstance(price, Prices)
        assert price.per_call is None or (isinstance(price.per_call, int) and price.per_call >= 0)
        assert all(rate is None or rate >= 0 for rate in (price.per_input_token, price.per_output_token))
    is_free = all((p.per_call, p.per_input_token, p.per_output_token) == (0, 0, 0) for p in provider.prices.values())
    assert is_free is not provider.needs_key


@pytest.mark.parametrize("slug", NAMES)
def test_a_provider_has_a_capability_and_it_is_async(slug):
    provider = REGISTRY[slug]
    found = [getattr(provider, name) for name in CAPABILITIES if hasattr(provider, name)]
    assert found and all(inspect.iscoroutinefunction(method) for method in found)


@pytest.mark.parametrize("slug", [slug for slug in NAMES if REGISTRY[slug].needs_key])
def test_a_paid_provider_takes_a_key_and_an_address_and_knows_its_worst_case(slug):
    provider = REGISTRY[slug]
    parameters = inspect.signature(provider).parameters
    assert {"api_key", "base_url", "http_client"} <= parameters.keys()
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in ("api_key", "base_url"))
    assert callable(getattr(provider, "worst_case_microusd", None))


@pytest.mark.parametrize("slug", [slug for slug in NAMES if REGISTRY[slug].needs_key])
def test_the_page_with_the_prices_stands_beside_them(slug):
    source = inspect.getsource(inspect.getmodule(REGISTRY[slug]))
    assert re.search(r"https://\S*pric", source)


def test_two_providers_cannot_share_a_slug():
    class Another:
        slug = "exa"
        name = "Another"
        needs_key = False
        prices = {}

    with pytest.raises(ValueError, match="exa"):
        register(Another)
    assert REGISTRY["exa"] is not Another


@pytest.mark.parametrize("module", sorted(found.name for found in pkgutil.iter_modules(providers.__path__)))
def test_providers_are_plain_python(module):
    source = inspect.getsource(importlib.import_module(f"integrations.providers.{module}"))
    assert not re.search(r"^\s*(from|import) django", source, re.MULTILINE)
