"""Which providers there are. A provider registers itself with one decorator; nothing else lists them."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, TypeVar

from integrations.capabilities import Prices


class ProviderInfo(Protocol):
    """What every provider's class tells of itself.

    `prices` maps an operation to its price; a paid operation that is missing there cannot be called.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    needs_key: ClassVar[bool]
    prices: ClassVar[Mapping[str, Prices]]


REGISTRY: dict[str, type[ProviderInfo]] = {}


def name_of(slug: str) -> str:
    """Return what a provider is called; its slug where there is no such provider."""
    provider = REGISTRY.get(slug)
    return provider.name if provider else slug


P = TypeVar("P", bound=type[ProviderInfo])


def register(provider: P) -> P:
    """Make a provider known under its slug; two providers cannot share one."""
    if REGISTRY.setdefault(provider.slug, provider) is not provider:
        raise ValueError(f"two providers are called {provider.slug}")
    return provider
