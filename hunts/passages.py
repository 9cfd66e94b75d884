"""The passages of a company's pages that a language model is shown: those that speak of the criteria, within a budget.

Each is a verbatim piece of a stored text, so that a quote from it stands there too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from integrations.capabilities import Criterion, ReadPage
from integrations.judging.facets import facet_of
from integrations.judging.traces import NUMERIC, traces_of
from integrations.lexicon import injection
from integrations.lexicon.words import Phrases, sentences, words
from integrations.untrusted import Untrusted

TOKENS = 4_000  # of all passages together, as `tokens_in` counts
OPENING_TOKENS = 300  # of the first page and of a record: how a company introduces itself
LONGEST_PAGE = 100_000  # characters of a page that are looked at
_PASSAGES_A_CRITERION = 12


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands in the text of the page at `url` from `start` to `end`, in characters."""

    url: str
    sha256: str
    start: int
    end: int
    text: Untrusted[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence or a line of a page, by its page's place, its place there, and its offsets."""

    page: int
    place: int
    start: int
    end: int
    tokens: int


def tokens_in(text: str) -> int:
    """Return about how many tokens `text` is, rather too many: a Chinese letter is one, as are three English ones."""
    return len(text.encode()) // 3 + 1


def passages_for(
    criteria: Sequence[Criterion], pages: Sequence[ReadPage], *, tokens: int = TOKENS
) -> tuple[Passage, ...]:
    """Return what to show of `pages`, in their order: everything where it fits into `tokens`.

    Lines that give orders to their reader are never shown: they prove nothing, and a weak model might obey. Where the
    rest does not fit, it is the opening of the first page and of a record, and then by turns what speaks most of each
    criterion, the weightiest first, each sentence with those beside it.
    """
    texts = [page.text[:LONGEST_PAGE] for page in pages]
    pieces = [
        list(_pieces(number, text, neighbours=page.how != "record"))
        for number, (page, text) in enumerate(zip(pages, texts, strict=True))
    ]
    chosen: set[_Piece] = set()
    if sum(map(tokens_in, texts)) <= tokens:
        chosen.update(piece for one in pieces for piece in one)
        return tuple(_passage(pages[one.page], one.start, other.end) for one, other in _joined(chosen))
    room = tokens
    for piece in (*_openings(pages, pieces), *_telling(criteria, texts, pieces)):
        if piece not in chosen and piece.tokens <= room:
            chosen.add(piece)
            room -= piece.tokens
    return tuple(_passage(pages[one.page], one.start, other.end) for one, other in _joined(chosen))


def _pieces(number: int, text: str, *, neighbours: bool) -> Iterator[_Piece]:
    """Yield the sentences of the lines that give no orders; with `neighbours` of none that stands beside such a one."""
    at = place = 0
    lines = text.split("\n")
    for line, trusted in zip(lines, injection.without_orders(lines), strict=True):
        is_shown = bool(trusted) or not (neighbours or injection.is_suspect(line))
        for sentence in sentences(line):
            start = text.index(sentence, at)
            at = start + len(sentence)
            if is_shown:
                yield _Piece(number, place, start, at, tokens_in(sentence))
            place += 1


def _openings(pages: Sequence[ReadPage], pieces: Sequence[Sequence[_Piece]]) -> Iterator[_Piece]:
    for number, page in enumerate(pages):
        room = OPENING_TOKENS if number == 0 or page.how == "record" else 0
        for piece in pieces[number]:
            room -= piece.tokens
            if room < 0:
                break
            yield piece


def _telling(
    criteria: Sequence[Criterion], texts: Sequence[str], pieces: Sequence[Sequence[_Piece]]
) -> Iterator[_Piece]:
    """Yield pieces by turns of the criteria, the best of each first, with their neighbours."""
    asked = tuple(sorted(criteria, key=lambda criterion: -criterion.weight))
    phrases, numeric = _wanted(asked), [facet_of(criterion) in NUMERIC for criterion in asked]
    worth: list[list[tuple[float, _Piece]]] = [[] for _ in asked]
    for piece in (piece for one in pieces for piece in one):
        text = texts[piece.page][piece.start : piece.end]
        for at, value in _values(phrases, text, numeric).items():
            worth[at].append((value, piece))
    at_place = {(piece.page, piece.place): piece for one in pieces for piece in one}
    best = [sorted(one, key=lambda pair: -pair[0])[:_PASSAGES_A_CRITERION] for one in worth]
    for turn in zip_longest(*best):
        for _, piece in filter(None, turn):
            # What a heading announces stands behind it, and what a sentence refers to before it.
            yield from filter(None, (piece, *(at_place.get((piece.page, piece.place + step)) for step in (1, -1))))


@lru_cache(maxsize=200)
def _wanted(criteria: tuple[Criterion, ...]) -> Phrases[tuple[int, float]]:
    return Phrases.of(
        (phrase, (at, weight))
        for at, criterion in enumerate(criteria)
        for phrase, weight in traces_of(criterion).items()
    )


def _values(phrases: Phrases[tuple[int, float]], text: str, numeric: Sequence[bool]) -> dict[int, float]:
    """Return how much `text` says of each criterion, by its place."""
    told: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for hit in phrases.find(words(text)):
        at, weight = hit.value
        told[at][hit.phrase] = weight
    has_digits = any(map(str.isdigit, text))
    return {at: sum(found.values()) * (0.2 if numeric[at] and not has_digits else 1.0) for at, found in told.items()}


def _joined(chosen: set[_Piece]) -> Iterator[tuple[_Piece, _Piece]]:
    """Yield the first and the last of each row of pieces that follow on one another."""
    row: list[_Piece] = []
    for piece in sorted(chosen, key=lambda piece: (piece.page, piece.place)):
        if row and (piece.page, piece.place) != (row[-1].page, row[-1].place + 1):
            yield row[0], row[-1]
            row = []
        row.append(piece)
    if row:
        yield row[0], row[-1]


def _passage(page: ReadPage, start: int, end: int) -> Passage:
    return Passage(page.url, page.sha256, start, end, Untrusted(page.text[start:end]))
