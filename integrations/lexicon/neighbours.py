"""Which countries lie beside which."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data") / "neighbours.toml"


@cache
def _borders() -> dict[str, frozenset[str]]:
    known: defaultdict[str, set[str]] = defaultdict(set)
    for country, others in tomllib.loads(DATA.read_text(encoding="utf-8"))["borders"].items():
        for other in others.split():
            known[country].add(other)
            known[other].add(country)
    return {country: frozenset(others) for country, others in known.items()}


def neighbours_of(countries: Iterable[str]) -> tuple[str, ...]:
    """Return the countries that border on any of `countries` and are none of them: ISO codes in order."""
    asked = frozenset(countries)
    beside = (other for country in asked for other in _borders().get(country, ()))
    return tuple(sorted(set(beside) - asked))
