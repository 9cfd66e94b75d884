"""Words of many languages in one plain form, and phrases found among them in one pass."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

# Letters that Unicode does not take apart, and Serbian Cyrillic, which is written in either script.
_LETTERS = {"đ": "dj", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "ı": "i", "þ": "th", "ð": "d"}
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "dj", "е": "e", "ж": "z", "з": "z", "и": "i", "ј": "j",
    "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "ћ": "c", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "џ": "dz", "ш": "s",
}  # fmt: skip
_FOLD = str.maketrans(_LETTERS | _CYRILLIC)
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_SENTENCE_END = re.compile(r"\n+|(?<=[.!?…])\s+(?=[^\s a-z])|(?<=[。！？])|\s+[•·▪►|]\s+")
LONGEST_SENTENCE = 400  # characters
_PREFIX = 4  # a phrase's word that ends in * has at least so many letters before it


class _WithoutAccents(dict[int, int | None]):
    """A table for `str.translate` that learns each letter when it is first met: an accent is left out."""

    def __missing__(self, letter: int) -> int | None:
        self[letter] = kept = None if unicodedata.combining(chr(letter)) else letter
        return kept


_WITHOUT_ACCENTS = _WithoutAccents()
_REMEMBERED = 500  # characters; a judge asks for the same sentence many times, and for a whole page once


def fold(text: str) -> str:
    """Return `text` in small letters without accents, Serbian in Latin."""
    return _remembered(text) if len(text) <= _REMEMBERED else _folded(text)


def _folded(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    text = text.translate(_FOLD)
    if text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).translate(_WITHOUT_ACCENTS).translate(_FOLD)


_remembered = lru_cache(maxsize=10_000)(_folded)


@lru_cache(maxsize=200_000)
def singular(word: str) -> str:
    """Return a folded word without an English or French plural ending; other words stay as they are."""
    if len(word) > 4 and word.endswith("ie"):
        return word[:-2] + "y"  # as its plural: fonderie, fonderies
    if len(word) < 4 or not word.endswith(("s", "x")) or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("aux") and len(word) > 5:
        return word[:-3] + "al"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def words(text: str) -> list[str]:
    """Return the folded, singular words of `text`; every Chinese or Japanese character is one."""
    return [singular(word) for word in _WORD.findall(fold(text))]


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences and lines of `text`, each a verbatim part of it of at most LONGEST_SENTENCE characters."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield from _bounded(text[start : end.start()].strip())
        start = end.end()
    yield from _bounded(text[start:].strip())


def _bounded(piece: str) -> Iterator[str]:
    """Yield `piece`, in parts where it is too long to be quoted, cut after a comma or else between words."""
    while len(piece) > LONGEST_SENTENCE:
        head = piece[:LONGEST_SENTENCE]
        cut = max(head.rfind(mark, LONGEST_SENTENCE // 2) for mark in (", ", "; ", " - ", "，", "、"))
        cut = cut + 1 if cut > 0 else head.rfind(" ") if " " in head else LONGEST_SENTENCE
        yield piece[:cut].strip()
        piece = piece[cut:].strip()
    if piece:
        yield piece


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text in its plain form, and where it stands."""

    form: str
    start: int
    end: int


def placed_words(text: str) -> list[Word]:
    """Return the words of `text` with their places in it."""
    # Folding may change a word's length, so words are found first and folded one by one.
    return [Word(singular(fold(m.group())), m.start(), m.end()) for m in _WORD.finditer(text)]


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A phrase found: the places of its first word and of the word after its last, and what it stands for."""

    start: int
    end: int
    phrase: str
    value: T


@dataclass(slots=True)
class _Entry(Generic[T]):
    forms: tuple[str, ...]
    phrase: str
    value: T


@dataclass(slots=True)
class Phrases(Generic[T]):
    """Many phrases, looked for together. A word that ends in `*` stands for all that start so."""

    _exact: dict[str, list[_Entry[T]]] = field(default_factory=dict)
    _open: dict[str, list[_Entry[T]]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, T]]) -> "Phrases[T]":
        made: Phrases[T] = cls()
        for phrase, value in pairs:
            made.add(phrase, value)
        return made

    def add(self, phrase: str, value: T) -> None:
        """Let `phrase` stand for `value`."""
        forms = tuple(_forms(phrase))
        if not forms:
            return
        shelf, key = (self._open, forms[0][:_PREFIX]) if forms[0].endswith("*") else (self._exact, forms[0])
        entries = shelf.setdefault(key, [])
        entries.append(_Entry(forms, phrase, value))
        entries.sort(key=lambda entry: -len(entry.forms))

    def find(self, forms: Sequence[str]) -> list[Hit[T]]:
        """Return the phrases among `forms`, the longest at each place, none inside another, a value once a place."""
        hits: list[Hit[T]] = []
        place = 0
        exact, open_ = self._exact, self._open
        while place < len(forms):
            form = forms[place]
            entries = exact.get(form, ())
            if form[:_PREFIX] in open_:
                entries = sorted((*entries, *open_[form[:_PREFIX]]), key=lambda entry: -len(entry.forms))
            length = 0
            for entry in entries:
                if len(entry.forms) < length:
                    break
                if _stands_at(entry.forms, forms, place):
                    length = len(entry.forms)
                    if not any(hit.start == place and hit.value == entry.value for hit in hits[-3:]):
                        hits.append(Hit(place, place + length, entry.phrase, entry.value))
            place += length or 1
        return hits


def _forms(phrase: str) -> Iterator[str]:
    for part in phrase.split():
        found = _WORD.findall(fold(part))
        for place, form in enumerate(found):
            is_open = part.endswith("*") and place == len(found) - 1
            yield form + "*" if is_open and len(form) >= _PREFIX else singular(form)


def _stands_at(wanted: tuple[str, ...], forms: Sequence[str], place: int) -> bool:
    if place + len(wanted) > len(forms):
        return False
    for offset, form in enumerate(wanted):
        found = forms[place + offset]
        if form != found and not (form[-1] == "*" and found.startswith(form[:-1])):
            return False
    return True
