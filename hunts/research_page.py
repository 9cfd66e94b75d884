"""What a lead's page shows of its deep research: the questions, what answers them, and where each answer stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.models import Budget
from hunts.research import Estimate
from hunts.research import estimate as estimated
from hunts.research_answers import BY_PASSAGES
from hunts.research_models import Research, ResearchQuestion, Statement
from leads.models import Lead


@dataclass(frozen=True, slots=True)
class Cited:
    """A statement and the number of its source."""

    statement: Statement
    number: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and what was said in answer to it."""

    question: ResearchQuestion
    cited: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Panel:
    """A lead's newest research. `sources` are one statement for each place that is cited, in the order of numbers."""

    lead: Lead
    research: Research | None
    answers: Sequence[Answered] = ()
    sources: Sequence[Cited] = ()
    notes: Sequence[str] = ()
    estimate: Estimate | None = None
    may_change: bool = False

    @property
    def can_start(self) -> bool:
        """True where a new research makes sense: one that ended early is gone on with, not begun anew."""
        is_unfinished = self.research is not None and self.research.status != Research.Status.SUCCEEDED
        return self.estimate is not None and (self.done > 0 or not is_unfinished)

    @property
    def budget(self) -> Budget | None:
        return self.research.budget if self.research else None

    @property
    def done(self) -> int:
        return sum(one.question.status != ResearchQuestion.Status.OPEN for one in self.answers)

    @property
    def models(self) -> list[str]:
        """Who wrote the answers; [] where passages answer alone."""
        told = (one.question.answered_by for one in self.answers if one.question.answered_by)
        return [name for name in dict.fromkeys(told) if name != BY_PASSAGES]


def panel(lead: Lead, *, may_change: bool) -> Panel:
    """Return what to show; what a research would cost only to those who may start one."""
    own = Research.objects.filter(lead__in=Lead.objects.family_of(lead.pk))
    newest = own.select_related("budget", "hunt").order_by("-pk").first()
    can_start = may_change and lead.platform == Lead.Platform.WEB and (newest is None or not newest.is_live)
    estimate = estimated(lead) if can_start else None
    if newest is None:
        return Panel(lead, None, estimate=estimate, may_change=may_change)
    asked = list(newest.questions.prefetch_related("statements"))
    numbers: dict[tuple[str, int, int], int] = {}
    sources: list[Cited] = []
    answers = []
    for question in asked:
        cited = []
        for statement in question.statements.all():
            place = (statement.snapshot_id, statement.start, statement.end)
            if place not in numbers:
                numbers[place] = len(numbers) + 1
                sources.append(Cited(statement, numbers[place]))
            cited.append(Cited(statement, numbers[place]))
        answers.append(Answered(question, cited))
    notes = tuple(dict.fromkeys(question.note for question in asked if question.note))
    return Panel(lead, newest, answers, sources, notes, estimate, may_change)
