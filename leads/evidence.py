"""A quote is checked against the text that was stored, by code and not by whoever quoted it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.capabilities import Criterion, Judgement, Opinion, ReadPage
from integrations.lexicon.text import normalise
from leads.scoring import Scored, Verdict

# Fewer characters than this prove nothing: they stand in any text.
SHORTEST_QUOTE = 4
LONGEST_QUOTE = 600


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


def locate(quote: str, pages: Sequence[ReadPage], *, url: str = "") -> Place | None:
    """Return where `quote` stands word for word, the page at `url` first; `None` where it stands nowhere.

    Only white space may differ, because a line break on the page is a space in a sentence.
    """
    words = normalise(quote).strip(" \n\"'“”„«»").split()
    length = sum(map(len, words))
    if length < SHORTEST_QUOTE or length > LONGEST_QUOTE:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    for page in sorted(pages, key=lambda page: page.url != url):
        found = pattern.search(page.text)
        if found:
            return Place(page.url, page.sha256, found.start(), found.end(), found.group(), page.fetched_at)
    return None


def check(judgement: Judgement, criteria: Sequence[Criterion], pages: Sequence[ReadPage]) -> list[Finding]:
    """Return a finding for each criterion, in order; what the judge did not answer is unclear.

    A yes needs a quote that is found. A no may rest on silence, but a quote that it gives must be found too.
    """
    said = {opinion.criterion: opinion for opinion in judgement.opinions}
    return [_finding(criterion, said.get(criterion.key), pages) for criterion in criteria]


def _finding(criterion: Criterion, opinion: Opinion | None, pages: Sequence[ReadPage]) -> Finding:
    if opinion is None:
        return Finding(criterion, "unclear", "unclear", 0.0, "The judge gave no answer.")
    confidence = round(min(max(opinion.confidence, 0.0), 1.0), 3)
    reason = normalise(opinion.reason)[:500]
    place = locate(opinion.quote, pages, url=opinion.url) if opinion.quote else None
    needs_proof = opinion.answer == "yes" or (opinion.answer == "no" and bool(opinion.quote))
    verdict: Verdict = "unverified" if needs_proof and place is None else opinion.answer
    return Finding(criterion, verdict, opinion.answer, confidence, reason, place)
