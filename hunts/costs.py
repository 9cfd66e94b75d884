"""What a run and each of its leads cost, line by line, from the holds that its calls were charged to.

Nothing is estimated and nothing lost: the search is shared out over all companies that it found, what the companies
cost that did not qualify over those that did, each to the micro-dollar, so that the leads' totals sum to what the run
was charged.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Sum, TextChoices
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from billing.models import Hold
from hunts.models import Candidate, Run


class Kind(TextChoices):
    """What money went to."""

    SEARCH = "search", _("Search")
    SEARCH_SHARE = "search_share", _("Its share of the search")
    PAGES = "pages", _("Pages")
    MODEL = "model", _("Language model")
    CONTACTS = "contacts", _("Contact finder")
    ENRICHMENT = "enrichment", _("Enrichment")
    REJECTS_SHARE = "rejects_share", _("Its share of companies that did not qualify")


_KINDS = {
    "search": Kind.SEARCH,
    "complete": Kind.MODEL,
    "stream": Kind.MODEL,
    "read": Kind.PAGES,
    "screenshot": Kind.PAGES,
    "find_contacts": Kind.CONTACTS,
    "verify": Kind.CONTACTS,
}


@dataclass(frozen=True, slots=True)
class Line:
    """What was charged for calls of one kind to one provider, by one model if it is one. Tokens are in and out."""

    kind: Kind
    microusd: int
    provider: str = ""
    model: str = ""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def label(self) -> str:
        return str(self.kind.label)


class Way(NamedTuple):
    """One company's way through a run; a run may have ten thousand, so it is no more than what its shares take."""

    candidate_id: int
    lead_id: int
    status: str


@dataclass(frozen=True, slots=True)
class LeadCost:
    """What a lead cost in a run: its own calls, and its shares. The lines sum to `microusd`."""

    lead_id: int
    lines: Sequence[Line]

    @property
    def microusd(self) -> int:
        return _sum(self.lines)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a run was charged in all, by kind, provider and model, the dearest first; `qualified` is a number of leads.

    `unknown` is set aside for calls without an answer, `overdraw` was asked, not charged.
    """

    lines: Sequence[Line]
    qualified: int
    unknown_microusd: int
    overdraw_microusd: int

    @property
    def microusd(self) -> int:
        return _sum(self.lines)

    @property
    def per_qualified_microusd(self) -> int | None:
        """What a qualified lead cost on average with all that was spent on others; `None` while there is none."""
        return round(self.microusd / self.qualified) if self.qualified else None


@dataclass(frozen=True)
class Shares:
    """How what a run was charged is shared out over `ways`, its companies in the searcher's order.

    A company is named by its place in that order. `own_microusd` is what was charged for a lead's own calls, by lead;
    what was charged for no lead is the search's.
    """

    ways: Sequence[Way]
    own_microusd: Mapping[int, int]
    search_microusd: int

    @cached_property
    def qualified(self) -> list[int]:
        """The places of the companies that qualified."""
        qualified = str(Candidate.Status.QUALIFIED)
        return [place for place, way in enumerate(self.ways) if way.status == qualified]

    def page(self, first: int, most: int) -> tuple[list[int], int | None]:
        """Return up to `most` places of qualified companies from `first` on, and where the next page begins."""
        begin = bisect_left(self.qualified, first)
        found = self.qualified[begin : begin + most + 1]
        return found[:most], found[most] if len(found) > most else None

    def of(self, place: int) -> list[Line]:
        """Return a company's shares: of the search, and of what the others cost where it qualified."""
        rejects = self._rejects.get(place, 0)
        return [*_line(Kind.SEARCH_SHARE, self._search(place)), *_line(Kind.REJECTS_SHARE, rejects)]

    def _search(self, place: int) -> int:
        return share(self.search_microusd, len(self.ways), place)

    @cached_property
    def _rejects(self) -> dict[int, int]:
        charged = sum(self.own_microusd.values()) + self.search_microusd
        own = sum(self.own_microusd.get(self.ways[place].lead_id, 0) for place in self.qualified)
        lost = charged - own - sum(map(self._search, self.qualified))
        return {place: share(lost, len(self.qualified), at) for at, place in enumerate(self.qualified)}


def share(total: int, count: int, place: int) -> int:
    """Return one of `count` shares of micro-dollars; all of them sum to `total` and differ by one at most."""
    return total * (place + 1) // count - total * place // count


def charged(run: Run, *, qualified: int) -> Charged:
    """Return what `run` with so many qualified leads was charged until now, in all: one query."""
    rows = _summed(run)
    unknown = sum(row.held for row in rows if row.status == Hold.Status.HELD)
    return Charged(_summed_up(_told(rows)), qualified, unknown, sum(row.overdraw for row in rows))


