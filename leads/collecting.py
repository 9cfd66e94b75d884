"""Since when a workspace knows something of a person: found again, it does not become younger.

Neither a second crawl, a retry, a merge, nor a lead that was deleted and made again changes the date; only when its
time was up, and it was erased for that, is it collected anew.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.utils import timezone

from integrations.capabilities import FoundContact
from integrations.lexicon import persons
from leads.person_models import Collection
from leads.suppression import digests
from leads.wanted import Wanted

Ref = TypeVar("Ref", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Dates:
    """When something was first collected, and whether that was after it had been erased for its age."""

    first: datetime
    is_again: bool = False


def contact_keys(domain: str, *, email: str = "", name: str = "", phone: str = "", profile: str = "") -> list[str]:
    """Return the hashes that a contact is remembered by."""
    things: list[tuple[str, ...]] = []
    if key := persons.email_key(email):
        things.append(("collected", "email", key))
    if forms := persons.name_forms(name):
        things.append(("collected", "name", min(forms), persons.domain_key(domain)))
    if not things and (numbers := persons.phone_keys(phone)):
        things.append(("collected", "phone", numbers[0]))
    if key := persons.profile_key(profile):
        things.append(("collected", "profile", key))
    # Under every key: one that is put before the others, or left out, must not make anybody younger.
    return [digest for parts in things for digest in digests(*parts)]


def keys_of(domain: str, found: FoundContact) -> list[str]:
    return contact_keys(domain, email=found.email, name=found.name, phone=found.phone, profile=found.linkedin_url)


def remember(
    workspace_id: int, collected: Mapping[Ref, Sequence[str]], *, now: datetime | None = None
) -> dict[Ref, Dates]:
    """Write down that these were collected now, each known by its hashes; return since when each is known.

    Three queries at most. Call it in the transaction that keeps what was collected.
    """
    now = now or timezone.now()
    asked = {digest for keys in collected.values() for digest in keys}
    if not asked:
        return {ref: Dates(now) for ref in collected}
    _begin_anew(workspace_id, asked, now)
    dated = {"workspace_id": workspace_id, "first_collected_at": now, "last_seen_at": now}
    rows = [Collection(digest=one, **dated) for one in asked]
    Collection.objects.bulk_create(
        sorted(rows, key=lambda row: row.digest),
        update_conflicts=True,
        unique_fields=["workspace", "digest"],
        update_fields=["last_seen_at"],
    )
    stored = {row.digest: row for row in Collection.objects.filter(workspace_id=workspace_id, digest__in=asked)}
    dates: dict[Ref, Dates] = {}
    for ref, keys in collected.items():
        oldest = min((stored[key] for key in keys), key=lambda row: row.first_collected_at, default=None)
        dates[ref] = Dates(oldest.first_collected_at, oldest.is_again) if oldest else Dates(now)
    return dates


def _begin_anew(workspace_id: int, asked: Iterable[str], now: datetime) -> None:
    erased = Collection.objects.filter(workspace_id=workspace_id, digest__in=asked, erased_at__isnull=False)
    erased.update(first_collected_at=now, erased_at=None, is_again=True)


def time_is_up(workspace_id: int, keys: Iterable[str], *, now: datetime) -> None:
    """Remember that what is known by these hashes was erased for its age."""
    Collection.objects.filter(workspace_id=workspace_id, digest__in=set(keys)).update(erased_at=now)


def forget_person(workspace_id: int | None, wanted: Wanted) -> None:
    """Forget since when somebody is known; in all workspaces where none is given."""
    keys = [key for one in wanted.emails for key in contact_keys("", email=one)]
    keys += [key for one in wanted.phones for key in contact_keys("", phone=one)]
    keys += [key for one in wanted.profiles for key in contact_keys("", profile=one)]
    keys += [key for one in wanted.names for domain in wanted.domains for key in contact_keys(domain, name=one)]
    rows = Collection.objects.filter(digest__in=set(keys))
    (rows if workspace_id is None else rows.filter(workspace_id=workspace_id)).delete()
