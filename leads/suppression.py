"""Whom nobody may keep: asked wherever something about people is written, and holding nothing but keyed hashes.

A hash is an HMAC-SHA256 under a key of SUPPRESSION_KEYS, or under SECRET_KEY where there are none: the first makes, all
of them find, and SECRET_KEY and its SECRET_KEY_FALLBACKS always do. Nothing can be hashed anew under another key,
because what was hashed is gone: a key may only be left out when whoever was entered under it may be forgotten.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hmac import HMAC
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from integrations.capabilities import FoundCompany
from integrations.lexicon import persons
from integrations.lexicon.persons import Kind, Watch
from leads.person_models import Suppression, SuppressionQuerySet
from leads.wanted import ANYWHERE, Wanted


def digests(*parts: str) -> tuple[str, ...]:
    """Return the hashes of a thing, the one to store first, then those that it may stand under."""
    return tuple(_digest(key, "\n".join(parts)) for key in _keys())


def _keys() -> Sequence[str]:
    return list(dict.fromkeys([*settings.SUPPRESSION_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))


def fingerprints() -> tuple[str, ...]:
    """Return by what the keys are told apart that are there, that of the key which makes first."""
    return tuple(_digest(key, "fingerprint of the key")[:12] for key in _keys())


def _digest(key: str, text: str) -> str:
    hashed = _keyed(key).copy()
    hashed.update(text.encode())
    return hashed.hexdigest()


@lru_cache(maxsize=32)
def _keyed(key: str) -> HMAC:
    """Return the hash of nothing yet: deriving a key takes longer than a name does, and a page has thousands."""
    return salted_hmac("leads.suppression", "", secret=key, algorithm="sha256")


def _parts(kind: Kind, key: str, domain: str) -> tuple[str, ...]:
    return (kind, key, domain) if kind == "name" else (kind, key)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────


def suppress(workspace_id: int | None, wanted: Wanted, *, by: User | None = None) -> uuid.UUID:
    """Put a person on the list of a workspace, or of the installation; done again, it adds nothing. Return who."""
    known = rows_of(workspace_id, wanted).values_list("person", flat=True).first()
    person = known or uuid.uuid4()
    rows = [
        Suppression(
            workspace_id=workspace_id,
            person=person,
            kind=kind,
            digest=digests(*_parts(kind, key, domain))[0],
            bucket=digests("company", domain)[0] if domain else "",
            made_by=fingerprints()[0],
            words=len(key.split()) if kind == "name" else 0,
            added_by=by,
        )
        for kind, key, domain in wanted.hashed()
    ]
    with transaction.atomic():
        Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    return person


def rows_of(workspace_id: int | None, wanted: Wanted) -> SuppressionQuerySet:
    """Return the rows of one list that hold anything of a person."""
    mine = {one for kind, key, domain in wanted.hashed() for one in digests(*_parts(kind, key, domain))}
    return Suppression.objects.on_the_list_of(workspace_id).filter(digest__in=mine)


def lift(workspace_id: int | None, wanted: Wanted) -> int:
    """Take a person off the list, with everything that was entered of them; return how many people that were."""
    people = set(rows_of(workspace_id, wanted).values_list("person", flat=True))
    Suppression.objects.on_the_list_of(workspace_id).filter(person__in=people).delete()
    return len(people)


def length(workspace_id: int | None) -> int:
    """Return how many people stand on a list."""
    return Suppression.objects.on_the_list_of(workspace_id).values("person").distinct().count()


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class HashedWatch:
    """Looks for people of whom only hashes are known, in words about the company of `domain`."""

    known: frozenset[str]
    name_sizes: frozenset[int]
    domain: str

    def has(self, kind: Kind, key: str) -> bool:
        domains = (ANYWHERE, self.domain) if kind == "name" else ("",)
        return any(not self.known.isdisjoint(digests(*_parts(kind, key, domain))) for domain in domains)


# A list that is no longer than this is loaded as it is; of a longer one, what the words at hand hold is asked for.
MOST_LOADED = 1_000
ASKED_AT_ONCE = 2_000


def watch(workspace_id: int | None, domain: str, told: Any) -> HashedWatch | None:
    """Return what to look for in what a workspace is about to keep of a company: all of it stands in `told`.

    None where nobody is looked for. One query where the list is short. `workspace_id` is None for what all share.
    """
    return watches(workspace_id, {domain: told})(domain)


def watches(workspace_id: int | None, told: Mapping[str, Any]) -> Callable[[str], HashedWatch | None]:
    """Return what gives the watch for each company, from what is told of them by domain; as many queries as for one."""
    rows = Suppression.objects.holding_for(workspace_id)
    companies = {one for domain in told if (key := persons.domain_key(domain)) for one in digests("company", key)}
    counting = rows.filter(bucket__in={"", *digests("company", ANYWHERE), *companies})
    found = list(counting.values_list("digest", "words")[: MOST_LOADED + 1])
    if len(found) > MOST_LOADED:
        found = [*rows.filter(bucket__in=companies).values_list("digest", "words"), *_asked(rows, told)]
    known, sizes = frozenset(one for one, _words in found), frozenset(n for _one, n in found if n)
    return lambda domain: HashedWatch(known, sizes, persons.domain_key(domain)) if known else None


def _asked(rows: SuppressionQuerySet, told: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield those rows of a list that these texts hold: addresses, and names that count at any company."""
    anywhere = rows.filter(bucket__in=digests("company", ANYWHERE)).order_by()
    sizes = list(anywhere.values_list("words", flat=True).distinct())
    asked = {one for text in persons.strings_of(told) for one in _hashes(text, sizes)}
    while asked:
        some = [asked.pop() for _one in range(min(ASKED_AT_ONCE, len(asked)))]
        yield from rows.filter(digest__in=some).values_list("digest", "words")


