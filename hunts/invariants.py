"""What is true of runs, candidates, leads and money in every committed state.

Each rule yields a plain sentence, with the numbers of the rows, for all that is not as it must be. Tests ask them after
every crash, operators by `manage.py check_invariants`. The database compares, and gives only the rows that are wrong:
millions of them take no more memory here than one.
"""

from collections.abc import Callable, Iterator, Sequence

from django.db import connection
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat, Length, Replace

from billing import invariants as books
from billing.models import Hold
from hunts.models import Candidate, CandidateQuerySet, Run
from hunts.research_models import Research
from integrations.models import ProviderCall
from leads.merge_models import Merge
from leads.models import Evidence, Lead

Rule = Callable[[int | None], Iterator[str]]

ANSWERED, FAILED = ProviderCall.Status.ANSWERED, ProviderCall.Status.FAILED


def _runs(workspace_id: int | None) -> QuerySet[Run]:
    return Run.objects.filter(workspace_id=workspace_id) if workspace_id else Run.objects.all()


def _candidates(workspace_id: int | None) -> CandidateQuerySet:
    return Candidate.objects.filter(run__workspace_id=workspace_id) if workspace_id else Candidate.objects.all()


def _calls(workspace_id: int | None) -> QuerySet[ProviderCall]:
    return ProviderCall.objects.filter(workspace_id=workspace_id) if workspace_id else ProviderCall.objects.all()


def runs_that_are_over_say_when(workspace_id: int | None) -> Iterator[str]:
    """A run that is over has a time of its end, one that is not has none."""
    over = Q(status__in=Run.OVER)
    astray = _runs(workspace_id).filter((over & Q(finished_at=None)) | (~over & Q(finished_at__isnull=False)))
    for run in astray.iterator():
        yield f"Run {run.pk} is {run.status}, and its end is given as {run.finished_at}."


def budgets_are_open_while_their_runs_are_live(workspace_id: int | None) -> Iterator[str]:
    """Money can be spent on live runs and on no others, so that neither a run is stuck nor one that is over spends."""
    live = Q(status__in=Run.LIVE)
    astray = _runs(workspace_id).filter((live & Q(budget__is_open=False)) | (~live & Q(budget__is_open=True)))
    for run in astray.iterator():
        yield f"Run {run.pk} is {run.status}, but its budget {run.budget_id} is {'closed' if run.is_live else 'open'}."


def live_runs_have_a_way_forward(workspace_id: int | None) -> Iterator[str]:
    """Whatever a worker has in its hands has a lease, so that somebody else can take it over."""
    working = _candidates(workspace_id).filter(status=Candidate.Status.WORKING, lease_expires_at=None)
    for candidate in working.iterator():
        yield f"Candidate {candidate.pk} of run {candidate.run_id} is being worked on without a lease."


def runs_that_ended_well_have_nothing_left(workspace_id: int | None) -> Iterator[str]:
    """A run that succeeded or was cancelled has no candidate that still waits for a worker."""
    ended = (Run.Status.SUCCEEDED, Run.Status.CANCELLED)
    for candidate in _candidates(workspace_id).unfinished().filter(run__status__in=ended).select_related("run"):
        yield f"Candidate {candidate.pk} is {candidate.status}, but its run {candidate.run_id} {candidate.run.status}."


def candidates_that_are_over_say_when(workspace_id: int | None) -> Iterator[str]:
    """A candidate that is over has a time of its end and no lease; one that is not has no such time."""
    over = Q(status__in=Candidate.OVER)
    ended_badly = over & (Q(finished_at=None) | Q(lease_expires_at__isnull=False))
    for candidate in _candidates(workspace_id).filter(ended_badly | (~over & Q(finished_at__isnull=False))):
        yield (
            f"Candidate {candidate.pk} of run {candidate.run_id} is {candidate.status}, its end is given as "
            f"{candidate.finished_at} and its lease as {candidate.lease_expires_at}."
        )


def qualified_candidates_are_scored(workspace_id: int | None) -> Iterator[str]:
    """Nobody is qualified without a score, a tier and the judgement that they rest on."""
    unexplained = Q(score=None) | Q(tier="") | Q(assessment=None)
    for candidate in _candidates(workspace_id).filter(unexplained, status=Candidate.Status.QUALIFIED):
        yield f"Candidate {candidate.pk} of run {candidate.run_id} is qualified without a score or a judgement."


