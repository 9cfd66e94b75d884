"""How often each criterion of a run was met, counted from one letter a criterion that each candidate keeps.

The verdicts are rows of leads: a run of ten thousand companies has tens of thousands, too many to be counted each time
that somebody looks. Whoever gives a candidate its judgement, takes it away or changes it keeps the letters right.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count

from hunts.icp import Icp
from hunts.models import Candidate, Run
from leads.evidence import Finding
from leads.models import Evidence

LETTERS = {
    Evidence.Verdict.YES: "y",
    Evidence.Verdict.NO: "n",
    Evidence.Verdict.UNCLEAR: "u",
    Evidence.Verdict.UNVERIFIED: "v",
}
NONE = "-"  # a criterion that nobody judged it by

# What was asked, as a verdict has it: the sentence, and its kind.
Question = tuple[str, str]


def letters(icp: Icp, verdicts: Mapping[Question, str]) -> str:
    """Return a letter for each criterion of a profile, in its order."""
    told = (verdicts.get((asked.text[:500], asked.kind)) for asked in icp.criteria)
    return "".join(LETTERS[Evidence.Verdict(verdict)] if verdict else NONE for verdict in told)


def of_findings(icp: Icp, findings: Iterable[Finding]) -> str:
    """Return the letters of a judgement that is being saved."""
    return letters(icp, {(one.criterion.text[:500], one.criterion.kind): one.verdict for one in findings})


def of_rows(icp: Icp, rows: Iterable[Evidence]) -> str:
    """Return the letters of a judgement that is stored."""
    return letters(icp, {(row.text, row.kind): row.verdict for row in rows})


def write_again(assessment_id: int) -> None:
    """Let all candidates that show a judgement say what its verdicts are by now."""
    rows = list(Evidence.objects.filter(assessment=assessment_id))
    for candidate in Candidate.objects.filter(assessment=assessment_id).select_related("run"):
        Candidate.objects.filter(pk=candidate.pk).update(answers=of_rows(candidate.run.icp, rows))


def criteria(run: Run) -> list[dict[str, Any]]:
    """Return how often each criterion was met, so that people see which one leaves them without leads: one query."""
    judged = run.candidates.exclude(answers="").order_by().values_list("answers").annotate(count=Count("pk"))
    met, asked = Counter[int](), Counter[int]()
    for answers, count in judged:
        for place, letter in enumerate(answers):
            met[place] += count * (letter == LETTERS[Evidence.Verdict.YES])
            asked[place] += count * (letter != NONE)
    return [
        {"text": one.text, "kind": one.kind, "met": met[place], "asked": asked[place]}
        for place, one in enumerate(run.icp.criteria)
        if asked[place]
    ]