def _hashes(text: str, sizes: Sequence[int]) -> Iterator[str]:
    """Yield under which hashes a list would hold what a text tells of anybody."""
    for kind, keys, _start, _end in persons.addressed_in(text):
        for key in keys:
            yield from digests(*_parts(kind, key, ""))
    for forms, _start, _end in persons.named_in(text, sizes):
        for form in forms:
            yield from digests(*_parts("name", form, ANYWHERE))


_TOLD = ("name", "website", "description", "record", "location", "phone", "source_url")  # of a company that was found


def companies_without(workspace_id: int | None, companies: Sequence[FoundCompany]) -> list[FoundCompany]:
    """Return companies that were found with marks in place of whoever must not be kept; one query.

    One whose very domain is the name of such a person is left out.
    """
    if not companies:
        return []
    told: dict[str, list[Any]] = defaultdict(list)
    for one in companies:
        told[one.domain] += [getattr(one, name) for name in (*_TOLD, "domain")]
    watch_of = watches(workspace_id, told)
    kept = [one for one in companies if not names_any(watch_of(one.domain), one.domain)]
    return [_company_without(watch_of(one.domain), one) for one in kept]


def _company_without(watching: HashedWatch | None, company: FoundCompany) -> FoundCompany:
    return replace(company, **{name: without(watching, getattr(company, name)) for name in _TOLD})


def names_any(watching: Watch | None, *texts: str) -> bool:
    """Return whether any of these texts tells of somebody who is looked for."""
    return watching is not None and any(persons.mentions(text, watching) for text in texts if text)


def without(watching: Watch | None, value: Any) -> Any:
    """Return a text, or JSON, with marks in place of whoever is looked for."""
    return value if watching is None else persons.blanked_values(value, watching)


def blank_columns(watching: Watch | None, row: Any, columns: Iterable[str]) -> None:
    """Put marks into an unsaved row."""
    if watching is not None:
        for column in columns:
            setattr(row, column, persons.blanked_values(getattr(row, column), watching))
