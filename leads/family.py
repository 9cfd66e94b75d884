"""What is shown with a lead: its own rows, and those of the leads that were merged into it."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from leads.models import Contact, ContactForm, Fact, Lead

Row = TypeVar("Row")

# What `contacts`, `facts` and `contact_forms` read: to be fetched at once, for any number of leads.
ROWS = tuple(
    f"{of}{rows}" for of in ("", "merged_leads__") for rows in ("contacts", "facts", "contact_forms", "aliases")
)


def contacts(lead: Lead) -> list[Contact]:
    """Return whom to write to: the lead's own contacts first, a person with one address once."""
    return _once(lead, lambda one: one.contacts.all(), lambda row: (row.email.lower(), row.name, row.phone))


def facts(lead: Lead) -> list[Fact]:
    rows = _once(lead, lambda one: one.facts.all(), lambda row: (row.kind, row.value))
    return sorted(rows, key=lambda row: (row.kind, -row.confidence))


def contact_forms(lead: Lead) -> list[ContactForm]:
    return _once(lead, lambda one: one.contact_forms.all(), lambda row: (row.action, row.url))


def other_handles(lead: Lead) -> list[str]:
    """Return what else the lead is known by: the handles of those merged into it, and their aliases."""
    members = [lead, *lead.merged_leads.all()]
    handles = [member.handle for member in members[1:]]
    return handles + [alias.handle for member in members for alias in member.aliases.all()]


def candidacies(lead: Lead) -> QuerySet[Any]:
    """Return the lead's ways through runs, under all its names. (What they are is known a floor above.)"""
    return lead.candidacies.model._default_manager.filter(lead__in=[lead, *lead.merged_leads.all()])


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
