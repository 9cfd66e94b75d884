"""How central an idea is to a text: weighed phrases, where they stand, and the sentence that says it best."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from integrations.lexicon import injection, taxonomy
from integrations.lexicon.words import Phrases, fold, sentences, words

# A sentence that lists whom a company serves, who backs it or what its people did before says little of its trade.
_PASSING = re.compile(
    r"\b(?:customers? (?:include|such|like|are)|clients? (?:include|such|like|sont)|trusted by|backed by|"
    r"investors?|previously|"
    r"worked (?:at|on|in)|alum\w*|founders? (?:are|were|have)|ex-|phd|studied|high school|dropped out|"
    r"secteurs? (?:d |de |tels|comme|suivants|d'activite)|"
    r"marches?|domaines? (?:d |de |varies)|applications? (?:such|like|in)|industries (?:such|like|including)|"
    r"such as|notamment|tels? que|telles que|branchen|sectors?|seriously|committed to|privacy policy|cookies?|careers?|"
    r"takes? .{0,12}seriously)"
)
PASSING = 0.35
_LABEL = 3  # words; what has fewer is a menu's entry or a heading, and takes no place from sentences
WHOLE_SENTENCE = 5  # words
SHORTEST_QUOTE = 8  # characters; less would be found in any text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a page: verbatim, in plain words, and how much its place counts."""

    text: str
    forms: tuple[str, ...]
    weight: float
    passing_from: int = 1_000_000  # the word from which on it only mentions
    passing_to: int = 1_000_000  # and from which on it says what is so again
    denies: bool = False  # what stands in passing is denied


@dataclass(frozen=True, slots=True)
class Finding:
    """How strongly a text is about an idea (0 and up), and its best sentence."""

    strength: float = 0.0
    best: str = ""
    phrases: tuple[str, ...] = ()
    is_only_passing: bool = False


@dataclass(slots=True)
class Concept:
    """An idea as phrases with weights (0-1)."""

    weights: Mapping[str, float]
    _phrases: Phrases[str] = field(init=False)

    def __post_init__(self) -> None:
        self._phrases = Phrases.of((phrase, phrase) for phrase in self.weights)

    def is_denied(self, sentence: Sentence) -> bool:
        """Say whether `sentence` denies it, as in `we do not develop software`."""
        return sentence.denies and any(
            hit.start < sentence.passing_to and self.weights[hit.phrase] >= taxonomy.WEAK
            for hit in self._phrases.find(sentence.forms)
        )

    def find(self, text: Sequence[Sentence]) -> Finding:
        """Weigh `text`: each phrase counts most where it stands best, repeats a little."""
        best_of: dict[str, float] = {}
        total_of: dict[str, float] = {}
        chosen, chosen_value, only_passing = "", 0.0, True
        for sentence in text:
            value = 0.0
            for hit in self._phrases.find(sentence.forms):
                is_passing = sentence.passing_from <= hit.start < sentence.passing_to
                worth = self.weights[hit.phrase] * sentence.weight * (PASSING if is_passing else 1.0)
                if worth == 0:
                    continue
                only_passing &= is_passing
                best_of[hit.phrase] = max(best_of.get(hit.phrase, 0.0), worth)
                total_of[hit.phrase] = total_of.get(hit.phrase, 0.0) + worth
                value += worth
            if len(sentence.forms) < WHOLE_SENTENCE:
                value *= 0.5  # a name or a heading proves less to a reader than a sentence
            if value > chosen_value and len(sentence.text) >= SHORTEST_QUOTE:
                chosen, chosen_value = sentence.text, value
        strength = sum(best + 0.3 * min(total_of[phrase] - best, 2 * best) for phrase, best in best_of.items())
        return Finding(
            strength, chosen, tuple(sorted(best_of, key=lambda p: -best_of[p])), only_passing and bool(best_of)
        )


@lru_cache(maxsize=500)
def industry_concept(industries: tuple[str, ...]) -> Concept:
    """Return the idea of being in any of `industries` (ids of the taxonomy)."""
    weights: dict[str, float] = {}
    for industry in industries:
        for phrase, weight in taxonomy.evidence_of(industry).items():
            weights[phrase] = max(weight, weights.get(phrase, 0.0))
    return Concept(weights)


@lru_cache(maxsize=500)
def keyword_concept(keywords: tuple[str, ...]) -> Concept:
    """Return the idea of `keywords`: each phrase whole, and its words as hints."""
    weights: dict[str, float] = {}
    for keyword in keywords:
        forms = words(keyword)
        for form in forms if len(forms) > 1 else ():
            if len(form) > 2 and not form.isdigit():
                weights.setdefault(form, 0.35)
        weights[" ".join(forms)] = 1.0
    return Concept(weights)


def read_record(text: str) -> list[Sentence]:
    """Return the sentences of a directory's record: what it says first counts most."""
    found: list[Sentence] = []
    for place, line in enumerate(text.split("\n")):
        if is_field(line):
            continue
        for order, piece in enumerate(sentences(line)):
            found.append(_sentence(piece, _record_weight(place, order, len(found))))
    return found