def judgements_belong_to_their_leads(workspace_id: int | None) -> Iterator[str]:
    """The judgement that a candidate or a lead shows is about that lead, or about one that was merged into it."""
    foreign = _candidates(workspace_id).exclude(assessment=None).exclude(assessment__lead=F("lead"))
    for candidate in foreign:
        yield f"Candidate {candidate.pk} shows judgement {candidate.assessment_id}, which is about another lead."
    strangers = _candidates(workspace_id).exclude(lead__assessment=None).exclude(lead__assessment__lead=F("lead"))
    unmerged = strangers.exclude(lead__assessment__lead__merged_into=F("lead__merged_into"))
    for lead_id in unmerged.exclude(lead__assessment__lead__merged_into=F("lead")).values_list("lead", flat=True):
        yield f"Lead {lead_id} shows a judgement that is about another lead."


def candidates_say_what_was_judged(workspace_id: int | None) -> Iterator[str]:
    """A candidate's letters have a "y" for each criterion that its judgement says was met, and none without one."""
    met = Evidence.objects.filter(assessment=OuterRef("assessment"), verdict=Evidence.Verdict.YES).order_by()
    counted = _candidates(workspace_id).annotate(
        letters=Length("answers") - Length(Replace("answers", Value("y"))),
        met=Coalesce(Subquery(met.values("assessment").annotate(count=Count("pk")).values("count")), 0),
    )
    for pk, said, number in counted.exclude(letters=F("met")).values_list("pk", "answers", "met"):
        yield f"Candidate {pk} says {said!r}, and {number} criteria were met."


def merged_leads_point_at_one_that_stands(workspace_id: int | None) -> Iterator[str]:
    """A merged lead points at one that is not merged itself, and one merge that nobody undid says why."""
    leads = Lead.objects.filter(workspace_id=workspace_id) if workspace_id else Lead.objects.all()
    for lead in leads.filter(merged_into__merged_into__isnull=False):
        yield f"Lead {lead.pk} is merged into {lead.merged_into_id}, which is merged itself."
    standing = Exists(Merge.objects.standing().filter(merged=OuterRef("pk")))
    for lead in leads.filter(Q(standing, merged_into=None) | Q(~standing, merged_into__isnull=False)):
        yield f"Lead {lead.pk} is merged into {lead.merged_into_id}, and the merges say otherwise."


def leads_stay_in_their_workspace(workspace_id: int | None) -> Iterator[str]:
    """A run finds leads of its own workspace."""
    for candidate in _candidates(workspace_id).exclude(lead__workspace=F("run__workspace")):
        yield f"Candidate {candidate.pk} of run {candidate.run_id} is a lead of another workspace."


def a_question_is_answered_once(workspace_id: int | None) -> Iterator[str]:
    """What was asked for one purpose has one answer that counts, so that it is charged to the lead once."""
    twice = _calls(workspace_id).filter(status=ANSWERED).order_by().values("workspace", "key")
    for row in twice.annotate(count=Count("pk")).filter(count__gt=1):
        yield f"Question {row['key']} of workspace {row['workspace']} has {row['count']} answers."


# A join: one look at the journal for all holds.
_CHARGED_WITHOUT_A_CALL = """
SELECT hold.id, hold.settled_microusd FROM billing_hold AS hold LEFT JOIN integrations_providercall AS made
    ON made.hold_id = hold.id AND made.cost_microusd = hold.settled_microusd
WHERE hold.status = %(settled)s AND made.id IS NULL AND hold.workspace_id = COALESCE(%(workspace)s, hold.workspace_id)
ORDER BY hold.id"""


def charges_have_a_call(workspace_id: int | None) -> Iterator[str]:
    """Every hold that was settled or released is that of one call in the journal, at its price."""
    with connection.cursor() as cursor:
        cursor.execute(_CHARGED_WITHOUT_A_CALL, {"settled": Hold.Status.SETTLED, "workspace": workspace_id})
        for pk, settled in cursor:
            yield f"Hold {pk} was settled at {settled} µ$, and no call says that it cost that."
    answered = _calls(workspace_id).filter(status=ANSWERED, hold_id__isnull=False)
    for hold in Hold.objects.filter(status=Hold.Status.HELD, pk__in=answered.values("hold_id")).iterator():
        yield f"Hold {hold.pk} is still held, but its call was answered."
    shared = _calls(workspace_id).exclude(hold_id=None).order_by().values("hold_id")
    for row in shared.annotate(count=Count("pk")).filter(count__gt=1):
        yield f"Hold {row['hold_id']} is that of {row['count']} calls."


