"""Retry from a stage: what stages found out is kept, so a run can be taken up at any of them.

What the stage that is asked for, and those after it, had found out is forgotten; what came before is used again. The
stage itself asks the world anew: crawl reads the sites over the network, qualify asks the judge though it judged these
very texts, enrich looks for contacts. Stages after it may use what is remembered, where they would be asked the same:
a site that reads as before is not judged, nor paid for, again. `Candidate.generation` is part of the journal's key, so
that the gateway does not answer from the attempt before; a crash in the middle is still answered from this one.

The lead itself shows what it showed until the new result is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import Budget
from hunts import pipeline
from hunts.estimate import of_rest
from hunts.models import Candidate, CandidateQuerySet, Run, RunEvent, Stage
from leads.models import Lead

ORDER: tuple[str, ...] = tuple(Stage.values)
STAGES: tuple[str, ...] = tuple(stage for stage in ORDER if stage != Stage.DEDUPE)

DOES = {
    "": gettext_lazy("Each company begins again at the stage where it failed."),
    Stage.PRESCREEN: gettext_lazy("The rules look at each company again."),
    Stage.CRAWL: gettext_lazy("Each site is read again over the network."),
    Stage.QUALIFY: gettext_lazy("The judge is asked about each company again."),
    Stage.ENRICH: gettext_lazy("Contacts are looked for again."),
    Stage.SCORE: gettext_lazy("Each score is worked out again from the verdicts."),
    Stage.DELIVER: gettext_lazy("Each lead is handed on again."),
}
REUSES = {
    "": gettext_lazy("Used again: all that the stages before found out, and answers that were paid for already."),
    Stage.PRESCREEN: gettext_lazy(
        "Used again: the companies found, pages read within the last %(days)s days, and verdicts on the same texts."
    ),
    Stage.CRAWL: gettext_lazy("Used again: the companies found, and verdicts where a site's text has not changed."),
    Stage.QUALIFY: gettext_lazy("Used again: the companies found and their pages."),
    Stage.ENRICH: gettext_lazy("Used again: the companies found, their pages and the verdicts."),
    Stage.SCORE: gettext_lazy("Used again: the companies found, their pages, the verdicts and the contacts."),
    Stage.DELIVER: gettext_lazy("Used again: everything but the last step."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done again.

    `stage` '' means of each the stage at which it failed. Without `candidate_ids` it is all of the run that came to
    the stage, and those that failed before it.
    """

    stage: str = ""
    candidate_ids: tuple[int, ...] | None = None
    failed_only: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a retry would do, before anybody presses it. Money is micro-dollars.

    `judged` companies may cost `each_microusd`; `left_microusd` is what the run may still spend, and where it stops.
    `problem` is '' or why it cannot be done now.
    """

    asked: Asked
    count: int
    from_earlier: int
    judged: int
    each_microusd: int
    left_microusd: int
    problem: str = ""

    @property
    def worst_case_microusd(self) -> int:
        return self.judged * self.each_microusd

    @property
    def is_enough(self) -> bool:
        """True where the run's limit allows for the worst case."""
        return self.worst_case_microusd <= self.left_microusd

    @property
    def label(self) -> str:
        """Where the companies begin, as people read it."""
        return str(Stage(self.asked.stage).label) if self.asked.stage else _("where it failed")

    @property
    def does(self) -> str:
        return str(DOES[self.asked.stage])

    @property
    def reuses(self) -> str:
        return str(REUSES[self.asked.stage]) % {"days": settings.PAGE_TTL_DAYS}


def preview(run: Run, asked: Asked) -> Preview:
    """Return what `asked` would do to `run`, what it uses again and what it costs at most. Changes nothing."""
    return _previews(run, [asked])[0][0]


def previews(run: Run, asked: Asked) -> tuple[list[Preview], Preview]:
    """Return the preview of each stage that some of the companies that `asked` is about came to, and that of failures.

    The latter is of what failed among them, each begun again where it failed.
    """
    offered = [Asked(stage, asked.candidate_ids, asked.failed_only) for stage in STAGES]
    *of_stages, (failed, _some) = _previews(run, [*offered, Asked(candidate_ids=asked.candidate_ids)])
    return [one for one, came_to_it in of_stages if came_to_it], failed


