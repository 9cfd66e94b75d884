"""How many leads there are: all of a workspace by one look at an index, and of a search as many as people ask about."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import Workspace
from accounts.wall import as_system
from leads.models import Lead, LeadQuerySet

# What words or a hunt leave is counted up to here: nobody pages through more, and a look at all of them takes long.
MOST_COUNTED = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """How many leads a workspace has, by status and tier; merged ones stand for nothing."""

    cells: Mapping[tuple[str, str], int]

    def of(self, status: str = "", tier: str = "") -> int:
        """Return how many have a status and a tier; '' is any."""
        return sum(number for (has, at), number in self.cells.items() if status in ("", has) and tier in ("", at))

    @property
    def all(self) -> int:
        return self.of()

    @property
    def qualified(self) -> int:
        return self.of(Lead.Status.QUALIFIED)

    @property
    def rejected(self) -> int:
        return self.of(Lead.Status.REJECTED)

    @property
    def new(self) -> int:
        return self.of(Lead.Status.NEW)


@dataclass(frozen=True, slots=True)
class Total:
    """How many leads a list has; `is_more`: that many were counted, and there are more."""

    number: int
    is_more: bool = False


def counts_of(workspace: Workspace) -> Counts:
    """Count the leads of a workspace: one query."""
    cells = Lead.objects.visible_to(workspace).order_by().values_list("status", "tier").annotate(number=Count("*"))
    return Counts({(status, tier): number for status, tier, number in cells})


def total_of(leads: LeadQuerySet) -> Total:
    """Return how many `leads` are, up to MOST_COUNTED: one query. As the system, for what `paging` says of it."""
    with as_system():
        number = leads.order_by()[: MOST_COUNTED + 1].count()
    return Total(min(number, MOST_COUNTED), is_more=number > MOST_COUNTED)