def runs_spent_what_their_calls_cost(workspace_id: int | None) -> Iterator[str]:
    """What a run or a research has spent is what its calls cost, less what was refunded, plus what was written off."""
    whose = {"workspace_id": workspace_id} if workspace_id else {}
    numbered = Cast("pk", CharField())
    runs = Run.objects.filter(**whose).annotate(ref=numbered)
    researches = Research.objects.filter(**whose).annotate(ref=Concat(Value("research:"), numbered))
    for spenders in (runs, researches):
        told = spenders.annotate(cost=_costs_of("run_ref"), told=F("budget__spent_microusd") + _NOT_IN_CALLS)
        wrong = told.exclude(cost=F("told")).values_list("ref", "budget", "budget__spent_microusd", "cost")
        for ref, budget, spent, cost in wrong.iterator():
            yield f"Run {ref} has spent {spent} µ$ of its budget {budget}, its calls cost {cost} µ$."


def candidates_cost_what_their_calls_cost(workspace_id: int | None) -> Iterator[str]:
    """A scored candidate's cost is that of its calls; less only by those that another worker made beside its own."""
    scored = _candidates(workspace_id).filter(score__isnull=False, status__in=Candidate.OVER)
    told = scored.annotate(ref=Cast("pk", CharField())).annotate(
        answered=_costs_of("candidate_ref", status=ANSWERED), most=_costs_of("candidate_ref")
    )
    wrong = told.exclude(cost_microusd__gte=F("answered"), cost_microusd__lte=F("most"))
    for pk, cost, answered, most in wrong.values_list("pk", "cost_microusd", "answered", "most").iterator():
        yield f"Candidate {pk} cost {cost} µ$, and its calls {answered} µ$ ({most} µ$ with those made twice)."


def _costs_of(whose: str, **which: object) -> Coalesce:
    """Return what the calls cost whose column `whose` names the row by its `ref`."""
    calls = ProviderCall.objects.filter(**{whose: OuterRef("ref")}, **which).order_by().values(whose)
    return Coalesce(Subquery(calls.annotate(total=Sum("cost_microusd")).values("total")), Value(0))


# What a budget's calls cost and it was not charged for, less what it was charged for without knowing of a call.
_NOT_IN_CALLS = Coalesce(
    Subquery(
        Hold.objects.filter(budget=OuterRef("budget"))
        .order_by()
        .values("budget")
        .annotate(
            total=Sum("overdraw_microusd")
            + Sum("refunded_microusd")
            - Sum("settled_microusd", default=0, filter=Q(status=Hold.Status.SPENT_UNKNOWN))
        )
        .values("total")
    ),
    Value(0),
)


def calls_that_failed_gave_no_answer(workspace_id: int | None) -> Iterator[str]:
    """A call that failed has no answer that could be given to somebody."""
    for call in _calls(workspace_id).filter(status=FAILED, answer__isnull=False):
        yield f"Call {call.pk} failed and has an answer."


RULES: Sequence[Rule] = (
    runs_that_are_over_say_when,
    budgets_are_open_while_their_runs_are_live,
    live_runs_have_a_way_forward,
    runs_that_ended_well_have_nothing_left,
    candidates_that_are_over_say_when,
    qualified_candidates_are_scored,
    judgements_belong_to_their_leads,
    candidates_say_what_was_judged,
    merged_leads_point_at_one_that_stands,
    leads_stay_in_their_workspace,
    a_question_is_answered_once,
    charges_have_a_call,
    runs_spent_what_their_calls_cost,
    candidates_cost_what_their_calls_cost,
    calls_that_failed_gave_no_answer,
)


def violations(workspace_id: int | None = None) -> Iterator[str]:
    """Yield a sentence for everything that is not as it must be, of one workspace or of all.

    The books are one for the installation, and are always checked as a whole.
    """
    for rule in RULES:
        yield from rule(workspace_id)
    yield from books.violations()
