"""Asking for what belongs to others, and telling its answer apart from that for what does not exist."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from tests.tenancy.callers import Answer, Caller
from tests.tenancy.doors import Door
from tests.tenancy.planting import Tenant
from tests.tenancy.world import World

# Above all keys of the world, as B's are above A's, so that what is "before" it is the same; and nobody's.
UNKNOWN = 799_999_999_999
HTMX = {"HX-Request": "true"}

Keys = Mapping[str, int]


def own_keys(door: Door, tenant: Tenant) -> dict[str, int]:
    """Return a tenant's own rows for an address."""
    return {one: tenant[row].pk for one, row in door.rows.items()}


def foreign_keys(door: Door, world: World) -> Iterator[tuple[Keys, Keys]]:
    """Yield the keys of an address in which at least one row is B's, and the same with unknown ones in their place.

    The first are all B's.
    """
    for mine in product((False, True), repeat=len(door.rows)):
        if all(mine):
            continue
        chosen = dict(zip(door.rows, mine, strict=True))
        keys = {one: (world.a if is_mine else world.b)[door.rows[one]].pk for one, is_mine in chosen.items()}
        yield keys, {one: keys[one] if is_mine else UNKNOWN for one, is_mine in chosen.items()}


def compared(asked: str, foreign: Answer, unknown: Answer, keys: Iterable[object], world: World) -> Iterator[str]:
    """Yield in what two answers differ beside the keys that were asked for, and whether the first tells of B."""
    foreign = foreign.without(keys).without_new_keys(world.keys)
    unknown = unknown.without([UNKNOWN, *keys]).without_new_keys(world.keys)
    if world.b.word in foreign.everything:
        yield f"{asked}: tells of the other workspace"
    for part in ("status", "headers", "cookies", "body"):
        if (one := getattr(foreign, part)) != (other := getattr(unknown, part)):
            yield f"{asked}: {part} is {_around(one, other)}, and for what does not exist {_around(other, one)}"


def _around(one: Any, other: Any) -> str:
    """Return one of two values, from shortly before the place where they begin to differ."""
    first, second = str(one), str(other)
    place = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(second))
    return first[max(place - 60, 0) : place + 200]


def told_apart(
    caller: Caller, door: Door, world: World, asked_for: Iterable[tuple[Keys, Keys]], **more: Any
) -> Iterator[str]:
    """Yield where what is B's is answered otherwise than what does not exist, or something of B's is told."""
    for keys, unknown in asked_for:
        for method in door.methods:
            for headers in ({}, HTMX) if method in ("GET", "POST") and not door.path else ({},):
                foreign = caller.ask(method, door.at(keys), **headers, **more)
                nothing = caller.ask(method, door.at(unknown), **headers, **more)
                asked = f"{caller}: {method} {door.at(keys)} {headers or ''}"
                yield from compared(asked, foreign, nothing, keys.values(), world)
