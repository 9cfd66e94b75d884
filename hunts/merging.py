"""What was changed in a profile at two places at once comes together in one."""

from dataclasses import fields, replace
from typing import Any

from hunts.icp import Icp
from integrations.capabilities import Criterion


def merged(base: Icp, mine: Icp, theirs: Icp) -> Icp:
    """Return `theirs` with what was changed from `base` to `mine`; where both changed one thing, mine stands."""
    changed: dict[str, Any] = {}
    for field in fields(Icp):
        before, now, meanwhile = (getattr(icp, field.name) for icp in (base, mine, theirs))
        if field.name == "criteria":
            changed[field.name] = _criteria(before, now, meanwhile)
        elif isinstance(now, tuple):
            gone = set(before) - set(now)
            kept = [value for value in meanwhile if value not in gone]
            changed[field.name] = tuple(dict.fromkeys([*kept, *(value for value in now if value not in before)]))
        elif now != before:
            changed[field.name] = now
    return replace(theirs, **changed)


def _criteria(
    before: tuple[Criterion, ...], now: tuple[Criterion, ...], meanwhile: tuple[Criterion, ...]
) -> tuple[Criterion, ...]:
    was, mine = {one.key: one for one in before}, {one.key: one for one in now}
    gone = was.keys() - mine.keys()
    result = {one.key: one for one in meanwhile if one.key not in gone}
    for key, criterion in mine.items():
        if was.get(key) != criterion:
            result[key] = criterion
    return tuple(result.values())
