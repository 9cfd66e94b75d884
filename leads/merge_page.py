"""What a lead's page shows of who else it may be, and what a merge would do."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import dedupe, distinct, family
from leads.dedupe import Possible
from leads.merge_models import Clue, DistinctPair, Merge
from leads.merging import BLOCKS
from leads.models import Lead, LeadQuerySet

Row = TypeVar("Row")

MOST_FOUND = 10
LABELS = {
    "judgement": gettext_lazy("Judgement"),
    "contact": gettext_lazy("First contact"),
    "employees": gettext_lazy("Employees"),
    "website": gettext_lazy("Website"),
    "description": gettext_lazy("Description"),
    "location": gettext_lazy("Place"),
    "country": gettext_lazy("Country"),
    "founded_year": gettext_lazy("Founded"),
    "phone": gettext_lazy("Phone"),
}


@dataclass(frozen=True, slots=True)
class Apart:
    """Another lead that a person said to be another company."""

    pair: DistinctPair
    other: Lead


@dataclass(frozen=True, slots=True)
class Panel:
    """Who a lead may also be, who was merged into it, and who it is not."""

    lead: Lead
    duplicates: Sequence[Possible]
    merges: Sequence[Merge]
    other_handles: Sequence[str]
    apart: Sequence[Apart]
    may_change: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that two leads know: both values, and whether the kept lead takes the other's."""

    label: str
    kept: str
    merged: str
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen if `merged` were merged into `kept`."""

    kept: Lead
    merged: Lead
    clues: Sequence[str]
    lines: Sequence[Line]
    added: Mapping[str, int]


def panel(lead: Lead, *, may_change: bool) -> Panel:
    merges = Merge.objects.standing().filter(merged__merged_into=lead).select_related("merged", "merged_by", "kept")
    family.gather([lead], "aliases")
    return Panel(
        lead,
        dedupe.possible_duplicates(lead),
        list(merges.order_by("-pk")),
        family.other_handles(lead),
        list(_apart(lead)),
        may_change,
    )


def _apart(lead: Lead) -> Iterator[Apart]:
    """Yield who stands by now for the leads that this one, or one merged into it, is kept apart from; each once."""
    seen = {lead.pk}  # a pair that somebody merged for all that says nothing as long as the two are one
    for pair in distinct.pairs_of(lead):
        first, second = (one.merged_into or one for one in (pair.first, pair.second))
        other = second if first.pk == lead.pk else first
        if other.pk not in seen:
            seen.add(other.pk)
            yield Apart(pair, other)


def said(clues: Sequence[Mapping[str, str]]) -> list[str]:
    """Return stored evidence in words, each with what both have."""
    labels = dict(Clue.choices)
    return [_clue(str(labels.get(clue["kind"], clue["kind"])), clue) for clue in clues]


def _clue(label: str, clue: Mapping[str, str]) -> str:
    is_telling = clue["detail"] and clue["kind"] != Clue.HOME_PAGE  # the hash of a page tells nobody anything
    return _("%(what)s: %(detail)s") % {"what": label, "detail": clue["detail"]} if is_telling else label


def preview(kept: Lead, merged: Lead) -> Preview:
    """Return what a merge would do; nothing is changed."""
    clues = dedupe.evidence_of(kept, merged)
    lines = [Line(_("Name"), kept.name, merged.name), Line(_("Domain"), kept.handle, merged.handle)]
    for block in BLOCKS.values():
        mine, theirs = (_shown(lead, block.name) if block.is_known(lead) else "" for lead in (kept, merged))
        if mine or theirs:
            lines.append(Line(str(LABELS[block.name]), mine, theirs, is_taken=not mine))
    added = {
        "contacts": _count_new(family.contact_key, family.contacts(kept), family.contacts(merged)),
        "facts": _count_new(family.fact_key, family.facts(kept), family.facts(merged)),
        "candidacies": family.candidacies(merged).count(),
    }
    return Preview(kept, merged, said(clues), lines, added)


def _count_new(key: Callable[[Row], Hashable], mine: Iterable[Row], theirs: Iterable[Row]) -> int:
    """Return how many of their rows would be shown beside mine: what both have is shown once."""
    return len({key(row) for row in theirs} - {key(row) for row in mine})


def _shown(lead: Lead, block: str) -> str:
    if block == "judgement":
        return _("%(status)s, tier %(tier)s, score %(score)s") % {
            "status": lead.get_status_display(),
            "tier": lead.tier,
            "score": round(lead.score),
        }
    if block == "employees":
        return f"{lead.employees_min or ''}-{lead.employees_max or ''}".strip("-")
    values: list[Any] = [getattr(lead, column) for column in BLOCKS[block].columns]
    return ", ".join(str(value) for value in values if value)[:300]


def found(leads: LeadQuerySet, lead: Lead, words: str) -> list[Lead]:
    """Return leads to merge with, by words of their name or domain."""
    if not words:
        return []
    others = leads.exclude(pk=lead.pk).matching(words[:200], workspace_id=lead.workspace_id)
    return list(others.order_by("name", "pk")[:MOST_FOUND])
