"""How many people the company employs and since when it exists."""

from integrations.capabilities import Criterion, Opinion, Range, ReadPage
from integrations.judging.reading import Reading, opinion, unclear
from integrations.lexicon import sizes
from integrations.lexicon.words import fold


def judge_employees(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge the headcount that the company states; the first statement that is not about others counts."""
    asked = sizes.employees_in(criterion.text)
    if asked is None:
        return unclear(criterion, "The criterion names no number.")
    if "Employees" in reading.facts:
        page, line = reading.facts["Employees"]
        return _answer(criterion, asked.range, _recorded(line), page, line, 0.95, "employees")
    for page, sentence in reading.numbered:
        if sentence.passing_from == 0:  # of its customers, or denied
            continue
        for _, stated in sizes.exact_employees(fold(sentence.text)):
            return _answer(criterion, asked.range, stated, page, sentence.text, 0.65, "employees")
    return unclear(criterion, "It does not say how many people it employs.")


def _recorded(line: str) -> Range:
    value = line.split(": ", 1)[1].replace("up to ", "0-")
    low, _, high = value.rstrip("+").partition("-")
    if not low.isdigit():
        return Range()
    return Range(int(low), int(high) if high.isdigit() else None if value.endswith("+") else int(low))


def _answer(
    criterion: Criterion, asked: Range, stated: Range, page: ReadPage, line: str, sure: float, what: str
) -> Opinion:
    if not stated:
        return unclear(criterion, f"The number of {what} is not stated.")
    if not asked.overlaps(stated):
        return opinion(criterion, "no", page, line, sure, f"The number of {what} it states is outside the range.")
    inside = all(value is None or asked.contains(value) for value in (stated.min, stated.max))
    return opinion(
        criterion, "yes", page, line, sure if inside else sure - 0.3, f"The number of {what} it states fits."
    )


def judge_founded(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge the founding year that the company states."""
    asked = sizes.founded_in(criterion.text)
    if asked is None:
        return unclear(criterion, "The criterion names no year.")
    if "Founded" in reading.facts:
        page, line = reading.facts["Founded"]
        year = int(line.split(": ", 1)[1])
        return _answer(criterion, asked.range, Range(year, year), page, line, 0.95, "founding year")
    for page, sentence in reading.numbered:
        stated = sizes.founded_in(sentence.text)
        if stated and stated.range.min is not None:
            return _answer(criterion, asked.range, stated.range, page, sentence.text, 0.75, "founding year")
    return unclear(criterion, "It does not say when it was founded.")
