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

P = TypeVar("P", bound=type[ProviderInfo])


def register(provider: P) -> P:
    """Make a provider known under its slug; two providers cannot share one."""
    if REGISTRY.setdefault(provider.slug, provider) is not provider:
        raise ValueError(f"two providers are called {provider.slug}")
    return provider
