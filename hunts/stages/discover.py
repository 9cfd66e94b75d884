"""Discover: ask the searcher what the plan says. The one stage that works for the run and not for a candidate."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hunts.searches import Plan, Planned
from integrations.capabilities import FoundCompany, Searcher
from integrations.errors import ProviderError

# What one question asks for at most; vendors cap their answers at about this.
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question: how many companies it found, and how many no question before it had found.

    `problem` is why it was not answered; `was_asked` is False for a spare question that was not needed.
    """

    planned: Planned
    found: int = 0
    new: int = 0
    problem: str = ""
    was_asked: bool = True

    def to_json(self) -> dict[str, Any]:
        one = self.planned
        return {
            "text": one.query.text,
            "form": one.form,
            "why": one.why,
            "language": one.language,
            "countries": list(one.query.countries),
            "share": one.share,
            "found": self.found,
            "new": self.new,
            "problem": self.problem,
            "was_asked": self.was_asked,
        }


@dataclass(frozen=True, slots=True)
class Discovery:
    """The companies, best first, each domain once, and what came of each question. Iterated, it is the companies.

    `repeats` is how often a company was named that had been named before, in the same answer or in another one.
    """

    companies: tuple[FoundCompany, ...]
    asked: tuple[Asked, ...]
    repeats: int = 0

    def __iter__(self) -> Iterator[FoundCompany]:
        return iter(self.companies)

    def __len__(self) -> int:
        return len(self.companies)

    @property
    def plan_json(self) -> list[dict[str, Any]]:
        return [one.to_json() for one in self.asked]


async def run(plan: Plan, searcher: Searcher, *, limit: int) -> Discovery:
    """Return at most `limit` companies; companies without a domain are left out.

    A question that is refused or not answered is left out, with its reason. Raises ProviderError when none is
    answered, and BudgetRefused, when money or permission is lacking, whatever was answered until then.
    """
    first = [one for one in plan if not one.is_spare]
    answers = dict(zip(first, await _ask_all(first, searcher), strict=True))
    for spare in (one for one in plan if one.is_spare):
        if len(_merged(list(answers.values()))) >= limit:
            break
        answers[spare] = await _answer(spare, searcher)
    errors = [answer for answer in answers.values() if isinstance(answer, ProviderError)]
    if errors and len(errors) == len(answers):
        raise errors[0]
    companies = _merged(list(answers.values()))
    named = sum(bool(one.domain) for answer in answers.values() if isinstance(answer, list) for one in answer)
    return Discovery(tuple(companies[:limit]), tuple(_told(plan, answers)), named - len(companies))


Answer = list[FoundCompany] | ProviderError


async def _ask_all(questions: Sequence[Planned], searcher: Searcher) -> list[Answer]:
    """Return the answers in the order of the questions, which are asked at the same time."""
    # Not a TaskGroup: what is under way may be billed, so it is waited for even where another question is refused.
    answers = await asyncio.gather(*(_answer(one, searcher) for one in questions), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, ProviderError):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException) or isinstance(answer, ProviderError)]


async def _answer(question: Planned, searcher: Searcher) -> Answer:
    """Return up to the question's share of companies, page by page, or why there is no answer."""
    found: list[FoundCompany] = []
    while (room := question.share - len(found)) > 0:
        try:
            page = await searcher.search(question.query, limit=min(PAGE_SIZE, room), offset=len(found))
        except ProviderError as error:
            return found or error  # what came before the page that failed counts
        found += page
        if len(page) < min(PAGE_SIZE, room):
            break
    return found


def _merged(answers: Sequence[Answer]) -> list[FoundCompany]:
    """Return the companies of all answers by their best place in any; of equals, the earlier question's first."""
    best: dict[str, tuple[int, int, FoundCompany]] = {}
    for number, answer in enumerate(answers):
        for place, company in enumerate(_companies(answer)):
            if company.domain not in best or place < best[company.domain][0]:
                best[company.domain] = (place, number, company)
    ranked = sorted(best.values(), key=lambda one: one[:2])
    # Relevance is comparable within one answer only.
    is_one = len(answers) < 2
    return [one if is_one else replace(one, relevance=1 / (1 + at)) for at, (_, _, one) in enumerate(ranked)]


def _companies(answer: Answer) -> list[FoundCompany]:
    """Return an answer's companies with a domain, each domain once."""
    if isinstance(answer, ProviderError):
        return []
    by_domain: dict[str, FoundCompany] = {}
    for company in answer:
        if company.domain:
            by_domain.setdefault(company.domain, company)
    return list(by_domain.values())


def _told(plan: Plan, answers: dict[Planned, Answer]) -> Iterator[Asked]:
    seen: set[str] = set()
    for one in plan:
        if one not in answers:
            yield Asked(one, was_asked=False)
            continue
        answer = answers[one]
        domains = {company.domain for company in _companies(answer)}
        problem = answer.message if isinstance(answer, ProviderError) else ""
        yield Asked(one, found=len(domains), new=len(domains - seen), problem=problem)
        seen |= domains
