"""How new a hunt's companies will be: what its filters brought before, told before anybody pays for them again."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hunts.amounts import count, percent
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256
from hunts.matching import Matching
from hunts.models import Run

LOOKED_THROUGH = 20  # runs, for one that asked for as many companies


def remember(run: Run, *, total: int, new: int) -> None:
    """Write down what the filters of a run brought; once a run, the last time where it is discovered anew."""
    FilterHistory.objects.update_or_create(
        run=run,
        defaults={
            "workspace_id": run.workspace_id,
            "filters_sha256": filters_sha256(run.icp, source=run.source, company_list_id=run.company_list_id),
            "source": run.source,
            "limit": run.limit,
            "total": total,
            "new": new,
        },
    )


@dataclass(frozen=True, slots=True)
class Novelty:
    """What is known before a run of how new its companies are.

    `last` is the last run with the same filters, `telling` the last of them that says something of a run for `limit`
    companies: one that asked for fewer, and got them, does not tell what comes after them. `found` and `new` are what
    a search finds now, where it was counted.
    """

    last: FilterHistory | None = None
    telling: FilterHistory | None = None
    found: int | None = None
    new: int = 0

    @property
    def expected(self) -> float | None:
        """The share of new companies to expect, 0 to 1; `None` where nothing tells it."""
        if self.found is not None:
            return self.new / self.found if self.found else 0.0
        return self.telling.novelty if self.telling else None

    @property
    def is_low(self) -> bool:
        """True where most of what would be found is known, so that other filters are worth a thought."""
        return self.expected is not None and self.expected < settings.NOVELTY_THRESHOLD

    @property
    def sentence(self) -> str:
        """Say what the filters brought last and find now, and what to do where that is little; '' for nothing."""
        said = [_last(self.last)] if self.last else []
        if self.found is not None and (self.last or self.is_low):
            said.append(_now(self.found, self.new))
        if self.is_low:
            said.append(_("Consider a wider region or other words."))
        elif self.found is None and self.telling:
            said.append(_("The same search finds mostly the same companies; those judged already cost nothing again."))
        return " ".join(said)


def _last(row: FilterHistory) -> str:
    values = {"when": naturaltime(row.created_at), "found": count(row.total), "new": percent(row.novelty)}
    if not row.total:
        return _("Last run with these filters: %(when)s, nothing found.") % values
    return (
        ngettext(
            "Last run with these filters: %(when)s, %(found)s company found, %(new)s new.",
            "Last run with these filters: %(when)s, %(found)s companies found, %(new)s new.",
            row.total,
        )
        % values
    )


def _now(found: int, new: int) -> str:
    if not found:
        return _("No company is found with them now.")
    return ngettext(
        "Of %(found)s company that is found now, %(new)s is new to you.",
        "Of %(found)s companies that are found now, %(new)s are new to you.",
        found,
    ) % {"found": count(found), "new": count(new)}


def history(workspace_id: int, filters_sha256: str) -> list[FilterHistory]:
    """Return what the filters of that name brought in the workspace's last runs, the newest first."""
    rows = FilterHistory.objects.filter(workspace_id=workspace_id, filters_sha256=filters_sha256)
    return list(rows.order_by("-created_at", "-pk")[:LOOKED_THROUGH])


def novelty(rows: Sequence[FilterHistory], *, limit: int, matching: Matching | None) -> Novelty:
    """Return how new the companies of a run for `limit` of them would be. `rows` are what `history` returned."""
    counted = matching if matching is not None and matching.is_counted else None
    return Novelty(
        last=rows[0] if rows else None,
        telling=next((row for row in rows if row.limit >= limit or row.found_all), None),
        found=len(counted.handles) if counted else None,
        new=len(counted.handles) - counted.known if counted else 0,
    )
