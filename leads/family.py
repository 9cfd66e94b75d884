"""What is shown with a lead: its own rows, and those of the leads that were merged into it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce

from leads.merge_models import DistinctPair
from leads.models import Contact, ContactForm, Fact, Lead

Row = TypeVar("Row")

ROWS = ("contacts", "facts", "contact_forms")


def gather(leads: Sequence[Lead], *rows: str) -> None:
    """Fetch what this module is asked of `leads`: who was merged into them, and `rows` of all of these at once.

    `rows` are names of relations, such as ROWS: one query each, and one for the merged leads, whatever their number.
    """
    prefetch_related_objects(leads, "merged_leads")
    prefetch_related_objects([member for lead in leads for member in (lead, *lead.merged_leads.all())], *rows)


def kept_apart_from(lead_id: int) -> set[int]:
    """Return the leads of which a person said that they are another company than this one.

    What was said of a lead that was merged since is true of the one that stands for it.
    """
    pairs = DistinctPair.objects.touching(Lead.objects.family_of(lead_id))
    roots = pairs.values_list(Coalesce("first__merged_into", "first"), Coalesce("second__merged_into", "second"))
    return {root for pair in roots for root in pair} - {lead_id}


def families(lead_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return by lead all leads that are one company with it, itself included, whoever stands for them: one query."""
    asked = list(lead_ids)
    roots = Lead.objects.filter(pk__in=asked).values(root=Coalesce("merged_into", "pk"))
    rows = Lead.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).values_list("pk", "merged_into")
    root_of = {pk: merged_into or pk for pk, merged_into in rows}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for pk, root in root_of.items():
        found[root].append(pk)
    return {pk: found[root_of[pk]] for pk in asked if pk in root_of}


def contacts(lead: Lead) -> list[Contact]:
    """Return whom to write to: the lead's own contacts first, a person with one address once."""
    return _once(lead, lambda one: one.contacts.all(), contact_key)


def contact_key(row: Contact) -> Hashable:
    """Return what tells whether two contacts are shown once."""
    return row.email.lower(), row.name, row.phone


def facts(lead: Lead) -> list[Fact]:
    rows = _once(lead, lambda one: one.facts.all(), fact_key)
    return sorted(rows, key=lambda row: (row.kind, -row.confidence))


def fact_key(row: Fact) -> Hashable:
    """Return what tells whether two facts are shown once."""
    return row.kind, row.value


def contact_forms(lead: Lead) -> list[ContactForm]:
    return _once(lead, lambda one: one.contact_forms.all(), lambda row: (row.action, row.url))


def other_handles(lead: Lead) -> list[str]:
    """Return what else the lead is known by: the handles of those merged into it, and their aliases."""
    members = [lead, *lead.merged_leads.all()]
    handles = [member.handle for member in members[1:]]
    return handles + [alias.handle for member in members for alias in member.aliases.all()]


def candidacies(lead: Lead) -> QuerySet[Any]:
    """Return the lead's ways through runs, under all its names. (What they are is known a floor above.)"""
    return lead.candidacies.model._default_manager.filter(lead__in=Lead.objects.family_of(lead.pk))


def latest_candidacies(lead: Lead) -> QuerySet[Any]:
    """Return its ten latest ways through runs that nobody deleted, with run and hunt; the newest first."""
    there = candidacies(lead).filter(run__deleted_at__isnull=True, run__hunt__deleted_at__isnull=True)
    return there.select_related("run__hunt").order_by("-pk")[:10]


def cost_microusd(lead: Lead) -> int:
    """Return what the lead has cost under all its names, in micro-dollars."""
    return lead.cost_microusd + sum(one.cost_microusd for one in lead.merged_leads.all())


def add_costs(leads: Iterable[Lead]) -> None:
    """Let each of the rows in hand tell what the lead has cost under all its names: one query for all of them."""
    rows = {lead.pk: lead for lead in leads}
    for member in members(rows):
        rows[member.kept_id].cost_microusd += member.cost_microusd


@dataclass(frozen=True, slots=True)
class Member:
    """A merged lead: which one stands for it, and what it has cost itself, in micro-dollars."""

    lead_id: int
    kept_id: int
    cost_microusd: int


def members(lead_ids: Iterable[int]) -> list[Member]:
    """Return the leads that were merged into any of these."""
    rows = Lead.objects.filter(merged_into__in=list(lead_ids)).order_by("pk")
    columns = rows.values_list("pk", "merged_into", "cost_microusd")
    return [Member(pk, kept_id, cost) for pk, kept_id, cost in columns if kept_id is not None]


def _once(lead: Lead, rows_of: Callable[[Lead], QuerySet[Row]], key: Callable[[Row], Hashable]) -> list[Row]:  # type: ignore[type-var]
    found: dict[Hashable, Row] = {}
    for one in (lead, *lead.merged_leads.all()):
        for row in rows_of(one):
            found.setdefault(key(row), row)
    return list(found.values())
