"""Who may be the person under another spelling of their name: with a middle initial, or without it.

Nobody knows, so they are shown beside what was found, and erased only where somebody says that they are meant.
"""

from collections.abc import Iterable

from django.db.models import Model

from hunts.privacy.finding import Item, found_in, told_by
from hunts.privacy.reach import Reach
from hunts.privacy.registry import LOOKED_AT
from hunts.privacy.widening import widened
from integrations.lexicon import persons
from leads.models import Contact
from leads.wanted import Wanted

# More spellings than this are shown as places of nobody: it is a name of many.
MOST = 20


def people_like(whole: Wanted, reach: Reach) -> list[Wanted]:
    """Return those among the contacts who may be the person, each with all that their own rows tell of them."""
    found: dict[str, Wanted] = {}
    for batch in reach.batches("leads.Contact") if whole.names else ():
        for row in batch:
            assert isinstance(row, Contact)
            for name in _names_in(row, [row.name], whole, reach):
                found.setdefault(_key(name), widened(_named(name, whole), reach))
    return list(found.values())[:MOST]


def all_like(whole: Wanted, reach: Reach) -> list[Wanted]:
    """Return everybody who may be the person, wherever they are named."""
    known = people_like(whole, reach)
    for label in LOOKED_AT if whole.names else ():
        for batch in reach.batches(label):
            for row in batch:
                _get_to_know(row, whole, known, reach)
    return known


def found_perhaps(rows: Iterable[Model], whole: Wanted, known: list[Wanted], reach: Reach) -> list[tuple[str, Item]]:
    """Return what rows tell of somebody who may be the person, with their name; who was not in `known` is added."""
    return [found for row in rows for found in _found_in_row(row, whole, known, reach)]


def _found_in_row(row: Model, whole: Wanted, known: list[Wanted], reach: Reach) -> list[tuple[str, Item]]:
    if whole.names:
        _get_to_know(row, whole, known, reach)
    return [(one.names[0], item) for one in known for item in found_in([row], one, reach)][:1]


def _get_to_know(row: Model, whole: Wanted, known: list[Wanted], reach: Reach) -> None:
    for name in _names_in(row, told_by(row), whole, reach):
        if len(known) < MOST and _key(name) not in {_key(other) for one in known for other in one.names}:
            known.append(_named(name, whole))


def _names_in(row: Model, texts: Iterable[str], whole: Wanted, reach: Reach) -> list[str]:
    """Return the names in a row that may be the person's, at a company where their name counts."""
    counts = any(watch.name_sizes for watch in map(whole.at, reach.company_of(row)))
    return [name for text in texts for name in persons.perhaps_in(text, whole.names)] if counts else []


def _named(name: str, whole: Wanted) -> Wanted:
    return Wanted(names=(name,), domains=whole.domains)


def _key(name: str) -> str:
    return min(persons.name_forms(name), default=name)


def chosen(whole: Wanted, perhaps: Iterable[Wanted], names: Iterable[str]) -> Wanted:
    """Return the person together with those that somebody says are the same, by the names that they were shown by."""
    meant = set(names)
    for one in perhaps:
        if one.names[0] in meant:
            whole = whole.joined(one)
    return whole
