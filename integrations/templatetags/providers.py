"""What providers are called, on pages of apps that do not know them."""

from typing import Protocol

from django import template

from integrations.capabilities import Prices
from integrations.providers import REGISTRY, name_of

register = template.Library()


class ToldOfProvider(Protocol):
    """What says something, perhaps of a provider: `subject` is its slug."""

    @property
    def subject(self) -> str: ...

    def sentence(self, provider: str = "") -> str: ...


@register.filter
def provider_name(slug: str) -> str:
    """Return the name of a provider; its slug where it is none of ours."""
    return name_of(slug)


@register.filter
def is_paid(slug: str) -> bool:
    """Return whether calls to a provider can cost something; one that we do not know can."""
    provider = REGISTRY.get(slug)
    return provider is None or any(price != Prices() for price in provider.prices.values())


@register.filter
def in_words(one: ToldOfProvider) -> str:
    """Return what it says, with the name of its provider."""
    return one.sentence(name_of(one.subject))