def _previews(run: Run, several: Sequence[Asked]) -> list[tuple[Preview, bool]]:
    """Return the preview of each, and whether any company of it came to its stage: one count for all of them."""
    each = of_rest(run, companies=1).cost.at_most or 0 if run.discovered_at else 0
    budget = Budget.objects.get(pk=run.budget_id)
    left = budget.cap_microusd - budget.spent_microusd - budget.reserved_microusd
    counts = _counts(run, several)
    return [
        (
            Preview(
                asked,
                count=of["count"],
                from_earlier=of["from_earlier"],
                judged=of["judged"],
                each_microusd=each,
                left_microusd=left,
                problem=_problem(run, asked, of["count"]),
            ),
            bool(of["came_to_it"]),
        )
        for asked, of in zip(several, counts, strict=True)
    ]


def _counts(run: Run, several: Sequence[Asked]) -> list[dict[str, int]]:
    """Return for each how many companies there are, begin before the stage, may be judged, and came to the stage."""
    columns = {
        f"{name}_{number}": Count("pk", filter=which)
        for number, asked in enumerate(several)
        for name, which in _kinds(asked).items()
    }
    found = _over(run).aggregate(**columns)
    names = _kinds(several[0])
    return [{name: found[f"{name}_{number}"] for name in names} for number, _asked in enumerate(several)]


def _kinds(asked: Asked) -> dict[str, Q]:
    """Return what is counted of the companies that are over."""
    until_judged = Q(stage__in=ORDER[: ORDER.index(Stage.ENRICH)])
    earlier = judged = Q(pk__in=[])
    for where, stage in _ways(asked):
        if not stage or ORDER.index(stage) <= ORDER.index(Stage.QUALIFY):
            judged |= where if stage else where & until_judged
        if stage and stage != asked.stage:
            earlier |= where
    picked = _picking(asked)
    came_to_it = Q(stage__in=_from(asked.stage)) if asked.stage else Q()
    return {
        "count": picked,
        "from_earlier": picked & earlier,
        "judged": picked & judged,
        "came_to_it": picked & came_to_it,
    }


def retry(run: Run, asked: Asked) -> int:
    """Begin again what `asked` picks and return how many companies that is; the caller nudges a worker.

    Raises NotStarted, with nothing changed, where there is nothing to do again, where the run is not over (single
    companies that are done can be begun again even then), or where somebody else was first.
    """
    if not asked.stage and asked.candidate_ids is None:
        return _retry_failed(run)
    with transaction.atomic():
        line = _line(asked)
        if not pipeline.begin_again(run, note=line):
            _hold_live(run, asked, line)
        count = sum(
            _picked(run, asked).filter(where).update(**_forgetting(stage, asked)) for where, stage in _ways(asked)
        )
        if not count:
            raise pipeline.NotStarted(_nothing(asked))
    run.refresh_from_db()
    return count


def _retry_failed(run: Run) -> int:
    """Begin again what failed, where it failed; 0 companies where that was the search."""
    with transaction.atomic():
        count = _picked(run, Asked()).count()
        if not pipeline.retry(run):
            run.refresh_from_db(fields=["status"])
            raise pipeline.NotStarted(_nothing(Asked()) if run.is_over else _not_over(run))
    return count


def _hold_live(run: Run, asked: Asked, line: str) -> None:
    """Hold the row of a run that is not over, so that it is not concluded before its company is queued again."""
    if asked.candidate_ids is None:
        raise pipeline.NotStarted(_not_over(run))
    if not Run.objects.filter(pk=run.pk, status__in=(*Run.LIVE, Run.Status.PAUSED)).update(status=F("status")):
        raise pipeline.NotStarted(_("The run has just ended. Press again."))
    RunEvent.objects.create(run=run, message=line[:500])


def _picked(run: Run, asked: Asked) -> CandidateQuerySet:
    return _over(run).filter(_picking(asked))