def shares_of(run: Run) -> Shares:
    """Return how what `run` was charged until now is shared out: two queries, whatever its size."""
    columns = run.candidates.order_by("position", "pk").values_list("pk", "lead_id", "status")
    ways = list(map(Way._make, columns.iterator(chunk_size=10_000)))
    charge = Coalesce("settled_microusd", 0) - F("overdraw_microusd") - F("refunded_microusd")
    sums = Hold.objects.filter(budget=run.budget_id).order_by().values_list("lead_ref").annotate(total=Sum(charge))
    own = {lead_ref: int(total) for lead_ref, total in sums.iterator(chunk_size=10_000)}
    leads = {way.lead_id for way in ways}
    search = sum(total for lead_ref, total in own.items() if lead_ref not in leads)
    return Shares(ways, {lead: own[lead] for lead in leads & own.keys() if lead is not None}, search)


def of_leads(run: Run, found: Shares, places: Collection[int]) -> list[LeadCost]:
    """Return what the companies at some places of a run cost, by their own lines and their shares: one query.

    What all qualified leads of a run cost sums to what it was charged.
    """
    leads = {place: found.ways[place].lead_id for place in places}
    rows = _summed(run, leads.values()) if leads else []
    own = {lead: _merged(_told(of_lead)) for lead, of_lead in groupby(rows, key=attrgetter("lead_ref"))}
    return [LeadCost(lead, [*own.get(lead, []), *found.of(place)]) for place, lead in leads.items()]


def of_candidate(candidate: Candidate) -> LeadCost:
    """Return what one lead cost in a run; one that did not qualify has its own lines and its share of the search."""
    found = shares_of(candidate.run)
    place = next(place for place, way in enumerate(found.ways) if way.candidate_id == candidate.pk)
    return of_leads(candidate.run, found, [place])[0]


# A join, and by the hold alone: its call is looked up once, in the index of calls by hold.
_SUMMED = """
SELECT {lead_column} AS lead_ref, hold.status, hold.operation, hold.provider, made.model,
       COUNT(*) AS calls,
       SUM(COALESCE(hold.settled_microusd, 0) - hold.overdraw_microusd - hold.refunded_microusd) AS charged,
       SUM(CASE WHEN hold.settled_microusd > hold.overdraw_microusd + hold.refunded_microusd THEN 1 ELSE 0 END) AS paid,
       SUM(hold.amount_microusd) AS held, SUM(hold.overdraw_microusd) AS overdraw,
       COALESCE(SUM(made.input_tokens), 0) AS tokens_in, COALESCE(SUM(made.output_tokens), 0) AS tokens_out
FROM billing_hold AS hold LEFT JOIN integrations_providercall AS made
    ON made.hold_id = hold.id AND made.hold_id IS NOT NULL
WHERE hold.budget_id = %s{of_leads}
GROUP BY {lead}hold.status, hold.operation, hold.provider, made.model
ORDER BY {lead}MIN(hold.id)"""


class Summed(NamedTuple):
    """Holds with the calls they were for, summed up by what stands in a line. `paid` counts those that were charged."""

    lead_ref: int | None
    status: str
    operation: str
    provider: str
    model: str | None  # None where no call was answered
    calls: int
    charged: int
    paid: int
    held: int
    overdraw: int
    tokens_in: int
    tokens_out: int


def _summed(run: Run, leads: Collection[int] | None = None) -> list[Summed]:
    """Return what a run's holds sum up to; those of some leads by lead. One query.

    The database sums them up, because a run of ten thousand companies makes several calls for each.
    """
    columns = {"lead": "", "lead_column": "NULL", "of_leads": ""}
    if leads is not None:
        columns = {
            "lead": "hold.lead_ref, ",
            "lead_column": "hold.lead_ref",
            "of_leads": f" AND hold.lead_ref IN ({', '.join(['%s'] * len(leads))})",
        }
    with connection.cursor() as cursor:
        cursor.execute(_SUMMED.format(**columns), [run.budget_id, *(leads or ())])
        return [Summed(*row[:5], *map(int, row[5:])) for row in cursor.fetchall()]


def _told(rows: Iterable[Summed]) -> Iterator[Line]:
    """Yield what is told of holds that are summed up: what was charged for, and what was answered for nothing."""
    for row in rows:
        calls = row.paid if row.model is None else row.calls
        if row.status != Hold.Status.HELD and calls:
            kind = _KINDS.get(row.operation, Kind.ENRICHMENT)
            yield Line(kind, row.charged, row.provider, row.model or "", calls, row.tokens_in, row.tokens_out)


def _merged(lines: Iterable[Line]) -> list[Line]:
    """Return one line for each kind, provider and model, in the order that they came."""
    found: dict[tuple[Kind, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.kind, line.provider, line.model].append(line)
    return [
        Line(
            *(kind, _sum(some), provider, model),
            calls=sum(line.calls for line in some),
            input_tokens=sum(line.input_tokens for line in some),
            output_tokens=sum(line.output_tokens for line in some),
        )
        for (kind, provider, model), some in found.items()
    ]


def _summed_up(lines: Iterable[Line]) -> list[Line]:
    """Return lines summed up by kind, provider and model, the dearest first."""
    return sorted(_merged(lines), key=lambda line: (-line.microusd, line.kind))


def _sum(lines: Iterable[Line]) -> int:
    return sum(line.microusd for line in lines)


def _line(kind: Kind, microusd: int) -> list[Line]:
    return [Line(kind, microusd)] if microusd else []
