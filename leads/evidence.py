"""A quote is checked against the text that was stored, by code and not by whoever quoted it."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.capabilities import Criterion, Judgement, Opinion, ReadPage
from integrations.lexicon import injection
from integrations.lexicon.text import normalise
from leads.scoring import Scored, Verdict

# Fewer characters than this prove nothing: they stand in any text.
SHORTEST_QUOTE = 4
LONGEST_QUOTE = 600
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: the page, its stored text, and the offsets in characters."""

    url: str
    sha256: str
    start: int
    end: int
    text: str  # the words as they stand in the stored text
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one criterion after its quote was looked for."""

    criterion: Criterion
    verdict: Verdict
    claimed: str
    confidence: float
    reason: str
    place: Place | None = None

    def scored(self) -> Scored:
        asked = self.criterion
        return Scored(asked.key, asked.text, asked.kind, asked.weight, self.verdict, self.confidence)


# A judge writes these as its keyboard has them; which of them stands on the page changes nothing of what is said.
_ALIKE = {letter: f"[{re.escape(alike)}]" for alike in ("'’‘ʼ`", "-‐‑‒–—−", '"“”„‟«»') for letter in alike}
_AROUND = re.compile(r"""^(?:\.{3}|[\s"'“”„«»‘’])+|(?:\.{3}|[\s"'“”„«»‘’])+$""")


def locate(quote: str, pages: Sequence[ReadPage], *, url: str = "") -> Place | None:
    """Return where `quote` stands word for word, the page at `url` first; `None` where it stands nowhere.

    Only white space, quotation marks and dashes may differ: a line break on the page is a space in a sentence.
    What is returned is always a piece of the stored text.
    """
    words = _words(quote)
    if not SHORTEST_QUOTE <= _length(words) <= LONGEST_QUOTE:
        return None
    as_written, pattern = " ".join(words), None
    for page in sorted(pages, key=lambda page: page.url != url):
        start = page.text.find(as_written)
        if start >= 0:
            return Place(page.url, page.sha256, start, start + len(as_written), as_written, page.fetched_at)
        pattern = pattern or _pattern(words)
        if found := pattern.search(page.text):
            return Place(page.url, page.sha256, found.start(), found.end(), found.group(), page.fetched_at)
    return None


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Return what finds `words` however they are spaced, quoted and hyphenated."""
    return re.compile(r"\s+".join("".join(_ALIKE.get(letter) or re.escape(letter) for letter in w) for w in words))


def _words(quote: str) -> list[str]:
    """Return the words of a quote without the marks that a judge puts around it. (Normalised, … is three dots.)"""
    return _AROUND.sub("", normalise(quote)).split()


def _length(words: Sequence[str]) -> int:
    return sum(map(len, words))


def check(judgement: Judgement, criteria: Sequence[Criterion], pages: Sequence[ReadPage]) -> list[Finding]:
    """Return a finding for each criterion, in order; what was not answered, or in two ways, is unclear.

    A yes needs a quote that is found, and not in a text that tells its reader what to answer. A no may rest on
    silence, but a quote that it gives must be found too. Where one is missing, the judge's reason is not shown either:
    it would be a claim without proof. Answers to what was not asked are dropped.
    """
    said: defaultdict[str, list[Opinion]] = defaultdict(list)
    for opinion in judgement.opinions:
        said[opinion.criterion].append(opinion)
    return [_finding(criterion, said[criterion.key], pages) for criterion in criteria]


def _finding(criterion: Criterion, opinions: Sequence[Opinion], pages: Sequence[ReadPage]) -> Finding:
    if not opinions:
        return Finding(criterion, "unclear", "unclear", 0.0, _("The judge gave no answer to this."))
    if len({opinion.answer for opinion in opinions}) > 1:
        return Finding(criterion, "unclear", "unclear", 0.0, _("The judge answered this twice, in different ways."))
    opinion = opinions[0]
    place = locate(opinion.quote, pages, url=opinion.url) if opinion.quote else None
    needs_proof = opinion.answer == "yes" or (opinion.answer == "no" and bool(opinion.quote))
    if needs_proof and place is None:
        return Finding(criterion, "unverified", opinion.answer, _confidence(opinion), _why_unproven(opinion))
    if place is not None and _orders_its_reader(place, pages):
        why = _("The judge quotes a text that gives orders to whoever reads it. That proves nothing.")
        return Finding(criterion, "unverified", opinion.answer, _confidence(opinion), why)
    return Finding(criterion, opinion.answer, opinion.answer, _confidence(opinion), one_line_of(opinion.reason), place)


def _orders_its_reader(place: Place, pages: Sequence[ReadPage]) -> bool:
    """Say whether the quoted lines, or those beside them on a web page, tell their reader what to answer."""
    page = next(page for page in pages if (page.url, page.sha256) == (place.url, place.sha256))
    lines = page.text.split("\n")
    first, last = (page.text.count("\n", 0, offset) for offset in (place.start, place.end))
    if page.how == "record":
        return any(map(injection.is_suspect, lines[first : last + 1]))
    above = max(first - 1, 0)
    trusted = injection.without_orders(lines[above : last + 2])
    return not all(trusted[first - above : last - above + 1])


def _confidence(opinion: Opinion) -> float:
    sure = opinion.confidence if math.isfinite(opinion.confidence) else 0.0
    return round(min(max(sure, 0.0), 1.0), 3)


def _why_unproven(opinion: Opinion) -> str:
    length = _length(_words(opinion.quote))
    if length == 0:
        return _("The judge says %(answer)s but quotes nothing.") % {"answer": _answer(opinion)}
    if length < SHORTEST_QUOTE:
        return _("The judge says %(answer)s, but its quote is too short to prove it.") % {"answer": _answer(opinion)}
    if length > LONGEST_QUOTE:
        return _("The judge says %(answer)s, but its quote is too long to be one.") % {"answer": _answer(opinion)}
    return _("The judge says %(answer)s, but its quote stands on none of the pages that were read.") % {
        "answer": _answer(opinion)
    }


def _answer(opinion: Opinion) -> str:
    return _("yes") if opinion.answer == "yes" else _("no")


# Addresses of any kind: a reason gives none, and one that a page has put into the judge's mouth is not handed on.
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+", re.IGNORECASE)


def one_line_of(reason: str) -> str:
    """Return a judge's reason as one line of plain words of at most LONGEST_REASON characters, without addresses."""
    line = " ".join(_ADDRESS.sub("…", normalise(reason[: LONGEST_REASON * 4])).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