def _over(run: Run) -> CandidateQuerySet:
    over = Candidate.objects.filter(run_id=run.pk, status__in=Candidate.OVER)
    # What turned out to be another company is done with that one.
    return over.exclude(lead_id__in=Lead.objects.filter(candidacies__run=run, merged_into__isnull=False).values("pk"))


def _picking(asked: Asked) -> Q:
    """Return which of the companies that are over are asked for."""
    picked = Q() if asked.candidate_ids is None else Q(pk__in=asked.candidate_ids)
    if asked.failed_only or not asked.stage:
        picked &= Q(status=Candidate.Status.FAILED)
    if asked.stage:
        picked &= Q(stage__in=_from(asked.stage)) | Q(status=Candidate.Status.FAILED)
    return picked


def _from(stage: str) -> Sequence[str]:
    return ORDER[ORDER.index(stage) :]


def _ways(asked: Asked) -> list[tuple[Q, str]]:
    """Return which of the picked companies begin where, each in one way only; '' is the stage where it stands.

    A company that was judged in an earlier run was not read in this one: where its pages are needed, it begins there.
    """
    if not asked.stage:
        return [(Q(), "")]
    rest = Q(stage__in=_from(asked.stage))
    ways = [(~rest, "")]
    if asked.stage in (Stage.QUALIFY, Stage.ENRICH):
        is_read = Q(facts__has_key="pages")
        ways.append((rest & ~is_read, Stage.CRAWL))
        rest &= is_read
    if asked.stage in (Stage.ENRICH, Stage.SCORE):
        is_judged = Q(assessment__isnull=False)
        ways.append((rest & ~is_judged, Stage.CRAWL))
        rest &= is_judged
    return [*ways, (rest, asked.stage)]


def _forgetting(stage: str, asked: Asked) -> Mapping[str, Any]:
    """Return the columns of a candidate that begins again at `stage`, without what that and later stages found out."""
    columns: dict[str, Any] = {
        "status": Candidate.Status.QUEUED,
        "attempts": 0,
        "deaths": 0,
        "not_before": None,
        "lease_expires_at": None,
        "finished_at": None,
        "changed_at": timezone.now(),
        # What was handed on keeps the reason of its score.
        "reason": Case(When(status=Candidate.Status.QUALIFIED, then=F("reason")), default=Value("")),
    }
    if not stage:
        return columns
    columns |= {"stage": stage, "generation": F("generation") + 1, "anew_stage": asked.stage}
    if stage != Stage.DELIVER:
        columns |= {"reason": "", "score": None, "tier": "", "cost_microusd": 0}
    if stage in ORDER[: ORDER.index(Stage.ENRICH)]:
        columns |= {"assessment": None, "answers": "", "is_cached": False}
    if stage in ORDER[: ORDER.index(Stage.QUALIFY)]:
        columns |= {"facts": {}, "identity": None}
    return columns


def _problem(run: Run, asked: Asked, count: int) -> str:
    """Return why `asked` cannot be done now, or ''."""
    if not run.is_over and asked.candidate_ids is None:
        return _not_over(run)
    return "" if count else _nothing(asked)


def _not_over(run: Run) -> str:
    if run.status == Run.Status.PAUSED:
        return _("The run is paused. Resume it, or cancel it, before all of it is done again.")
    return _("The run is still going on. Wait until it is over; single companies that are done can be retried.")


def _nothing(asked: Asked) -> str:
    if asked.candidate_ids is not None:
        return _("This company is being worked on, or it has not come to that stage.")
    if asked.failed_only or not asked.stage:
        return _("Nothing of this run failed.")
    return _("No company of this run came to that stage.")


def _line(asked: Asked) -> str:
    """Return what the log says of a retry."""
    if not asked.stage:
        return _("Retry of what failed.")
    stage = str(Stage(asked.stage).label)
    if asked.candidate_ids is not None:
        count = len(asked.candidate_ids)
        return ngettext("Retry of %(n)s company from %(stage)s.", "Retry of %(n)s companies from %(stage)s.", count) % {
            "n": count,
            "stage": stage,
        }
    if asked.failed_only:
        return _("Retry of what failed, from %(stage)s.") % {"stage": stage}
    return _("Retry from %(stage)s.") % {"stage": stage}