def _record_weight(line: int, order: int, so_far: int) -> float:
    if line == 0:
        return 1.3  # the name
    if line == 1 and order == 0:
        return 2.0  # the one-liner, or how the description begins
    return 1.1 if so_far <= 3 else 0.7 if so_far <= 8 else 0.4


_FIELD = re.compile(r"^(?:Location|Country|Region|Employees|Founded|Exhibits at|Listed in|Phone|Website|Domain): ")


def is_field(line: str) -> bool:
    """Say whether a line of a record is a named fact such as `Employees: 6`."""
    return _FIELD.match(line) is not None


def read_page(lines: Sequence[str], *, is_home: bool) -> list[Sentence]:
    """Return the sentences of a web page; the top of the first page counts most.

    What is denied, said of customers, or what the thing is for, counts as in passing.
    """
    first = 1.6 if is_home else 1.0
    found, place = [], 0
    for piece in (piece for line in lines for piece in sentences(line)):
        is_label = len(words(piece)) < _LABEL
        weight = first if place < 4 else 0.9 if place < 15 else 0.5
        found.append(_page_sentence(piece, min(weight, 0.9) if is_label else weight))
        place += not is_label
    return found


# Clauses that deny, and the words after which a sentence says what is so instead.
_DENIES = re.compile(
    r"\b(?:(?:do|does|did|are|is) not(?! only)|don t|never|nicht(?! nur)|kein\w*|ne (?:\w+ )pas|nista ne|ne se|"
    r"nismo|nije|"
    r"kaufen wir zu)\b|\bn'\w+ pas\b|\bne (?:proizvod|razvij|prodaj|bavi)\w*|不(?!锈|断|同|足|到|仅|只|少|含|超|限)"
)
_INSTEAD = re.compile(r"\b(?:sondern|but|mais|nego|vec)\b|而是")
# Whom it serves; and what a thing is for, unless it is what a maker, partner or shop is for.
_CUSTOMERS = re.compile(
    r"\b(?:(?:our|typical) (?:customers?|clients?)|who buys from us|we (?:work for|serve)|unsere kunden|"
    r"kunden (?:aus|sind|"
    r"kommen)|abnehmern?|wir arbeiten fur|fur wen wir|nos clients|parmi nos clients|nous travaillons pour|nasi kupci|"
    r"radimo za|kome prodajemo)\b|主要客户|服务对象|客户来自|客户包括"
)
_FOR = re.compile(r"(?:(?P<head>\w+) )?\b(?:for|fur|pour|za)\b (?!example|instance)")
_MAKERS = re.compile(
    r"(?:partner|spezialist\w*|\w*fertiger|hersteller|anbieter|dienstleister|experten?|handler|onlineshop|shop|specialists?|"
    r"suppliers?|providers?|manufacturers?|makers?|source|software|platform|systems?|system|tools?|apps?|solutions?|"
    r"losung\w*|specialiste|fabricant|partenaire|fournisseur|logiciels?|softver|sistem|proizvodjac|specijalist\w*)\Z"
)


def speaks_of_customers(text: str) -> bool:
    """Say whether a sentence says whom its writer works for."""
    return _CUSTOMERS.search(fold(text)) is not None


def _passing_spans(folded: str) -> tuple[int, int]:
    """Return where in a sentence of a web page it starts only to mention, and where it ends doing so."""
    if _CUSTOMERS.search(folded):
        return 0, len(folded)
    for match in _FOR.finditer(folded):
        if not _MAKERS.match(match["head"] or ""):
            return match.start(), len(folded)
    return len(folded), len(folded)


def _denied_span(folded: str) -> tuple[int, int] | None:
    """Return which part of a sentence denies, up to the word behind which it says what is so instead."""
    denied = _DENIES.search(folded)
    if denied is None:
        return None
    instead = _INSTEAD.search(folded, denied.end())
    return 0, instead.start() if instead else len(folded)


@lru_cache(maxsize=50_000)
def _page_sentence(text: str, weight: float) -> Sentence:
    known = _sentence(text, weight)
    if not known.forms:
        return known
    folded = fold(text)
    denied = _denied_span(folded)
    start, end = denied or _passing_spans(folded)
    if start >= len(folded):
        return known
    first, last = len(words(folded[:start])), len(words(folded[:end]))
    return replace(known, passing_from=min(first, known.passing_from), passing_to=last, denies=denied is not None)


@lru_cache(maxsize=50_000)
def _sentence(text: str, weight: float) -> Sentence:
    if injection.is_suspect(text):
        return Sentence(text, (), 0.0)
    folded = fold(text)
    forms = tuple(words(folded))
    if (passing := _PASSING.search(folded)) is None:
        return Sentence(text, forms, weight)
    return Sentence(text, forms, weight, len(words(folded[: passing.start()])))


def confidence(strength: float, *, scale: float = 3.5) -> float:
    """Turn a strength into 0-1: half at about 0.7 scale, near 1 when everything speaks of it."""
    return 1.0 - math.exp(-strength / scale)
