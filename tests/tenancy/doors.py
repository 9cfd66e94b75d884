"""Every door of the program, found by code: the routes of the resolver and the operations of the API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.api import api
from tests.tenancy.routes import NAMED, OF_API, OF_OPERATION, PLAIN, Meaning

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Where libraries have their own addresses; each is walked by a test of its own.
ADMIN, ACCOUNT, API = "admin/", "accounts/", "api/"

TELL = "Say in tests/tenancy/routes.py what stands in it, so that the walker asks for what belongs to others there."


@dataclass(frozen=True)
class Route:
    """One address of the resolver. `name` is with its namespaces, '' where it has none."""

    name: str
    pattern: str
    parameters: frozenset[str]
    view: Any

    @property
    def known(self) -> Mapping[str, Meaning] | None:
        """What stands in its parameters; None for a route of which nobody said so."""
        if self.name in PLAIN and not self.parameters:
            return {}
        said = NAMED.get(self.name)
        return said if said is not None and said.keys() == self.parameters else None


def routes() -> list[Route]:
    """Return every route, those of libraries too."""
    return list(_walked(get_resolver().url_patterns, "", "", frozenset()))


def _walked(patterns: Any, prefix: str, space: str, above: frozenset[str]) -> Iterator[Route]:
    for one in patterns:
        path, parameters = prefix + str(one.pattern), above | _parameters(one)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _walked(one.url_patterns, path, inner, parameters)
        elif isinstance(one, URLPattern):
            yield Route(f"{space}{one.name}" if one.name else "", path, parameters, one.callback)


def _parameters(one: URLPattern | URLResolver) -> frozenset[str]:
    return frozenset(one.pattern.regex.groupindex)


def ours() -> list[Route]:
    """Return the routes to pages of the program itself."""
    return [one for one in routes() if not one.pattern.startswith((ADMIN, ACCOUNT, API))]


@dataclass(frozen=True)
class Door:
    """A page with words in its address, or an operation of the API; `rows` says what its other parameters name."""

    name: str
    rows: Mapping[str, str]
    words: Mapping[str, str]
    methods: tuple[str, ...] = METHODS
    path: str = ""  # of the API, with places for the parameters

    def __str__(self) -> str:
        return "-".join((self.name, *self.words.values()))

    def at(self, keys: Mapping[str, object]) -> str:
        """Return its address with these keys in it."""
        values = {**self.words, **keys}
        return self.path.format(**values) if self.path else reverse(self.name, kwargs=values)


def opened(name: str, known: Mapping[str, Meaning], **more: Any) -> Iterator[Door]:
    """Yield a route as doors: one for each choice of the words that may stand in its address."""
    rows = {one: meaning for one, meaning in known.items() if isinstance(meaning, str)}
    words = {one: meaning for one, meaning in known.items() if not isinstance(meaning, str)}
    for chosen in product(*words.values()):
        yield Door(name, rows, dict(zip(words, chosen, strict=True)), **more)


def pages() -> list[Door]:
    """Return the doors to pages, but for those of which nobody said what stands in them."""
    return [door for route in ours() if route.known is not None for door in opened(route.name, route.known)]


@cache
def described() -> dict[str, Any]:
    """Return the API's description of itself."""
    return api.get_openapi_schema()


def operations() -> dict[str, dict[str, Any]]:
    """Return the API's operations by their id, as its description has them, each with its `path` and `method`."""
    found = {}
    for path, methods in described()["paths"].items():
        for method, said in methods.items():
            found[said["operationId"]] = {**said, "path": path, "method": method.upper()}
    return found


def in_path(operation: Mapping[str, Any]) -> list[str]:
    return [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]


def api_doors() -> list[Door]:
    """Return the API's operations as doors, but for those of which nobody said what stands in them."""
    found = []
    for name, said in operations().items():
        known = OF_API | OF_OPERATION.get(name, {})
        if all(one in known for one in in_path(said)):
            meanings = {one: known[one] for one in in_path(said)}
            found += opened(name, meanings, methods=(said["method"],), path=said["path"])
    return found
