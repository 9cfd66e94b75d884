"""The pages of one company, read once for all criteria, without what speaks to its reader."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from integrations.capabilities import Answer, Criterion, Opinion, ReadPage
from integrations.lexicon import concepts, injection


@dataclass(frozen=True)
class Reading:
    """What can be judged of a company. `facts` are the named lines of a directory's record."""

    pages: tuple[ReadPage, ...]
    text: tuple[tuple[ReadPage, tuple[concepts.Sentence, ...]], ...]
    lines: tuple[tuple[ReadPage, tuple[str, ...]], ...] = ()  # of web pages; '' in place of what is not to be trusted
    facts: Mapping[str, tuple[ReadPage, str]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return sum(len(sentence.text) for _, found in self.text for sentence in found)

    @cached_property
    def sentences(self) -> tuple[tuple[ReadPage, concepts.Sentence], ...]:
        """Every sentence that may be believed."""
        return tuple((page, sentence) for page, found in self.text for sentence in found if sentence.forms)

    @cached_property
    def numbered(self) -> tuple[tuple[ReadPage, concepts.Sentence], ...]:
        """Every sentence that may be believed and has a digit in it."""
        return tuple(pair for pair in self.sentences if _has_digit(pair[1].text))

    def page_of(self, quote: str) -> ReadPage:
        return next((page for page, found in self.text if any(s.text == quote for s in found)), self.pages[0])


_ASCII_DIGIT = re.compile("[0-9]")


def _has_digit(text: str) -> bool:
    return _ASCII_DIGIT.search(text) is not None or (not text.isascii() and any(map(str.isdigit, text)))


Judge = Callable[[Criterion, Reading], Opinion]


def read(pages: Sequence[ReadPage]) -> Reading:
    """Return `pages` taken apart: a record by its named lines, a web page by its sentences."""
    text, lines, facts = [], [], {}
    for place, page in enumerate(pages):
        if page.how == "record":
            text.append((page, tuple(concepts.read_record(page.text))))
            facts.update(
                {line.split(": ", 1)[0]: (page, line) for line in page.text.split("\n") if concepts.is_field(line)}
            )
            continue
        trusted = injection.without_orders(page.text.split("\n"))
        text.append((page, tuple(concepts.read_page(trusted, is_home=place == 0))))
        lines.append((page, trusted))
    return Reading(tuple(pages), tuple(text), tuple(lines), facts)


def unclear(criterion: Criterion, reason: str) -> Opinion:
    """Return the answer where nothing tells."""
    return Opinion(criterion.key, "unclear", confidence=0.3, reason=reason)


def opinion(
    criterion: Criterion, answer: Answer, page: ReadPage, quote: str, confidence: float, reason: str
) -> Opinion:
    """Return an answer with its proof; `confidence` is kept within 0 to 0.99."""
    return Opinion(criterion.key, answer, quote, page.url, round(min(max(confidence, 0.0), 0.99), 3), reason)


def after_frame(text: str) -> str:
    """Return what stands behind the colon of a criterion such as `Sitz des Unternehmens: Bayern.`"""
    return text.split(":", 1)[-1]
