"""What a run tells people: how far it is, how it ended and why, what it would cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import ledger
from billing.models import Budget
from hunts.models import Candidate, Run, RunEvent, Stage
from leads.scoring import Tier

FUNNEL_STAGES: tuple[str, ...] = tuple(Stage.values)


@dataclass(frozen=True)
class Step:
    """One step of the funnel and how many candidates have come at least that far."""

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class Progress:
    """How far a run is, from one look at its rows."""

    found: int
    cached: int
    duplicates: int
    over: int
    reached: dict[str, int]  # by stage: candidates that came to it or beyond
    by_status: dict[str, int]
    by_tier: dict[str, int]
    with_contact: int
    spent_microusd: int
    cap_microusd: int
    seconds: float
    is_live: bool

    @cached_property
    def judged(self) -> int:
        """Candidates that have been through `qualify`, or were spared it by an earlier judgement."""
        return self.reached[Stage.ENRICH]

    @property
    def qualified(self) -> int:
        return self.by_status.get(Candidate.Status.QUALIFIED, 0)

    @property
    def failed(self) -> int:
        return self.by_status.get(Candidate.Status.FAILED, 0)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.over / self.found if self.found else 0.0

    @property
    def eta_seconds(self) -> int | None:
        """How long the rest takes at the pace so far; `None` while there is no pace to tell it from."""
        if not self.is_live or self.over < 3 or self.over == self.found or self.seconds < 3:
            return None
        return round(self.seconds / self.over * (self.found - self.over))

    @property
    def funnel(self) -> list[Step]:
        return [
            Step("found", _("Found"), self.found),
            Step("new", _("New"), self.found - self.cached),
            Step("prescreened", _("Prescreened"), self.reached[Stage.CRAWL]),
            Step("judged", _("Judged"), self.judged),
            Step("qualified", _("Qualified"), self.qualified),
            Step("with_contact", _("With contact"), self.with_contact),
        ]


def progress(run: Run) -> Progress:
    """Return how far `run` is: one query over its candidates and one for its money."""
    rows = list(
        run.candidates.values("stage", "status", "tier", "is_cached").annotate(
            count=Count("pk"), mailable=Count("pk", filter=~Q(lead__contact_email=""))
        )
    )
    money = Budget.objects.get(pk=run.budget_id)
    ended = run.finished_at or timezone.now()
    over = [row for row in rows if row["status"] in Candidate.OVER]
    return Progress(
        found=_total(rows),
        cached=_total(row for row in rows if row["is_cached"]),
        duplicates=_total(r for r in rows if r["status"] == Candidate.Status.REJECTED and r["stage"] == Stage.CRAWL),
        over=_total(over),
        reached={stage: _total(row for row in rows if _came_to(row, stage)) for stage in FUNNEL_STAGES},
        by_status={
            status: _total(row for row in rows if row["status"] == status) for status in Candidate.Status.values
        },
        by_tier={tier: _total(row for row in over if row["tier"] == tier) for tier in Tier},
        with_contact=sum(row["mailable"] for row in rows if row["status"] == Candidate.Status.QUALIFIED),
        spent_microusd=money.spent_microusd,
        cap_microusd=money.cap_microusd,
        seconds=(ended - run.started_at).total_seconds() if run.started_at else 0.0,
        is_live=run.is_live,
    )


def _total(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(row["count"] for row in rows)


def _came_to(row: Mapping[str, object], stage: str) -> bool:
    return FUNNEL_STAGES.index(str(row["stage"])) >= FUNNEL_STAGES.index(stage)


def is_unfinished(run: Run) -> bool:
    """True while the run has work left for some worker; a run whose last candidate is over is concluded here."""
    if not Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).exists():
        return False
    if run.candidates.unfinished().exists():
        return True
    if not Run.objects.filter(pk=run.pk, discovered_at__isnull=False).exists():
        return True  # another worker is still searching
    with transaction.atomic():
        ended = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(
            status=Run.Status.SUCCEEDED, finished_at=timezone.now()
        )
        if ended:
            ledger.close(run.budget_id)
            conclude(run)
    return False


def conclude(run: Run) -> None:
    """Write the summary of a run that is over."""
    run.refresh_from_db()
    text = summary(progress(run))
    Run.objects.filter(pk=run.pk).update(summary=text)
    RunEvent.objects.create(run=run, message=text[:500])
    run.summary = text


def fail(run: Run, message: str) -> None:
    """End a run that could not begin, with a reason that can be shown."""
    with transaction.atomic():
        Run.objects.live().filter(pk=run.pk).update(
            status=Run.Status.FAILED, note=message[:500], finished_at=timezone.now()
        )
        ledger.close(run.budget_id)
        RunEvent.objects.create(run=run, level=RunEvent.Level.ERROR, message=message[:500])


def summary(now: Progress) -> str:
    """Say in plain words what a run found."""
    if not now.found:
        return _("Found no company that matches. Try other words, a wider region or another source.")
    parts = [
        ngettext("Found %(n)s company", "Found %(n)s companies", now.found) % {"n": now.found},
        _("%(n)s passed prescreen") % {"n": now.reached[Stage.CRAWL]},
        _("%(n)s judged") % {"n": now.judged},
        _("%(n)s in tier A") % {"n": now.by_tier[Tier.A]},
        _("%(n)s in tier B") % {"n": now.by_tier[Tier.B]},
    ]
    text = ", ".join(parts) + "."
    without = now.qualified - now.with_contact
    if without:
        text += " " + ngettext("%(n)s lead has no e-mail.", "%(n)s leads have no e-mail.", without) % {"n": without}
    if now.cached:
        text += " " + _("%(n)s were judged before and cost nothing.") % {"n": now.cached}
    if now.failed:
        text += " " + ngettext("%(n)s failed: retry it.", "%(n)s failed: retry them.", now.failed) % {"n": now.failed}
    return text


def cap_note(run: Run) -> str:
    """Say why a run stopped at its limit and what to do."""
    now = progress(run)
    return _(
        "Stopped at your limit of $%(cap).2f: %(judged)s of about %(found)s companies judged. Raise the limit to go on."
    ) % {
        "cap": now.cap_microusd / 1_000_000,
        "judged": now.judged,
        "found": now.found or run.limit,
    }
