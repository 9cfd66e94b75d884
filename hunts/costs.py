"""What a run and each of its leads cost, line by line, from the holds that its calls were charged to.

Nothing is estimated and nothing lost: the search is shared out over all companies that it found, what the companies
cost that did not qualify over those that did, each to the micro-dollar, so that the leads' totals sum to what the run
was charged.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from billing.models import Hold
from hunts.models import Candidate, Run
from integrations.models import ProviderCall


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


@dataclass(frozen=True, slots=True)
class LeadCost:
    """What a qualified lead cost in a run: its own calls, and its shares. The lines sum to `microusd`."""

    candidate: Candidate
    lines: Sequence[Line]

    @property
    def microusd(self) -> int:
        return sum(line.microusd for line in self.lines)


@dataclass(frozen=True)
class RunCosts:
    """What a run was charged. `unknown` is set aside for calls without an answer, `overdraw` was asked, not charged."""

    candidates: Sequence[Candidate]
    own: dict[int, list[Line]]  # by lead
    shared: Sequence[Line]
    unknown_microusd: int
    overdraw_microusd: int

    @cached_property
    def lines(self) -> list[Line]:
        """What the run was charged, summed up by kind, provider and model; the dearest first."""
        return _summed_up([*self.shared, *(line for lines in self.own.values() for line in lines)])

    @cached_property
    def microusd(self) -> int:
        return sum(line.microusd for line in self.lines)

    @cached_property
    def qualified(self) -> list[Candidate]:
        return [one for one in self.candidates if one.status == Candidate.Status.QUALIFIED]

    @property
    def per_qualified_microusd(self) -> int | None:
        """What a qualified lead cost on average with all that was spent on others; `None` while there is none."""
        return round(self.microusd / len(self.qualified)) if self.qualified else None

    @cached_property
    def of_leads(self) -> dict[int, LeadCost]:
        """What each qualified lead cost, by lead. They sum to `microusd`, where there is one."""
        searches = dict(zip(self._ids, shares(_sum(self.shared), len(self._ids)), strict=True))
        chosen = [one.pk for one in self.qualified]
        chosen_ids = set(chosen)
        lost = sum(_sum(self._own(one)) + searches[one.pk] for one in self.candidates if one.pk not in chosen_ids)
        rejects = dict(zip(chosen, shares(lost, len(chosen)), strict=True))
        return {
            one.lead_id: LeadCost(
                one,
                [
                    *self._own(one),
                    *_line(Kind.SEARCH_SHARE, searches[one.pk]),
                    *_line(Kind.REJECTS_SHARE, rejects[one.pk]),
                ],
            )
            for one in self.qualified
        }

    def of_candidate(self, candidate: Candidate) -> LeadCost:
        """Return what one lead cost; one that did not qualify has its own lines and its share of the search."""
        if found := self.of_leads.get(candidate.lead_id):
            return found
        place = self._ids.index(candidate.pk)
        search = shares(_sum(self.shared), len(self._ids))[place]
        return LeadCost(candidate, [*self._own(candidate), *_line(Kind.SEARCH_SHARE, search)])

    @cached_property
    def _ids(self) -> list[int]:
        return [one.pk for one in self.candidates]

    def _own(self, candidate: Candidate) -> list[Line]:
        return self.own.get(candidate.lead_id, [])


@dataclass(frozen=True, slots=True)
class Charged:
    """What a run was charged in all; `unknown` and `overdraw` as in `RunCosts`, `qualified` is a number of leads."""

    lines: Sequence[Line]
    qualified: int
    unknown_microusd: int
    overdraw_microusd: int

    @property
    def microusd(self) -> int:
        return _sum(self.lines)

    @property
    def per_qualified_microusd(self) -> int | None:
        return round(self.microusd / self.qualified) if self.qualified else None


def shares(total: int, count: int) -> list[int]:
    """Divide micro-dollars into `count` shares that sum to `total` and differ by one at most."""
    return [total * (place + 1) // count - total * place // count for place in range(count)]


def of_run(run: Run) -> RunCosts:
    """Return what `run` was charged until now: three queries, whatever its size."""
    candidates = list(run.candidates.only("pk", "run_id", "lead_id", "status", "position").order_by("position", "pk"))
    by_lead, unknown, overdraw = _by_lead(run, {one.lead_id for one in candidates})
    own = {lead: _merged(lines) for lead, lines in by_lead.items() if lead is not None}
    return RunCosts(candidates, own, _merged(by_lead[None]), unknown, overdraw)


def charged(run: Run, *, qualified: int) -> Charged:
    """Return what `run` with so many qualified leads was charged until now, in all: two queries, whatever its size."""
    lines, unknown, overdraw = _by_lead(run, frozenset())
    return Charged(_summed_up(lines[None]), qualified, unknown, overdraw)


def _by_lead(run: Run, leads: Collection[int]) -> tuple[dict[int | None, list[Line]], int, int]:
    """Return what was charged for each of `leads`, and under `None` for none of them; what is unknown; the overdraw."""
    calls = {call.hold_id: call for call in _calls(run)}
    by_lead: dict[int | None, list[Line]] = defaultdict(list)
    unknown = overdraw = 0
    for hold in Hold.objects.filter(budget=run.budget_id).order_by("pk"):
        overdraw += hold.overdraw_microusd
        if hold.status == Hold.Status.HELD:
            unknown += hold.amount_microusd
        elif hold.charged_microusd or hold.pk in calls:
            by_lead[hold.lead_ref if hold.lead_ref in leads else None].append(_of_hold(hold, calls.get(hold.pk)))
    return by_lead, unknown, overdraw


def _calls(run: Run) -> Iterable[ProviderCall]:
    made = ProviderCall.objects.filter(run_ref=str(run.pk), workspace_id=run.workspace_id, hold_id__isnull=False)
    return made.only("hold_id", "model", "input_tokens", "output_tokens").order_by("pk")


def _of_hold(hold: Hold, call: ProviderCall | None) -> Line:
    kind = _KINDS.get(hold.operation, Kind.ENRICHMENT)
    if call is None:
        return Line(kind, hold.charged_microusd, hold.provider, "", 1)
    return Line(kind, hold.charged_microusd, hold.provider, call.model, 1, call.input_tokens, call.output_tokens)


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
