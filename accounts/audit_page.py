"""A workspace's audit log as a page shows it: narrowed to a person, a verb or a day, newest first, by keyset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock

from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit_models import AuditEntry, AuditEntryQuerySet, Verb
from accounts.models import User, Workspace
from accounts.row_numbers import row_number

PAGE_ROWS = 50
# What only operators do, who may have been others when it was done.
BY_STAFF = ("staff.", "support.", "refund.", "money.", "operator.")
# Rows that are called by a name where they are still there: by the labels of their models.
NAMED_BY = {"accounts.user": "email", "leads.lead": "name"}
NOBODY = "nobody"  # in the address: what the program did by itself


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, who did it, and to whom where it was done to a person."""

    entry: AuditEntry
    who: str
    whom: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and the number that older ones stand before (None where there are none)."""

    rows: list[Row]
    older: int | None


def narrowed(workspace: Workspace, asked: Mapping[str, str]) -> AuditEntryQuerySet:
    """Return the entries of a workspace that `person`, `verb` and `day` of an address leave; nonsense is left out."""
    entries = AuditEntry.objects.of_workspace(workspace)
    person, verb = asked.get("person", ""), asked.get("verb", "")
    if person == NOBODY:
        entries = entries.filter(actor__isnull=True)
    elif number := row_number(person):
        entries = entries.filter(actor=number)
    if verb in Verb.values:
        entries = entries.filter(verb=verb)
    if day := day_of(asked.get("day", "")):
        begins = timezone.make_aware(datetime.combine(day, clock.min))
        entries = entries.filter(at__gte=begins, at__lt=begins + timedelta(days=1))
    return entries


def page(entries: AuditEntryQuerySet, members: Iterable[User], *, before: int | None = None) -> Page:
    """Return the newest entries, or those before the entry numbered `before`, each with `who` did it."""
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries.select_related("actor").order_by("-pk")[: PAGE_ROWS + 1])
    shown, known = found[:PAGE_ROWS], {member.pk for member in members}
    named = _named(shown)
    rows = [Row(entry, _who(entry, known), named.get(entry.pk, "")) for entry in shown]
    return Page(rows, shown[-1].pk if len(found) > PAGE_ROWS else None)


def _named(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return whom entries are about, by their numbers: the log keeps no names, so that people can be erased."""
    named: dict[int, str] = {}
    for label, column in NAMED_BY.items():
        about = {entry.pk: int(entry.object_id) for entry in entries if entry.object_type == label}
        if about:
            rows = apps.get_model(label)._base_manager.filter(pk__in=about.values())
            names = dict(rows.values_list("pk", column))
            named |= {entry: names[row] for entry, row in about.items() if row in names}
    return named


def _who(entry: AuditEntry, known: set[int]) -> str:
    """Return who did it in words. Whoever works for the operator is named to customers as far as they say a name."""
    if entry.actor_id is None:
        return _("The program")
    if entry.actor is None:
        return _("Somebody who is gone")
    is_staff = entry.verb.startswith(BY_STAFF) or (entry.actor_id not in known and entry.actor.is_staff)
    if not is_staff:
        return entry.actor.email
    name = entry.actor.get_full_name()
    return _("Support (%(name)s)") % {"name": name} if name else _("Staff of this site")


def people(workspace: Workspace) -> list[User]:
    """Return who can be chosen: the members. What staff did is found under its verbs."""
    return list(workspace.members.order_by("email"))


def day_of(text: str) -> date | None:
    """Return a day written as 2026-11-21, None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day < date(9999, 12, 31) else None
